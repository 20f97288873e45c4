"""What clients may ask, and how everything else is refused."""

from typing import Any

import pytest

from realtime import requests
from realtime.errors import InvalidRequest, NotFound, RequestError
from shared_events.checkpoint import Checkpoint

JOB = "0123456789abcdefghij"
EPOCH = "0123456789ab"


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (None, "Expected `object`, got `null`"),
        ([], "Expected `object`, got `array`"),
        ("chat", "Expected `object`, got `str`"),
        ({}, "missing required field `agent`"),
        ({"agent": "chat"}, "missing required field `input`"),
        ({"agent": 1, "input": {}}, "Expected `str`, got `int` - at `$.agent`"),
        ({"agent": "", "input": {}}, "agent must have 1 to 100 characters"),
        ({"agent": "chat", "input": {}, "prompt": "hi"}, "unknown field `prompt`. Allowed are: agent, input"),
        ({"agent": "chat", "input": {}, "priority": "urgent"}, "Invalid enum value 'urgent'"),
        ({"agent": "chat", "input": {}, "maxTokens": 0}, "maxTokens must be from 1 to 1000000, not 0"),
        ({"agent": "chat", "input": {}, "maxTokens": True}, "Expected `int | null`, got `bool`"),
        ({"agent": "chat", "input": {}, "temperature": float("nan")}, "temperature must be from 0 to 2"),
        ({"agent": "chat", "input": {}, "onDisconnect": "cancel"}, "Invalid enum value 'cancel'"),
        ({"agent": "chat", "input": {}, "idempotencyKey": "k" * 129}, "1 to 128 characters, not 129"),
        (
            {"agent": "chat", "input": {}, "model": "m\r\nX: y"},
            "printable characters only, not 'm\\r\\nX: y'",
        ),
        ({"agent": "chat", "input": {}, "model": "\x00"}, "model must have printable characters only"),
        ({"agent": "chat", "input": {"prompt": "\ud83d"}}, "lone surrogate"),
        ({"agent": "chat", "input": {"\udc00": 1}}, "lone surrogate"),
    ],
)
def test_a_bad_submit_is_told_what_is_wrong(payload: Any, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        requests.submit(payload)
    assert said in str(refused.value)


def test_a_deeply_nested_input_is_refused() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(InvalidRequest, match="nested too deeply"):
        requests.submit({"agent": "chat", "input": nested})


@pytest.mark.parametrize("value", [-1, 1.5, 2**53, "3", None, True, [], {}, 10**400])
def test_a_garbage_sequence_is_refused(value: Any) -> None:
    request = requests.parse({"jobId": JOB, "epoch": EPOCH, "lastSequence": value}, requests.Subscribe)
    with pytest.raises(InvalidRequest, match="whole number from 0 to"):
        requests.checkpoint(request)


@pytest.mark.parametrize("value", ["", "short", "A" * 12, "ä" * 12, 5, None, EPOCH + "\n"])
def test_a_garbage_epoch_is_refused(value: Any) -> None:
    request = requests.parse({"jobId": JOB, "epoch": value, "lastSequence": 0}, requests.Subscribe)
    with pytest.raises(InvalidRequest, match="12 characters"):
        requests.checkpoint(request)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"lastSequence": 7}, Checkpoint(7)),
        ({"epoch": EPOCH, "lastSequence": 2**53 - 1}, Checkpoint(2**53 - 1, EPOCH)),  # type: ignore[arg-type]
    ],
)
def test_a_good_checkpoint(fields: dict[str, Any], expected: Checkpoint | None) -> None:
    assert requests.checkpoint(requests.parse({"jobId": JOB, **fields}, requests.Subscribe)) == expected


def test_an_epoch_alone_is_no_checkpoint() -> None:
    with pytest.raises(InvalidRequest, match="lastSequence"):
        requests.checkpoint(requests.parse({"jobId": JOB, "epoch": EPOCH}, requests.Subscribe))


@pytest.mark.parametrize(
    "value", [None, 5, "", "x", JOB.upper(), JOB + "\n", "../../etc/passwd", "{}" * 10, "é" * 20]
)
def test_what_cannot_be_an_id_looks_like_an_unknown_job(value: Any) -> None:
    with pytest.raises(NotFound):
        requests.job_id(value)


def test_every_refusal_has_a_code_and_says_whether_to_try_again() -> None:
    for kind in RequestError.__subclasses__():
        error = kind() if kind is NotFound else kind("why")
        assert error.info.code == kind.code != "internal"
        assert 400 <= kind.status < 600
