"""What the code under test is known not to stand yet; `test_found.py` shows it. Delete it with the bug."""

from typing import Final

ANSWERED_AT_ONCE: Final = frozenset({"claim", "reclaim"})
"""Once the server has performed one of these, its sender hears of it: no failover comes in between.

Else it is repeated under the same epoch, over a log that ends elsewhere, while followers may hold what
the log said under that epoch before.
"""
