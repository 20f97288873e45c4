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
    "append DUP": 190,
    "append GAP": 240,
    "append FENCED": 1000,
    "renew FENCED": 620,
    "start CLOSED": 2300,
    "start UNKNOWN": 250,
    "start BUSY": 220,
    "compactions": 300,
    # How attempts end, and what is asked of them
    "take-backs": 190,
    "attempts that rest: waits": 100,
    "attempts that rest: returns": 54,
    "burials": 31,
    "bury BUSY": 9,
    "rewinds for a difference": 200,
    "said to be paused": 58,
    "request OK": 950,
    "ended as cancelled": 93,
    # What the server loses
    "failovers that lost events": 750,
    "failovers that lost a claim": 560,
    "failovers that lost an end": 73,
    "logs lost": 140,
    # What the nodes hear
    "messages sent on": 1200,
    "gaps heard": 63,
    "repetitions heard": 260,
    "announcements heard": 350,
    "messages heard while the log is read": 3800,
    "messages heard for nobody": 1500,
    "flushes that wait": 230,
    "epoch changes heard": 1000,
    # What the clients get
    "deliveries": 8000,
    "merged chunks": 390,
    "direct writes": 1200,
    "direct writes cut short": 29,
    "lines blocked": 200,
    "lines drained": 190,
    "changes to a websocket": 51,
    "followers behind": 56,
    "followers hidden": 530,
    "pages hidden": 99,
    "pages shown again": 110,
    "delta joins": 1400,
    "snapshot joins": 1300,
    "joins refused": 360,
    "resets at a client": 720,
    "applied at a client": 7200,
    "duplicate at a client": 33,
    "events not heard": 350,
    "slow consumers closed": 16,
    "reloads that kept a checkpoint": 150,
    "reloads that kept nothing": 270,
    "ended as completed": 280,
    "ended as failed": 13,
}

OVER_THE_REAL_LOG: Final = {
    "append OK": 600,
    "append DUP": 15,
    "append GAP": 25,
    "append FENCED": 100,
    "start CLOSED": 200,
    "renew OK": 150,
    "take-backs": 20,
    "attempts that rest: waits": 6,
    "attempts that rest: returns": 4,
    "burials": 2,
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
