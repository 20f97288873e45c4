"""The model of the log and the real one are the same log."""

from typing import Final

from tests.model.real_server import RealServer
from tests.model.running import run_differential

FLOORS: Final = {
    "create EXISTS": 50,
    "claim OK": 100,
    "reclaim OK": 50,
    "append OK": 60,
    "append DUP": 20,
    "append GAP": 30,
    "append FENCED": 30,
    "append CLOSED": 15,
    "compact OK": 50,
    "compact GAP": 10,
    "compact FENCED": 20,
    "request OK": 50,
    "request CLOSED": 10,
}


def test_the_model_answers_as_the_real_log_does(real_server: RealServer) -> None:
    met = run_differential(real_server, examples=100, steps=30)
    assert not met.short_of(FLOORS)
