"""Cancel, pause and resume over Socket.IO: what is answered, and what the job's writer is asked."""

from collections.abc import Awaitable
from typing import Any, cast

import msgspec
import pytest
from redis.asyncio import Redis

from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from tests.making import completed, failed, started_job, write
from tests.realtime.conftest import serving
from tests.realtime.peer import Peer, connected
from tests.redis_server import RedisServer
from tests.waiting import eventually

CONTROLS = ["job:cancel", "job:pause", "job:resume"]


async def test_a_queued_job_is_cancelled_at_once(peer: Peer, log: JobLog, catalogue: Any) -> None:
    job_id = (await peer.ask("job:submit", {"agent": "chat", "input": {"prompt": "never"}}))["jobId"]
    await peer.subscribe(job_id)
    cancelled = await peer.ask("job:cancel", {"jobId": job_id, "reason": "changed my mind"})
    assert cancelled == {"ok": True, "jobId": job_id, "status": "accepted"}
    await eventually(lambda: peer.events and peer.events[-1][0] == "job:cancelled")
    assert peer.events[-1][1]["reason"] == "changed my mind"
    assert peer.events[-1][1]["cancelledBy"] == "dev"
    again = await peer.ask("job:cancel", {"jobId": job_id})
    assert again == {"ok": True, "jobId": job_id, "status": "already_finished", "outcome": "cancelled"}


async def control_of(log_redis: Redis, keys: Keys, job_id: JobId) -> dict[str, Any]:
    """What the job's writer is asked, apart from the request's id."""
    control = await cast("Awaitable[bytes]", log_redis.hget(keys.meta(job_id), "control"))
    asked = dict(msgspec.json.decode(control))
    assert asked.pop("id")
    return asked


async def test_the_writer_is_asked_to_pause_and_to_resume(
    peer: Peer, log: JobLog, redis: Redis, keys: Keys
) -> None:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch(), "a")
    accepted = {"ok": True, "jobId": job_id, "status": "accepted"}
    assert await peer.ask("job:pause", {"jobId": job_id, "reason": "lunch"}) == accepted
    paused = {"request": "pause", "reason": "lunch", "by": "dev"}
    assert await control_of(redis, keys, job_id) == paused
    assert await peer.ask("job:resume", {"jobId": job_id}) == accepted
    assert await control_of(redis, keys, job_id) == {"request": "resume", "by": "dev"}


async def test_a_queued_job_may_be_paused_and_resumed_again_and_again(peer: Peer, catalogue: Any) -> None:
    job_id = (await peer.ask("job:submit", {"agent": "chat", "input": {"prompt": "later"}}))["jobId"]
    for name in ("job:pause", "job:pause", "job:resume", "job:resume", "job:pause"):
        answer = await peer.ask(name, {"jobId": job_id})
        assert answer == {"ok": True, "jobId": job_id, "status": "accepted"}


@pytest.mark.parametrize("name", CONTROLS)
async def test_a_finished_job_is_left_as_it_ended(peer: Peer, log: JobLog, name: str) -> None:
    for end, outcome in ((completed, "completed"), (failed, "failed")):
        job_id, epoch = new_job_id(), new_epoch()
        await started_job(log, job_id, epoch)
        await write(log, job_id, epoch, end(job_id, 2))
        finished = {"ok": True, "jobId": job_id, "status": "already_finished", "outcome": outcome}
        assert await peer.ask(name, {"jobId": job_id}) == finished
        assert (await log.meta(job_id)).head == 2


@pytest.mark.parametrize("name", CONTROLS)
async def test_without_redis_a_control_may_be_tried_again(
    own_redis: RedisServer, keys: Keys, name: str
) -> None:
    async with serving(own_redis.url, keys) as node, connected(node.url) as peer:
        own_redis.kill()
        answer = await peer.ask(name, {"jobId": "0" * 20})
    assert (answer["error"]["code"], answer["error"]["retryable"]) == ("unavailable", True)
