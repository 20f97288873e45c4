"""Publishing from outside, over HTTP and over Socket.IO, against a real node and a real Redis."""

from typing import Any

import pytest

from shared_events.events import JobStatusChanged, decode_event
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.log import JobLog
from tests.making import started_job
from tests.realtime.conftest import Node, serving
from tests.realtime.outside.conftest import NewJob
from tests.realtime.outside.publisher import OverHttp, Published, code
from tests.realtime.peer import Peer
from tests.waiting import eventually, eventually_awaited


async def view(log: JobLog, job: Published) -> Any:
    return await log.view(JobId(job.job_id))


async def names(log: JobLog, job: Published) -> list[str]:
    """Statuses by their name, other events by theirs."""
    events = [decode_event(event) for event in (await log.read_after(JobId(job.job_id), 0)).events]
    return [
        str(event.status) if isinstance(event, JobStatusChanged) else event.NAME.partition(":")[2]
        for event in events
    ]


async def control(node: Node, job: Published, wish: str) -> None:
    status, _ = await node.post(f"/v1/jobs/{job.job_id}/{wish}")
    assert status == 200


async def test_begin_tells_what_is_to_be_done(new_job: NewJob) -> None:
    job = await new_job()
    begun = await job.begin()
    expected = {"ok": True, "jobId": job.job_id, "head": 2, "status": "running", "control": {}, "attempt": 1}
    assert (
        begun.items() >= (expected | {"input": {"topic": "rain"}, "text": "", "leaseSeconds": 60.0}).items()
    )


async def test_followers_see_what_a_worker_would_say(job: Published, peer: Peer, log: JobLog) -> None:
    await peer.subscribe(JobId(job.job_id))
    await job.chunks("Rain ", "falls")
    await job.say(
        {"type": "chunk", "text": ".", "step": "end", "model": "m"},
        {"type": "progress", "progress": 50, "step": "half", "metadata": {"of": 2}},
    )
    answer = await job.say(
        {"type": "completed", "result": {"lines": 1}, "usage": {"input_tokens": 3, "output_tokens": 4}}
    )
    assert (answer["status"], answer["head"], answer["control"]) == ("completed", 7, {})
    await eventually(lambda: peer.events and peer.events[-1][0] == "job:completed")
    now = await view(log, job)
    assert (now.text, now.progress, now.step, now.result) == ("Rain falls.", 50.0, "half", {"lines": 1})
    assert now.usage.output_tokens == 4
    assert await names(log, job) == ["queued", "running", "chunk", "chunk", "chunk", "progress", "completed"]
    assert peer.sequences == [2, 3, 4, 5, 6, 7], "a snapshot, then each event once"


@pytest.mark.parametrize("end", ["failed", "cancelled"])
async def test_a_publisher_can_end_its_job_otherwise(job: Published, log: JobLog, end: str) -> None:
    error = {"code": "no_luck", "message": "It broke.", "retryable": True}
    fields = {"error": error} if end == "failed" else {"reason": "enough"}
    assert (await job.say({"type": end, **fields}))["status"] == end
    now = await view(log, job)
    assert (now.status, now.reason or now.error.message) == (end, fields.get("reason", "It broke."))


async def test_a_batch_that_is_sent_again_is_there_once(job: Published, log: JobLog) -> None:
    before = job.head
    first = await job.chunks("one ", "two ")
    again = await job.say(
        {"type": "chunk", "text": "one "}, {"type": "chunk", "text": "two "}, previous=before
    )
    assert first == again
    await job.chunks("three")
    assert (await view(log, job)).text == "one two three"


async def test_the_last_batch_may_be_sent_again_too(job: Published, log: JobLog) -> None:
    before = job.head
    batch = [{"type": "chunk", "text": str(number)} for number in range(300)] + [{"type": "completed"}]
    first = await job.say(*batch)
    assert first["status"] == "completed"
    assert await job.say(*batch, previous=before) == first
    assert len((await view(log, job)).text) == 10 + 180 + 600


async def test_another_batch_at_the_same_place_is_refused(job: Published, log: JobLog) -> None:
    before = job.head
    await job.chunks("one ")
    refused = await job.say({"type": "chunk", "text": "two "}, previous=before)
    assert code(refused) == "out_of_turn"
    longer = await job.say(
        {"type": "chunk", "text": "one "}, {"type": "chunk", "text": "two "}, previous=before
    )
    assert code(longer) == "out_of_turn", "it must not be taken for the batch that is there"
    assert (await view(log, job)).text == "one "


async def test_a_batch_behind_the_end_of_the_log_is_refused(job: Published) -> None:
    assert code(await job.say({"type": "chunk", "text": "x"}, previous=job.head + 1)) == "lost_tail"


