"""The log against a real server: the five answers, one writer at a time, everything with a TTL."""

import asyncio

import pytest
from redis.asyncio import Redis

from shared_events.answers import Answer, Rest
from shared_events.errors import UnknownJob, UnreadableLog
from shared_events.events import JobStatus
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.message import BusMessage, parse_message
from shared_events.scripts import ANNOUNCE_BYTES
from tests.making import chunk, completed, encoded, started_job, status, write


async def heard(redis: Redis, channel: str, act: object) -> list[BusMessage]:
    """What is published on `channel` while `act` runs."""
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(channel)
        await pubsub.get_message(timeout=30)
        await act  # type: ignore[misc]
        await redis.publish(channel, "end")
        messages = []
        while (message := await pubsub.get_message(timeout=30)) and message["data"] != b"end":
            messages.append(parse_message(message["data"]))
        return messages


async def test_appended_events_are_read_back_byte_for_byte(log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "one", "zwei ü", "三🙂")
    tail = await log.read_after(job_id, 1)
    expected = [chunk(job_id, n, text) for n, text in enumerate(["one", "zwei ü", "三🙂"], 2)]
    assert tail.events == encoded(*expected)
    assert (tail.meta.head, tail.meta.epoch, tail.meta.first) == (4, epoch, 1)


@pytest.mark.parametrize(
    ("previous", "answer"),
    [(0, Answer.DUP), (1, Answer.DUP), (3, Answer.OK), (4, Answer.GAP), (99, Answer.GAP)],
)
async def test_append_goes_only_right_after_the_head(log: JobLog, previous: int, answer: Answer) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "a", "b")
    event = encoded(chunk(job_id, previous + 1, "c"))
    appended = await log.append(job_id, epoch=epoch, previous=previous, events=event)
    assert appended.answer is answer
    assert appended.head == (4 if answer is Answer.OK else 3)
    assert len((await log.read_after(job_id, 0)).events) == appended.head


async def test_claim_fences_the_earlier_writer_and_the_sequence_goes_on(log: JobLog) -> None:
    job_id, zombie, heir = new_job_id(), new_epoch(), new_epoch()
    await started_job(log, job_id, zombie, "a")
    claimed = await log.start(job_id, heir)
    assert (claimed.answer, claimed.head, claimed.attempt) == (Answer.OK, 2, 1)
    late = await log.append(job_id, epoch=zombie, previous=2, events=encoded(chunk(job_id, 3, "late")))
    assert late.answer is Answer.FENCED
    await write(log, job_id, heir, status(job_id, 3, heir))
    meta = await log.meta(job_id)
    assert [(start.epoch, start.first) for start in meta.epochs] == [(zombie, 1), (heir, 3)]


async def test_nothing_follows_the_terminal_event(log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    await write(log, job_id, epoch, completed(job_id, 2))
    late = await log.append(job_id, epoch=epoch, previous=2, events=encoded(chunk(job_id, 3, "late")))
    assert (late.answer, late.head) == (Answer.CLOSED, 2)
    assert (await log.start(job_id, new_epoch())).answer is Answer.CLOSED
    assert (await log.meta(job_id)).status is JobStatus.COMPLETED


async def test_a_lost_log_is_told_from_a_short_one(log: JobLog, redis: Redis, keys: Keys) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "a")
    await redis.delete(keys.meta(job_id))
    lost = await log.append(job_id, epoch=epoch, previous=2, events=encoded(chunk(job_id, 3, "b")))
    assert (lost.answer, lost.head) == (Answer.GAP, -1)
    assert (await log.start(job_id, new_epoch())).answer is Answer.UNKNOWN
    remade = await log.remake(job_id, new_epoch(), {"agent": "chat"}, owner="")
    assert (remade.answer, remade.head) == (Answer.OK, 0)
    assert (await log.read_after(job_id, 0)).events == []


