"""What one job's run comes to, whatever the job does and whatever is asked of it; without Redis."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import redis
from rq.job import Job
from rq.timeouts import JobTimeoutException

from tests.waiting import eventually
from workers.rq_async.run import GivenBack, Outcome, Raised, Released, Returned, Run, Stopped
from workers.rq_async.running import GiveBack, Release


class Scripted:
    """Runs the test's own code, and takes no notice of what is asked of it."""

    def __init__(self, code: Callable[[], Awaitable[object]]) -> None:
        self._code = code
        self.began = False

    async def run(self) -> object:
        self.began = True
        return await self._code()

    def stop(self) -> None:
        raise ValueError("does not want to")

    def give_back(self) -> None: ...


def job(timeout_s: float = -1) -> Job:
    one = Job("a-job", connection=redis.Redis())
    one.timeout = timeout_s
    return one


async def raised(error: BaseException) -> object:
    raise error


async def outcome(code: Callable[[], Awaitable[object]], timeout_s: float = -1) -> Outcome:
    return await Run(lambda _job: Scripted(code), job(timeout_s), grace_s=0.01, cancel_s=0.01).outcome()


async def asked(ask: Callable[[Run], None], code: Callable[[], Awaitable[object]]) -> Outcome:
    """The outcome of a run that is asked something after it has begun."""
    running = Scripted(code)
    run = Run(lambda _job: running, job(), grace_s=0.01, cancel_s=0.01)
    ending = asyncio.create_task(run.outcome())
    await eventually(lambda: running.began)
    ask(run)
    return await ending


async def for_ever() -> object:
    return await asyncio.Event().wait()


async def against_its_cancel() -> object:
    """Ends a moment after its cancel, or the test would leave it behind."""
    try:
        return await for_ever()
    except asyncio.CancelledError:
        await asyncio.sleep(0.05)
        return "late"


async def failing_on_its_cancel() -> object:
    try:
        return await for_ever()
    except asyncio.CancelledError:
        raise ValueError("while cleaning up") from None


async def test_what_a_job_returns_or_raises_is_its_outcome() -> None:
    error = ValueError("no luck")
    assert await outcome(lambda: asyncio.sleep(0, "done")) == Returned("done")
    assert await outcome(lambda: raised(error)) == Raised(error)
    assert await outcome(lambda: raised(GiveBack())) == GivenBack()
    assert await outcome(lambda: raised(Release())) == Released()


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
async def test_a_job_that_ends_the_process_ends_only_itself(error: BaseException) -> None:
    assert await outcome(lambda: raised(error)) == Raised(error)


async def test_a_job_that_cancels_itself_has_failed() -> None:
    ended = await outcome(lambda: raised(asyncio.CancelledError()))
    assert isinstance(ended, Raised)


async def test_a_job_that_cannot_begin_has_failed() -> None:
    error = ValueError("no such agent")

    def begin(_job: Job) -> Scripted:
        raise error

    assert await Run(begin, job()).outcome() == Raised(error)


@pytest.mark.parametrize("code", [for_ever, against_its_cancel, failing_on_its_cancel])
async def test_a_job_that_takes_too_long_has_failed_with_its_timeout(
    code: Callable[[], Awaitable[object]],
) -> None:
    ended = await outcome(code, timeout_s=0.01)
    assert isinstance(ended, Raised)
    assert isinstance(ended.error, JobTimeoutException)


@pytest.mark.parametrize("code", [for_ever, against_its_cancel, failing_on_its_cancel])
async def test_a_job_that_does_not_end_when_asked_is_ended(code: Callable[[], Awaitable[object]]) -> None:
    assert await asked(Run.stop, code) == Stopped()
    assert await asked(Run.give_back, code) == GivenBack()


async def test_only_the_first_wish_counts() -> None:
    def both(run: Run) -> None:
        run.stop()
        run.give_back()

    assert await asked(both, for_ever) == Stopped()


async def test_a_job_stopped_before_it_began_never_begins() -> None:
    running = Scripted(for_ever)
    run = Run(lambda _job: running, job())
    run.stop()
    assert (await run.outcome(), running.began) == (Stopped(), False)


async def test_a_cancelled_run_takes_its_job_along() -> None:
    before = asyncio.all_tasks()
    running = Scripted(for_ever)
    ending = asyncio.create_task(Run(lambda _job: running, job()).outcome())
    await eventually(lambda: running.began)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert asyncio.all_tasks() <= before
