"""Every rule of the code that is taken out must be missed.

The number of worlds is several times what the hardest of them needs.
"""

import pytest

from tests.model.model_server import ModelServer
from tests.model.mutants import CODE
from tests.model.walking import walk_jobs


@pytest.mark.parametrize("name", CODE)
def test_a_mutant_of_the_code_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = CODE[name]
    mutant.apply(monkeypatch)
    with pytest.raises((AssertionError, IndexError, ValueError)):
        walk_jobs(ModelServer(), worlds=6000, steps=40, first=mutant.world)
