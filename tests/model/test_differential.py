"""The model of the log and the real one are the same log."""

from typing import Final

from tests.model.real_server import RealServer
from tests.model.running import run_differential

FLOORS: Final = {
    "create EXISTS": 40,
    "start OK": 40,
    "start BUSY": 15,
    "start FENCED": 7,
    "take OK": 10,
    "take UNKNOWN": 5,
    "settle OK": 20,
    "settle BUSY": 7,
    "bury OK": 50,
    "bury BUSY": 15,
    "remake OK": 30,
    "remake BUSY": 10,
    "append OK": 125,
    "append DUP": 25,
    "append GAP": 40,
    "append FENCED": 50,
    "append CLOSED": 10,
    "renew OK": 50,
    "renew FENCED": 25,
    "compact OK": 30,
    "compact GAP": 3,
    "compact FENCED": 20,
    "request OK": 40,
    "request CLOSED": 7,
}


def test_the_model_answers_as_the_real_log_does(real_server: RealServer) -> None:
    met = run_differential(real_server, examples=120, steps=30)
    assert not met.short_of(FLOORS)