async def test_whoever_begins_fences_the_one_before(job: Published, log: JobLog) -> None:
    await job.chunks("said ")
    heir = Published(job.publisher, job.job_id, job.token)
    begun = await heir.begin()
    assert (begun["attempt"], begun["text"]) == (2, "said ")
    refused = await job.chunks("unsaid")
    assert (code(refused), refused["error"]["retryable"]) == ("fenced", False)
    assert code(await job.say({"type": "chunk", "text": "unsaid"}, previous=heir.head)) == "fenced"
    await heir.say({"type": "rewind", "length": 0}, {"type": "chunk", "text": "anew"})
    assert (await view(log, job)).text == "anew"
    assert code(await job.say()) == "fenced"


async def test_nothing_is_published_before_begin(new_job: NewJob, log: JobLog) -> None:
    job = await new_job()
    job.epoch, job.head = (await log.meta(JobId(job.job_id))).epoch, 1
    assert code(await job.chunks("early")) == "fenced"


async def test_after_the_end_nothing_is_taken(job: Published, log: JobLog) -> None:
    await job.say({"type": "completed"})
    assert code(await job.chunks("late")) == "already_finished"
    assert code(await job.say({"type": "failed", "error": {"code": "x", "message": "", "retryable": False}}))
    assert (await job.say())["status"] == "completed"
    assert code(await job.begin()) == "already_finished"
    assert (await names(log, job))[-1] == "completed"


async def test_a_cancel_ends_the_job_and_the_publisher_hears_of_it(
    job: Published, node: Node, log: JobLog
) -> None:
    await job.chunks("half a ")
    await control(node, job, "cancel")
    await eventually_awaited(lambda: is_status(log, job, "cancelled"))
    assert code(await job.chunks("word")) == "cancelled"
    told = await job.say()
    assert (told["status"], (await view(log, job)).text) == ("cancelled", "half a ")


async def is_status(log: JobLog, job: Published, status: str) -> bool:
    return bool((await log.meta(JobId(job.job_id))).status == status)


async def test_a_pause_is_said_told_and_ended(job: Published, node: Node, log: JobLog) -> None:
    await control(node, job, "pause")
    await eventually_awaited(lambda: is_status(log, job, "paused"))
    told = await job.chunks("what was under way")
    assert (told["status"], told["control"]) == ("paused", {"pause": {"by": "dev"}})
    await control(node, job, "resume")
    await eventually_awaited(lambda: is_status(log, job, "running"))
    told = await job.chunks(", and the rest")
    assert (told["status"], told["control"]) == ("running", {})
    assert await names(log, job) == ["queued", "running", "paused", "chunk", "running", "chunk"]


async def test_a_job_that_was_paused_before_begins_paused(new_job: NewJob, node: Node, log: JobLog) -> None:
    job = await new_job()
    await control(node, job, "pause")
    begun = await job.begin()
    assert (begun["status"], begun["control"]) == ("paused", {"pause": {"by": "dev"}})
    assert await names(log, job) == ["queued", "paused", "paused"]


async def test_a_job_that_nobody_has_begun_is_cancelled_at_once(
    new_job: NewJob, node: Node, log: JobLog
) -> None:
    job = await new_job()
    await control(node, job, "cancel")
    assert await is_status(log, job, "cancelled")
    assert code(await job.begin()) == "cancelled"


async def test_who_has_no_token_of_the_job_learns_nothing(
    new_job: NewJob, job: Published, log: JobLog
) -> None:
    other, of_worker, unknown = await new_job(), new_job_id(), new_job_id()
    await started_job(log, of_worker, new_epoch(), "text")
    said = set()
    for job_id in (job.job_id, of_worker, unknown, "nonsense", "../x"):
        for token in (other.token, "x", "", "é" * 40):
            stranger = Published(job.publisher, job_id, token)
            stranger.epoch = job.epoch
            for answer in (await stranger.begin(), await stranger.chunks("x")):
                said.add((code(answer), answer["error"]["message"]))
    assert {reason for reason, _ in said} <= {"not_found", "invalid_request", "unauthorized", "http_error"}
    assert (await job.chunks("mine"))["ok"]
    assert (await log.meta(of_worker)).epoch != job.epoch


async def test_another_node_takes_the_next_batch(
    node: Node, job: Published, log: JobLog, shared_redis: Any, keys: Any
) -> None:
    await job.chunks("here ")
    async with serving(shared_redis.url, keys) as other:
        job.publisher, here = OverHttp(other), job.publisher
        assert (await job.chunks("there "))["ok"]
        job.publisher = here
        assert (await job.chunks("and here"))["ok"]
    assert (await view(log, job)).text == "here there and here"


async def test_a_long_job_stays_short_in_the_log(job: Published, log: JobLog) -> None:
    for _ in range(60):
        assert (await job.chunks(*["0123456789" * 5] * 50))["ok"]
    whole = await log.whole(JobId(job.job_id))
    assert whole.meta.first > 1000
    assert len((await view(log, job)).text) == 60 * 50 * 50
    old = await job.say({"type": "chunk", "text": "x"}, previous=5)
    assert (code(old), "begins at" in old["error"]["message"]) == ("out_of_turn", True)
