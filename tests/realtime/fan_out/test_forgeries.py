"""What nobody of ours has written: on the bus and in the logs, by hand or by something else in that Redis."""

import pytest
from redis.asyncio import Redis

from realtime.errors import Unavailable
from realtime.fan_out import mender
from realtime.fan_out.hub import Hub
from shared_events.ids import new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from tests.making import chunk, started_job, write
from tests.realtime.fan_out.test_hub import follow, hub
from tests.waiting import eventually

__all__ = ["hub"]


@pytest.mark.parametrize("said", [b"x", b"ab", b"["])
async def test_a_message_too_short_for_an_event_is_refused_and_the_hub_lives(
    hub: Hub, log: JobLog, redis: Redis, keys: Keys, said: bytes
) -> None:
    """Its third byte was looked at: the bus ended with an IndexError, and the node with it."""
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    client = await follow(hub, job_id)
    head = client.fold().sequence
    await redis.publish(keys.channel(job_id), b"%s %d 1\n%s" % (epoch.encode(), head + 1, said))
    await write(log, job_id, epoch, chunk(job_id, head + 1, "one"))
    assert await eventually(lambda: client.fold().text == "one")
    assert "gap" not in client.outcomes


@pytest.mark.parametrize(
    "damage",
    [
        {"head": "x"},
        {"epochs": "x"},
        {"epochs": ""},
        {"status": "nothing"},
        {"agent": b"\xff"},
    ],
)
async def test_a_meta_hash_that_is_none_takes_only_its_own_job_along(
    hub: Hub, log: JobLog, redis: Redis, keys: Keys, damage: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comparing ended with a ValueError, and the node with it; so did mending, and its followers waited."""
    monkeypatch.setattr(mender, "LOST_AFTER_S", 0.3)
    bad, good, epoch = new_job_id(), new_job_id(), new_epoch()
    for job_id in (bad, good):
        await started_job(log, job_id, epoch)
    lost, client = await follow(hub, bad), await follow(hub, good)
    for field, value in damage.items():
        await redis.hset(keys.meta(bad), field, value)
    hub.mender.check(hub.feeds)
    for feed in hub.feeds:
        feed.suspect()
    error = await eventually(lambda: lost.fold().error)
    assert error is not None
    assert error.code == "log_lost"
    await write(log, good, epoch, chunk(good, client.fold().sequence + 1, "one"))
    assert await eventually(lambda: client.fold().text == "one")
    with pytest.raises(Unavailable):
        await hub.join(client.outlet, bad, None)


@pytest.mark.parametrize("part", ["meta", "log"])
async def test_a_key_of_another_type_takes_only_its_own_job_along(
    hub: Hub, log: JobLog, redis: Redis, keys: Keys, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its followers waited for ever, and no other job was held against its log any more."""
    monkeypatch.setattr(mender, "LOST_AFTER_S", 0.3)
    bad, good, epoch = new_job_id(), new_job_id(), new_epoch()
    for job_id in (bad, good):
        await started_job(log, job_id, epoch)
    lost = await follow(hub, bad)
    key = keys.meta(bad) if part == "meta" else keys.log(bad)
    await redis.delete(key)
    await redis.set(key, "something")
    hub.feeds[0].suspect()
    await eventually(lambda: lost.fold().error)
    heads = await log.heads([bad, good])
    assert heads == [None if part == "meta" else (epoch, 1), (epoch, 1)]


@pytest.mark.parametrize("entry", [("e", "x"), ("e", ""), ("other", "x")])
async def test_an_entry_that_is_no_event_ends_the_job_for_its_followers(
    hub: Hub, log: JobLog, redis: Redis, keys: Keys, entry: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mending ended with an error of its own, and they waited for ever."""
    monkeypatch.setattr(mender, "LOST_AFTER_S", 0.3)
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    client = await follow(hub, job_id)
    field, value = entry
    await redis.xadd(keys.log(job_id), {field: value}, id="2-0")
    await redis.hset(keys.meta(job_id), "head", "2")
    hub.feeds[0].suspect()
    error = await eventually(lambda: client.fold().error)
    assert error is not None
    assert error.code == "log_lost"
