"""The Socket.IO requests, asked by python-socketio's own client over websocket and polling."""

import asyncio
from typing import Any

import pytest

from shared_events.ids import new_epoch, new_job_id
from shared_events.log import JobLog
from tests.making import chunk, completed, started_job, write
from tests.realtime.conftest import Node
from tests.realtime.peer import Peer, connected
from tests.waiting import eventually

TRANSPORTS = ["websocket", "polling"]
CONTROLS = ["job:cancel", "job:pause", "job:resume"]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_from_any_last_sequence_all_is_gapless(node: Node, log: JobLog, transport: str) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, *"abcdefgh")
    await write(log, job_id, epoch, completed(job_id, 10))
    async with connected(node.url, transport) as peer:
        for last in range(11):
            for checkpoint in ({"lastSequence": last}, {"lastSequence": last, "epoch": epoch}):
                answer = await peer.subscribe(job_id, **checkpoint)
                assert (answer["ok"], answer["mode"], answer["sequence"]) == (True, "delta", 10)
                missed = 10 - last
                await eventually(lambda: len(peer.sequences) == missed)  # noqa: B023  awaited in this round
                assert peer.sequences == list(range(last + 1, 11))


async def test_a_long_log_comes_over_polling(node: Node, log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, *("x" for _ in range(200)))
    async with connected(node.url, "polling") as peer:
        await peer.subscribe(job_id, lastSequence=0)
        await eventually(lambda: len(peer.sequences) == 201)
        assert peer.sequences == list(range(1, 202))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_live_events_arrive_in_order(node: Node, log: JobLog, transport: str) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    async with connected(node.url, transport) as peer:
        await peer.subscribe(job_id, lastSequence=0)
        for n in range(2, 300):
            await write(log, job_id, epoch, chunk(job_id, n, f"{n} "))
        await eventually(lambda: len(peer.events) == 299)
        assert peer.sequences == list(range(1, 300))


@pytest.mark.parametrize("value", [-1, 1.5, 2**53 + 1, "7", None, True, [], {}])
async def test_a_garbage_last_sequence_gets_an_error(peer: Peer, log: JobLog, value: Any) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "a")
    answer = await peer.subscribe(job_id, epoch=epoch, lastSequence=value)
    assert answer["error"]["code"] == "invalid_request"
    assert "whole number from 0" in answer["error"]["message"]


@pytest.mark.parametrize("last", [3, 2**53 - 1])
async def test_a_checkpoint_ahead_of_the_log_is_reset(peer: Peer, log: JobLog, last: int) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "a")
    assert (await peer.subscribe(job_id, epoch=epoch, lastSequence=last))["mode"] == "snapshot"
    await eventually(lambda: peer.events)
    name, snapshot = peer.events[0]
    assert (name, snapshot["reset"], snapshot["text"], snapshot["sequence"]) == ("job:snapshot", True, "a", 2)


async def test_a_foreign_epoch_is_reset_and_no_checkpoint_is_not(peer: Peer, log: JobLog) -> None:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch(), "a")
    for checkpoint, reset in (({"epoch": new_epoch(), "lastSequence": 1}, True), ({}, False)):
        await peer.subscribe(job_id, **checkpoint)
        await eventually(lambda: peer.events)
        assert peer.events[0][1]["reset"] is reset