async def test_a_log_is_created_once(log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    assert (await log.create(job_id, epoch, {})).answer is Answer.OK
    assert (await log.create(job_id, new_epoch(), {})).answer is Answer.EXISTS
    assert (await log.meta(job_id)).epoch == epoch


async def test_a_create_whose_reply_was_lost_can_be_repeated(log: JobLog) -> None:
    """The repetition found the log that it had made, and took it for somebody else's."""
    job_id, epoch = new_job_id(), new_epoch()
    for _ in range(2):
        assert (await log.create(job_id, epoch, {})).answer is Answer.OK
    assert len((await log.meta(job_id)).epochs) == 1


async def test_the_append_publishes_in_the_same_step(log: JobLog, redis: Redis, keys: Keys) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    batch = [chunk(job_id, 2, "a\nb"), chunk(job_id, 3, "c")]
    messages = await heard(redis, keys.channel(job_id), write(log, job_id, epoch, *batch))
    assert messages == [BusMessage(epoch, 2, 3, encoded(*batch))]


async def test_a_large_batch_is_announced_without_its_events(log: JobLog, redis: Redis, keys: Keys) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    large = chunk(job_id, 2, "x" * ANNOUNCE_BYTES)
    messages = await heard(redis, keys.channel(job_id), write(log, job_id, epoch, large))
    assert messages == [BusMessage(epoch, 2, 2, None)]


async def test_the_answer_tells_listeners_and_requests(log: JobLog, redis: Redis, keys: Keys) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    assert (await log.request(job_id, b'{"request":"cancel"}')).answer is Answer.OK
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(keys.channel(job_id))
        await pubsub.get_message(timeout=30)
        appended = await log.append(job_id, epoch=epoch, previous=1, events=encoded(chunk(job_id, 2, "a")))
    assert (appended.listeners, appended.control) == (1, '{"request":"cancel"}')
    renewed = await log.append(job_id, epoch=epoch, previous=2, events=[])
    assert (renewed.answer, renewed.head, renewed.listeners) == (Answer.OK, 2, -1)


async def test_every_key_has_a_ttl_and_the_append_renews_it(redis: Redis, keys: Keys) -> None:
    log = JobLog(redis, keys, ttl_s=1000)
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "a")
    await log.compact(job_id, epoch, (await log.view(job_id)).snapshot(reset=False), keep_from=1)
    names = [keys.meta(job_id), keys.log(job_id), keys.base(job_id)]
    for name in names:
        assert 900_000 < await redis.pttl(name) <= 1_000_000
        await redis.pexpire(name, 500_000)
    await redis.hset(keys.meta(job_id), "expires", 1)
    await write(log, job_id, epoch, chunk(job_id, 3, "b"))
    assert all([await redis.pttl(name) > 900_000 for name in names])


async def test_a_compacted_log_folds_to_the_same(log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, *"abcdef")
    base = (await log.view(job_id)).snapshot(reset=False)
    await write(log, job_id, epoch, chunk(job_id, 8, "g"), chunk(job_id, 9, "h"))
    assert await log.compact(job_id, epoch, base, keep_from=6) is Answer.OK
    view = await log.view(job_id)
    assert (view.text, view.sequence, view.status) == ("abcdefgh", 9, JobStatus.RUNNING)
    tail = await log.read_after(job_id, 0)
    assert (tail.meta.first, len(tail.events)) == (6, 4)


async def test_only_the_writer_compacts_and_never_ahead_of_the_log(log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "a")
    view = await log.view(job_id)
    base = view.snapshot(reset=False)
    assert await log.compact(job_id, new_epoch(), base, keep_from=1) is Answer.FENCED
    view.receive(chunk(job_id, 3, "b"))
    assert await log.compact(job_id, epoch, view.snapshot(reset=False), keep_from=1) is Answer.GAP


async def test_an_unknown_job_is_an_error(log: JobLog) -> None:
    job_id = new_job_id()
    with pytest.raises(UnknownJob):
        await log.meta(job_id)
    with pytest.raises(UnknownJob):
        await log.view(job_id)
    assert (await log.request(job_id, b"{}")).answer is Answer.UNKNOWN
    assert await log.heads([job_id]) == [None]


