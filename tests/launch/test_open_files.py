"""How many files a process may open."""

import subprocess
import sys

import pytest

from launch.open_files import WANTED
from tests.stack import CHECKOUT

SAYS_HOW_MANY = "from launch.open_files import allow_many_files; print(allow_many_files())"
SAYS_THE_LIMIT = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"


@pytest.mark.parametrize(("soft", "hard", "then"), [(64, 300, 300), (300, 300, 300)])
def test_the_limit_is_what_the_system_allows(soft: int, hard: int, then: int) -> None:
    limited = f'ulimit -S -n {soft}; ulimit -H -n {hard}; exec "$@"'
    program = f"{SAYS_HOW_MANY}; {SAYS_THE_LIMIT}"
    command = ["sh", "-c", limited, "sh", sys.executable, "-c", program]
    said = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    assert [int(line) for line in said.split()] == [then, then]
    assert then < WANTED
