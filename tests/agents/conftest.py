"""What the tests of agents share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.author import WriteModule, written_modules


@pytest.fixture
def write_module(tmp_path: Path) -> Iterator[WriteModule]:
    with written_modules(tmp_path) as write:
        yield write