async def test_two_writers_at_once_leave_one_history(log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)

    async def lease_of(job_id: JobId) -> str:
        (look,) = await log.looks([job_id])
        assert look is not None
        return look.lease

    async def attempt(name: str) -> None:
        mine = new_epoch()
        head = (await log.bury(job_id, mine, await lease_of(job_id))).head
        for step in range(50):
            event = encoded(chunk(job_id, head + step + 1, f"{name}{step} "))
            appended = await log.append(job_id, epoch=mine, previous=head + step, events=event)
            if appended.answer is not Answer.OK:
                assert appended.answer is Answer.FENCED
                return

    await asyncio.gather(attempt("a"), attempt("b"))
    view = await log.view(job_id)
    assert len((await log.read_after(job_id, 0)).events) == view.sequence
    assert "49 " in view.text


async def test_a_living_attempt_is_not_taken_over(log: JobLog) -> None:
    job_id, first = new_job_id(), new_epoch()
    await started_job(log, job_id, new_epoch())
    assert (await log.start(job_id, first)).answer is Answer.OK
    assert (await log.start(job_id, new_epoch())).answer is Answer.BUSY
    assert (await log.settle(job_id, new_epoch())).answer is Answer.BUSY
    assert (await log.meta(job_id)).epoch == first


async def test_an_attempt_is_buried_only_while_its_lease_stays_the_same(log: JobLog) -> None:
    job_id, epoch, heir = new_job_id(), new_epoch(), new_epoch()
    await started_job(log, job_id, new_epoch())
    await log.start(job_id, epoch)
    (look,) = await log.looks([job_id])
    assert look is not None
    assert (await log.bury(job_id, heir, "1")).answer is Answer.BUSY
    buried = await log.bury(job_id, heir, look.lease)
    assert (buried.answer, buried.losses, buried.spared) == (Answer.OK, 1, 1)
    assert (await log.bury(job_id, heir, look.lease)).losses == 1, "a repetition counts once"


@pytest.mark.parametrize(("rest", "spared"), [(Rest.WAITS, 0), (Rest.RETURNS, 1)])
async def test_a_job_that_rests_can_be_started_again_at_once(log: JobLog, rest: Rest, spared: int) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, new_epoch())
    await log.start(job_id, epoch)
    retrying = encoded(status(job_id, 2, epoch, JobStatus.RETRYING))
    await log.append(job_id, epoch=epoch, previous=1, events=retrying, status=JobStatus.RETRYING, rest=rest)
    claimed = await log.start(job_id, new_epoch())
    assert (claimed.answer, claimed.attempt, claimed.spared) == (Answer.OK, 2, spared)


async def test_nothing_overrides_a_cancel(log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    await log.request(job_id, b"pause")
    await log.request(job_id, b"cancel", cancels=True)
    await log.request(job_id, b"resume")
    renewed = await log.append(job_id, epoch=epoch, previous=1, events=[])
    assert (renewed.control, renewed.listeners) == ("cancel", -1)


async def test_what_a_job_was_asked_is_kept_until_it_ends(log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await log.create(job_id, epoch, {}, request=b"{}")
    assert await log.assignment(job_id) == (b"{}", 0)
    await write(log, job_id, epoch, status(job_id, 1, epoch), completed(job_id, 2))
    with pytest.raises(UnknownJob):
        await log.assignment(job_id)


async def test_a_lost_claim_is_taken_back_only_from_the_writer_that_was_seen(log: JobLog) -> None:
    job_id, stale, other = new_job_id(), new_epoch(), new_epoch()
    await started_job(log, job_id, stale, "a")
    assert (await log.remake(job_id, new_epoch(), {}, owner=other)).answer is Answer.BUSY
    assert (await log.remake(job_id, new_epoch(), {}, owner="")).answer is Answer.BUSY
    taken = await log.remake(job_id, new_epoch(), {"attempt": "3"}, owner=stale)
    assert (taken.answer, taken.head, taken.attempt) == (Answer.OK, 2, 3)


@pytest.mark.parametrize(
    "fields", [{"e": "x"}, {"f": '["model:chunk",{}]'}, {"e": '["model:chunk",{}]', "f": ""}]
)
async def test_a_log_with_an_entry_that_is_no_event_is_unreadable(
    log: JobLog, redis: Redis, keys: Keys, fields: dict[str, str]
) -> None:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch(), "a")
    await redis.xadd(keys.log(job_id), fields, id="3-0")  # type: ignore[arg-type]
    with pytest.raises(UnreadableLog, match="an entry that is no event"):
        await log.whole(job_id)
