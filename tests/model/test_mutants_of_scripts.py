"""Every rule of the scripts that is taken out must be missed, as in `test_mutants_of_code`."""

import pytest
from redis.exceptions import ResponseError

from tests.model.lua_mutants import FOUND_BY_COMPARISON, FOUND_BY_THE_MACHINE
from tests.model.mutation import Mutant
from tests.model.real_server import RealServer
from tests.model.running import run_differential
from tests.model.walking import walk_jobs


@pytest.mark.parametrize("name", FOUND_BY_THE_MACHINE)
def test_a_mutant_of_the_scripts_is_found_out(name: str, real_server: RealServer) -> None:
    _mutate(real_server, FOUND_BY_THE_MACHINE[name])
    with pytest.raises(AssertionError):
        walk_jobs(real_server, worlds=200, steps=40)


@pytest.mark.parametrize("name", FOUND_BY_COMPARISON)
def test_a_mutant_of_the_scripts_answers_otherwise(name: str, real_server: RealServer) -> None:
    _mutate(real_server, FOUND_BY_COMPARISON[name])
    with pytest.raises((AssertionError, ResponseError)):
        run_differential(real_server, examples=200, steps=30, shrinks=False)


def _mutate(server: RealServer, mutants: list[Mutant]) -> None:
    for mutant in mutants:
        server.mutate(mutant.script, mutant.change)