async def test_subscribing_twice_doubles_nothing(peer: Peer, log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    answers = await asyncio.gather(*[peer.ask("job:subscribe", {"jobId": job_id}) for _ in range(5)])
    assert all(answer["ok"] for answer in answers)
    peer.events.clear()
    for n in range(2, 12):
        await write(log, job_id, epoch, chunk(job_id, n, "x"))
    await eventually(lambda: peer.sequences[-1:] == [11])
    assert [n for n in peer.sequences if n > 1] == list(range(2, 12))


async def test_after_unsubscribe_nothing_arrives(peer: Peer, log: JobLog) -> None:
    quiet, heard, epoch = new_job_id(), new_job_id(), new_epoch()
    for job_id in (quiet, heard):
        await started_job(log, job_id, epoch)
        await peer.ask("job:subscribe", {"jobId": job_id})
    assert await peer.ask("job:unsubscribe", {"jobId": quiet}) == {"ok": True, "jobId": quiet}
    peer.events.clear()
    await write(log, quiet, epoch, chunk(quiet, 2, "x"))
    await write(log, heard, epoch, chunk(heard, 2, "x"))
    await eventually(lambda: peer.events)
    assert {payload["jobId"] for _, payload in peer.events} == {heard}


async def test_submit_makes_a_queued_job(peer: Peer, log: JobLog, catalogue: Any) -> None:
    answer = await peer.ask("job:submit", {"agent": "chat", "input": {"prompt": "hi 🙂"}})
    assert answer | {"jobId": "?"} == {"ok": True, "jobId": "?", "status": "queued", "sequence": 1}
    meta = await log.meta(answer["jobId"])
    assert (meta.status, meta.head, meta.agent, meta.owner) == ("queued", 1, "chat", "dev")


@pytest.mark.parametrize(
    ("request_fields", "code", "said"),
    [
        ({"agent": "chat"}, "invalid_request", "missing required field `input`"),
        ({"agent": "poet", "input": {}}, "unknown_agent", "Known: chat"),
        (
            {"agent": "chat", "input": {}},
            "invalid_request",
            "'prompt' is a required property. It takes: prompt",
        ),
        ({"agent": "chat", "input": {"prompt": 5}}, "invalid_request", "input['prompt'] does not fit"),
        ({"agent": "chat", "input": {"prompt": ""}}, "invalid_request", "input['prompt']"),
        ({"agent": "chat", "input": {"prompt": "\ud83d"}}, "invalid_request", "lone surrogate"),
        (
            {"agent": "chat", "input": {"prompt": "x"}, "backend": "http://evil"},
            "unknown_backend",
            "Known: scripted",
        ),
    ],
)
async def test_a_bad_submit_gets_a_clear_error(
    peer: Peer, catalogue: Any, request_fields: Any, code: str, said: str
) -> None:
    answer = await peer.ask("job:submit", request_fields)
    assert (answer["ok"], answer["error"]["code"]) == (False, code)
    assert said in answer["error"]["message"]


async def test_without_a_worker_a_submit_may_be_tried_again(peer: Peer) -> None:
    answer = await peer.ask("job:submit", {"agent": "chat", "input": {"prompt": "hi"}})
    assert (answer["error"]["code"], answer["error"]["retryable"]) == ("no_worker", True)


async def test_the_same_idempotency_key_is_the_same_job(peer: Peer, catalogue: Any) -> None:
    request = {"agent": "chat", "input": {"prompt": "once"}, "idempotencyKey": new_job_id()}
    answers = await asyncio.gather(*[peer.ask("job:submit", request) for _ in range(20)])
    assert len({answer["jobId"] for answer in answers}) == 1
    other = await peer.ask("job:submit", request | {"input": {"prompt": "twice"}})
    assert other["error"]["code"] == "idempotency_conflict"


@pytest.mark.parametrize("name", ["job:subscribe", "job:unsubscribe", *CONTROLS])
@pytest.mark.parametrize("job_id", [None, 5, "nonsense", "0" * 20])
async def test_foreign_and_impossible_ids_look_alike(peer: Peer, name: str, job_id: Any) -> None:
    answer = await peer.ask(name, {"jobId": job_id})
    if name == "job:unsubscribe" and job_id == "0" * 20:
        assert answer["ok"]
    else:
        assert answer["error"]["code"] == "not_found"


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize("payload", [None, 5, "x", [], {"jobId": "0" * 20, "nonsense": 1}])
async def test_what_is_no_request_is_refused_and_the_connection_lives(
    peer: Peer, name: str, payload: Any
) -> None:
    answer = await peer.ask(name, payload)
    assert answer["error"]["code"] in {"invalid_request", "not_found"}
    assert (await peer.ask("job:unsubscribe", {"jobId": "0" * 20}))["ok"]
