"""The promises P1 to P4 over log, hub and client, with everything going wrong that may go wrong.

The floors are about half of what the runs meet: below them a run has not seen what it is about.
"""

from typing import Final

from tests.model.model_server import ModelServer
from tests.model.real_server import RealServer
from tests.model.running import run_jobs

OVER_THE_MODEL: Final = {
    # What the log answers
    "append DUP": 200,
    "append GAP": 100,
    "append FENCED": 500,
    "claim CLOSED": 500,
    "claim UNKNOWN": 15,
    "rewrites": 50,
    "compactions": 400,
    # What the server loses
    "failovers that lost events": 400,
    "failovers that lost a claim": 300,
    "failovers that lost an end": 20,
    "logs lost": 50,
    # What the nodes hear
    "messages sent on": 1500,
    "gaps heard": 80,
    "repetitions heard": 200,
    "announcements heard": 400,
    "epoch changes heard": 400,
    # What the clients get
    "deliveries": 10_000,
    "delta joins": 1000,
    "snapshot joins": 1000,
    "joins refused": 500,
    "resets": 150,
    "resets at a client": 400,
    "applied at a client": 8000,
    "duplicate at a client": 50,
    "events not heard": 500,
    "slow consumers closed": 10,
    "reloads that kept a checkpoint": 200,
    "reloads that kept nothing": 200,
    "ended as completed": 250,
    "ended as failed": 10,
}

OVER_THE_REAL_LOG: Final = {
    "append OK": 1000,
    "append DUP": 30,
    "append GAP": 5,
    "append FENCED": 50,
    "claim CLOSED": 50,
    "rewrites": 1,
    "compactions": 30,
    "failovers that lost events": 30,
    "failovers that lost a claim": 20,
    "messages sent on": 100,
    "announcements heard": 20,
    "epoch changes heard": 30,
    "deliveries": 800,
    "delta joins": 60,
    "snapshot joins": 100,
    "resets": 10,
    "ended as completed": 40,
}


def test_the_promises_hold_over_the_model_of_the_log() -> None:
    met = run_jobs(ModelServer(), examples=600, steps=40)
    assert not met.short_of(OVER_THE_MODEL)


def test_the_promises_hold_over_the_real_log(real_server: RealServer) -> None:
    met = run_jobs(real_server, examples=80, steps=30)
    assert not met.short_of(OVER_THE_REAL_LOG)
