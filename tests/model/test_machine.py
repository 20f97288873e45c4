"""The promises P1 to P4 over log, hub and client, with everything going wrong that may go wrong.

The floors are about half of what the runs meet: below them a run has not seen what it is about.
"""

from typing import Final

from tests.model.model_server import ModelServer
from tests.model.real_server import RealServer
from tests.model.running import run_jobs
from tests.model.walking import walk_jobs

OVER_THE_MODEL: Final = {
    # What the log answers
    "append DUP": 170,
    "append GAP": 240,
    "append FENCED": 1000,
    "renew FENCED": 600,
    "start CLOSED": 2000,
    "start UNKNOWN": 200,
    "start BUSY": 240,
    "compactions": 300,
    # How attempts end, and what is asked of them
    "take-backs": 180,
    "attempts that rest: waits": 120,
    "attempts that rest: returns": 50,
    "burials": 40,
    "bury BUSY": 8,
    "rewinds for a difference": 190,
    "said to be paused": 80,
    "request OK": 1000,
    "ended as cancelled": 100,
    # What the server loses
    "failovers that lost events": 700,
    "failovers that lost a claim": 500,
    "failovers that lost an end": 70,
    "logs lost": 150,
    # What the nodes hear
    "messages sent on": 1100,
    "gaps heard": 55,
    "repetitions heard": 300,
    "announcements heard": 350,
    "epoch changes heard": 900,
    # What the clients get
    "deliveries": 11_000,
    "delta joins": 1100,
    "snapshot joins": 1500,
    "joins refused": 900,
    "resets": 240,
    "resets at a client": 650,
    "applied at a client": 9000,
    "duplicate at a client": 50,
    "events not heard": 900,
    "slow consumers closed": 60,
    "reloads that kept a checkpoint": 200,
    "reloads that kept nothing": 350,
    "ended as completed": 280,
    "ended as failed": 14,
}

OVER_THE_REAL_LOG: Final = {
    "append OK": 600,
    "append DUP": 15,
    "append GAP": 25,
    "append FENCED": 100,
    "start CLOSED": 200,
    "renew OK": 150,
    "take-backs": 20,
    "attempts that rest: waits": 12,
    "attempts that rest: returns": 4,
    "burials": 4,
    "rewinds for a difference": 20,
    "compactions": 30,
    "failovers that lost events": 70,
    "failovers that lost a claim": 55,
    "messages sent on": 90,
    "announcements heard": 30,
    "epoch changes heard": 80,
    "deliveries": 1000,
    "delta joins": 100,
    "snapshot joins": 150,
    "resets": 30,
    "ended as completed": 25,
    "ended as cancelled": 10,
}


def test_the_promises_hold_over_the_model_of_the_log() -> None:
    met = walk_jobs(ModelServer(), worlds=800, steps=40)
    assert not met.short_of(OVER_THE_MODEL)


def test_the_promises_hold_wherever_hypothesis_looks() -> None:
    run_jobs(ModelServer(), examples=150, steps=40)


def test_the_promises_hold_over_the_real_log(real_server: RealServer) -> None:
    met = walk_jobs(real_server, worlds=80, steps=40)
    assert not met.short_of(OVER_THE_REAL_LOG)
