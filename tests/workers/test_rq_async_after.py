"""What follows a job's end in RQ: callbacks, retries, dependents, schedules."""

from datetime import timedelta

import pytest
from rq import Callback, Retry
from rq.job import Dependency, JobStatus

from tests.workers.rq_jobs import calls
from tests.workers.rq_site import JOBS, Site, status_is


async def test_a_success_callback_gets_the_result(site: Site) -> None:
    job = site.enqueue("add", 1, 2, on_success=Callback(f"{JOBS}.on_success"))
    await site.burst()
    assert ("success", job.id, 3) in calls


@pytest.mark.parametrize(("callback", "timeout_s"), [("fail_on_success", 5), ("hang_on_success", 1)])
async def test_a_success_callback_that_fails_or_hangs_fails_the_job(
    site: Site, callback: str, timeout_s: int
) -> None:
    job = site.enqueue("add", 1, 2, on_success=Callback(f"{JOBS}.{callback}", timeout=timeout_s))
    await site.burst()
    assert job.get_status() == JobStatus.FAILED


async def test_a_failure_callback_gets_the_error(site: Site) -> None:
    job = site.enqueue("fail", "no luck", on_failure=Callback(f"{JOBS}.on_failure"))
    await site.burst()
    assert ("failure", job.id, "no luck") in calls


async def test_a_failed_job_is_retried_at_once_without_an_interval(site: Site) -> None:
    job = site.enqueue("fail_until", site.name, 3, retry=Retry(max=3))
    await site.burst()
    assert (job.get_status(), job.return_value()) == (JobStatus.FINISHED, "done in 3")


async def test_a_failed_job_is_retried_after_its_interval(site: Site) -> None:
    job = site.enqueue("fail_until", site.name, 2, retry=Retry(max=1, interval=1))
    async with site.serving():
        await status_is(job, JobStatus.SCHEDULED)
        await status_is(job, JobStatus.FINISHED)


async def test_retries_end(site: Site) -> None:
    job = site.enqueue("fail_until", site.name, 9, retry=Retry(max=2))
    await site.burst()
    assert (job.get_status(), calls.count(site.name)) == (JobStatus.FAILED, 3)


@pytest.mark.parametrize("interval_s", [0, 1])
async def test_a_job_that_returns_a_retry_is_run_again(site: Site, interval_s: int) -> None:
    job = site.enqueue("ask_again", site.name, 2, interval_s)
    async with site.serving():
        await status_is(job, JobStatus.FINISHED, 15)
    assert calls.count(site.name) == 3


async def test_a_job_scheduled_for_now_is_run_in_burst_mode(site: Site) -> None:
    job = site.queue().enqueue_in(timedelta(seconds=0), f"{JOBS}.add", 1, 1)
    await site.burst()
    assert job.get_status() == JobStatus.FINISHED


async def test_dependents_run_after_what_they_depend_on(site: Site) -> None:
    first = site.enqueue("note", f"{site.name} first")
    second = site.enqueue("note", f"{site.name} second", depends_on=first, queue="low")
    assert second.get_status() == JobStatus.DEFERRED
    await site.burst("low", "default")
    assert calls.index(f"{site.name} first") < calls.index(f"{site.name} second")


async def test_dependents_of_a_failure_run_only_if_they_allow_it(site: Site) -> None:
    first = site.enqueue("fail", "no luck")
    strict = site.enqueue("add", 1, 1, depends_on=first)
    lenient = site.enqueue("add", 1, 1, depends_on=Dependency(first, allow_failure=True))
    await site.burst()
    assert (strict.get_status(), lenient.get_status()) == (JobStatus.DEFERRED, JobStatus.FINISHED)
