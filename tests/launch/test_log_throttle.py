"""What is said of an outage: once in a while, with how often it happened; everything else is said at once."""

import logging

import pytest
import structlog

from launch.log_throttle import OUTAGE_EVENTS, SAID_EVERY_S, SELDOM, LogThrottle, Seldom


def said(throttle: LogThrottle, event: str) -> dict[str, object] | None:
    try:
        return dict(throttle(None, "warning", {"event": event}))
    except structlog.DropEvent:
        return None


@pytest.mark.parametrize("event", sorted(OUTAGE_EVENTS))
def test_an_outage_is_said_once_in_a_while_and_counted(event: str) -> None:
    now = [1000.0]
    throttle = LogThrottle(lambda: now[0])
    assert said(throttle, event) == {"event": event}
    assert [said(throttle, event) for _ in range(3)] == [None] * 3
    now[0] += SAID_EVERY_S
    assert said(throttle, event) == {"event": event, "more": 3}
    now[0] += SAID_EVERY_S
    assert said(throttle, event) == {"event": event}


def test_what_happens_to_jobs_is_always_said() -> None:
    throttle = LogThrottle(lambda: 0.0)
    assert all(said(throttle, "job_lost") for _ in range(100))


@pytest.mark.parametrize("message", [f"{begin} and more" for begin in SELDOM])
def test_what_anybody_can_cause_in_a_library_is_said_once_in_a_while(message: str) -> None:
    """Out of descriptors a node wrote 17 MB of tracebacks in ten seconds, and did little else."""
    now = [1000.0]
    seldom = Seldom(lambda: now[0])
    record = logging.makeLogRecord({"msg": message})
    assert [seldom.filter(record) for _ in range(3)] == [True, False, False]
    now[0] += SAID_EVERY_S
    assert seldom.filter(record)
    assert all(seldom.filter(logging.makeLogRecord({"msg": "anything else"})) for _ in range(3))
