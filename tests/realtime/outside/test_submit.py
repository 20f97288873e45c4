"""Submitting a job for a publisher outside: who gets the token."""

from typing import Any

import pytest
from redis.asyncio import Redis

from shared_events.ids import JobId, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from tests.realtime.conftest import Node
from tests.realtime.outside.publisher import OverHttp, Published, code, submitted
from tests.realtime.peer import Peer


async def test_no_worker_is_needed_and_nothing_is_enqueued(node: Node, redis: Redis, keys: Keys) -> None:
    accepted = await submitted(node)
    assert (accepted["status"], accepted["sequence"], len(accepted["publish"]["token"])) == ("queued", 1, 43)
    assert not await redis.keys(f"rq:queue:{keys.prefix}*")


async def test_over_socket_io_the_answer_is_the_same(peer: Peer) -> None:
    accepted = await peer.ask("job:submit", {"agent": "external", "input": {}})
    assert accepted.keys() == {"ok", "jobId", "status", "sequence", "publish"}


async def test_the_token_is_kept_nowhere(node: Node, redis: Redis, keys: Keys) -> None:
    token = (await submitted(node))["publish"]["token"]
    for key in await redis.keys(f"{keys.prefix}*"):
        assert token.encode() not in (await redis.dump(key) or b"")


@pytest.mark.parametrize(
    "fields",
    [{"input": []}, {"input": "x"}, {"input": None}, {"model": "m"}, {"backend": "b"}, {"maxTokens": 5}],
)
async def test_what_an_external_job_cannot_have_is_refused(node: Node, fields: dict[str, Any]) -> None:
    body = {"agent": "external", "input": {}} | fields
    status, said = await node.post("/v1/jobs", json=body)
    assert (status, isinstance(said, dict) and said["code"]) == (400, "invalid_request")


async def test_a_submit_whose_answer_was_lost_gets_another_token_for_the_same_job(node: Node) -> None:
    key = new_job_id()
    first, second = [await submitted(node, idempotencyKey=key) for _ in range(2)]
    assert (first["jobId"], first["status"]) == (second["jobId"], second["status"])
    void = Published(OverHttp(node), first["jobId"], first["publish"]["token"])
    assert code(await void.begin()) == "not_found"
    valid = Published(OverHttp(node), first["jobId"], second["publish"]["token"])
    assert (await valid.begin())["ok"]
    third = await submitted(node, idempotencyKey=key)
    assert (third["jobId"], third["status"]) == (first["jobId"], "running")
    assert "publish" not in third, "it belongs to who has begun"
    assert (await valid.chunks("still mine"))["ok"]


async def test_a_token_that_was_replaced_is_void_even_where_it_was_seen(node: Node, log: JobLog) -> None:
    key = new_job_id()
    first = await submitted(node, idempotencyKey=key)
    void = Published(OverHttp(node), first["jobId"], first["publish"]["token"])
    void.epoch, void.head = (await log.meta(JobId(first["jobId"]))).epoch, 1
    assert code(await void.chunks("too early")) == "fenced"
    await submitted(node, idempotencyKey=key)
    assert not (await void.begin())["ok"]
    assert (await log.meta(JobId(first["jobId"]))).attempt == 0


async def test_pausing_before_begin_survives_a_second_submit(node: Node) -> None:
    key = new_job_id()
    first = await submitted(node, idempotencyKey=key)
    await node.post(f"/v1/jobs/{first['jobId']}/pause")
    assert (await submitted(node, idempotencyKey=key))["status"] == "paused"
