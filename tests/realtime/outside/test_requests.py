"""What publishers may say, and how everything else is refused."""

from typing import Any

import pytest

from realtime.errors import InvalidRequest
from realtime.outside import requests

GOOD = {"jobId": "0" * 20, "token": "t", "epoch": "0123456789ab", "previous": 2}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"epoch": "short"}, "the one that begin answered"),
        ({"epoch": 5}, "the one that begin answered"),
        ({"previous": -1}, "whole number from 0"),
        ({"previous": 1.0}, "whole number from 0"),
        ({"previous": True}, "whole number from 0"),
        ({"previous": 2**53}, "whole number from 0"),
        ({"previous": float("nan")}, "finite"),
        ({"token": ""}, "length of token"),
        ({"token": "t" * 201}, "length of token"),
        ({"token": None}, "Expected `str`"),
        ({"nonsense": 1}, "unknown field `nonsense`"),
        ({"events": {}}, "Expected `array`"),
        ({"events": ["chunk"]}, "Expected `object`"),
        ({"events": [{}]}, "missing required field `type`"),
        ({"events": [{"type": "status", "status": "running"}]}, "Invalid value 'status'"),
        ({"events": [{"type": "chunk"}]}, "missing required field `text`"),
        ({"events": [{"type": "chunk", "text": "\ud83d"}]}, "lone surrogate"),
        ({"events": [{"type": "chunk", "text": "x", "sequence": 9}]}, "unknown field `sequence`"),
        ({"events": [{"type": "chunk", "text": "x", "step": "s" * 201}]}, "length of step"),
        ({"events": [{"type": "progress", "progress": -0.1}]}, "progress must be from 0 to 100"),
        ({"events": [{"type": "progress", "progress": 101}]}, "progress must be from 0 to 100"),
        ({"events": [{"type": "progress", "progress": "50"}]}, "Expected `float`"),
        ({"events": [{"type": "progress", "progress": float("nan")}]}, "finite"),
        ({"events": [{"type": "completed", "result": {"a": [float("inf")]}}]}, "finite"),
        ({"events": [{"type": "failed"}]}, "missing required field `error`"),
        (
            {"events": [{"type": "failed", "error": {"code": "", "message": "", "retryable": True}}]},
            "1 to 200",
        ),
        ({"events": [{"type": "completed"}, {"type": "chunk", "text": "x"}]}, "nothing may follow it"),
        ({"events": [{"type": "chunk", "text": "x"}, {"type": "rewind", "length": 0}]}, "first event"),
        ({"events": [{"type": "rewind", "length": -1}]}, "first event"),
        ({"events": [{"type": "chunk", "text": "x"}] * 513}, "512 events at most, not 513"),
    ],
)
def test_a_bad_batch_is_told_what_is_wrong(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        requests.publish(GOOD | fields)
    assert said in str(refused.value)


def test_no_refusal_repeats_the_token() -> None:
    with pytest.raises(InvalidRequest) as refused:
        requests.publish(GOOD | {"token": ["secret"], "previous": "secret"})
    assert "secret" not in str(refused.value)


def test_a_deeply_nested_result_is_refused() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(InvalidRequest, match="nested too deeply"):
        requests.publish(GOOD | {"events": [{"type": "completed", "result": nested}]})


def test_a_batch_without_events_is_a_heartbeat() -> None:
    assert requests.publish(GOOD).events == ()
