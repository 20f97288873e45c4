"""The open jobs: none is overlooked, however many there are."""

import pytest
from redis.asyncio import Redis

from shared_events import open_jobs as module
from shared_events.ids import JobId, new_job_id
from shared_events.keys import Keys
from shared_events.open_jobs import OpenJobs


@pytest.fixture
def opened(redis: Redis, keys: Keys) -> OpenJobs:
    return OpenJobs(redis, keys)


async def add(opened: OpenJobs, count: int) -> list[JobId]:
    ids = [new_job_id() for _ in range(count)]
    for job_id in ids:
        await opened.add(job_id)
    return ids


async def test_a_job_is_open_until_it_is_taken_out(opened: OpenJobs) -> None:
    one, two = await add(opened, 2)
    await opened.remove([one, new_job_id()])
    assert await opened.next_page() == [two]


async def test_nothing_is_taken_out_and_nothing_is_found(opened: OpenJobs) -> None:
    await opened.remove([])
    assert await opened.next_page() == []


async def test_a_job_that_is_added_again_is_there_once(opened: OpenJobs) -> None:
    (job_id,) = await add(opened, 1)
    await opened.add(job_id)
    assert await opened.next_page() == [job_id]


async def test_the_set_lives_longer_than_any_job_in_it(opened: OpenJobs, redis: Redis, keys: Keys) -> None:
    await add(opened, 1)
    assert await redis.ttl(keys.open_jobs()) > 24 * 3600


@pytest.mark.parametrize("count", [1, 3, 4, 6, 7])
async def test_all_come_in_turn_and_then_again(
    opened: OpenJobs, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOKED_AT", 3)
    ids = await add(opened, count)
    pages = [await opened.next_page() for _ in range(2 * (count // 3 + 1))]
    assert max(map(len, pages)) <= 3
    found = [job_id for page in pages for job_id in page]
    assert sorted(found) == sorted(ids * 2)


async def test_none_is_overlooked_for_ever_while_others_end(
    opened: OpenJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOKED_AT", 3)
    ids = await add(opened, 20)
    stays, seen = set(ids[::3]), set[JobId]()
    for _ in range(20):
        page = await opened.next_page()
        seen.update(page)
        await opened.remove([job_id for job_id in page if job_id not in stays])
    assert stays <= seen
