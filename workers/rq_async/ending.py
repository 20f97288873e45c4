"""Ends a claimed job in RQ as its outcome says, with RQ's own handlers, and through an absent Redis."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job, JobStatus, Retry
from rq.timeouts import BaseDeathPenalty, JobTimeoutException
from rq.utils import now
from rq.worker.base import BaseWorker

from workers.rq_async.claim import Change, Claim
from workers.rq_async.heartbeat import Heartbeat
from workers.rq_async.run import GivenBack, Outcome, Raised, Released, Returned, Stopped
from workers.rq_async.threads import Threads, in_thread

_log = structlog.get_logger("worker")


class NoDeathPenalty(BaseDeathPenalty):
    """Does nothing: RQ's own need the main thread, or spoil the messages of all timeouts in the process."""

    def setup_death_penalty(self) -> None: ...

    def cancel_death_penalty(self) -> None: ...


class Ending:
    """The end of one claimed job. Create, and call one of `settle` and `refuse` once."""

    def __init__(self, worker: BaseWorker, claim: Claim, threads: Threads, heartbeat: Heartbeat) -> None:
        assert claim.job is not None
        self._worker = worker
        self._claim = claim
        self._job = claim.job
        self._threads = threads
        self._heartbeat = heartbeat

    async def settle(self, outcome: Outcome) -> None:
        """Never raises for what the job did. A Redis that stays away leaves the job to its lapsing lease."""
        await self._or_leave(self._settle(outcome))

    async def refuse(self, reason: str) -> None:
        """Fail the job with `reason`; nothing that it names is called."""
        _log.warning("job_refused", rq_job=self._job.id, queue=self._claim.queue.name, reason=reason)
        self._job.retries_left, self._job.webhooks = None, []
        self._job.ended_at = now()
        await self._or_leave(self._put(partial(_handle_failure, text=reason)))

    async def _or_leave(self, work: Awaitable[None]) -> None:
        try:
            await work
        except RedisError as error:
            _log.error("job_not_settled", rq_job=self._job.id, error=str(error))
        finally:
            await self._threads.call(partial(self._heartbeat.drop, self._claim))

    async def _settle(self, outcome: Outcome) -> None:
        match outcome:
            case Released():
                await self._put(_release)
            case GivenBack():
                await self._put(_give_back)
            case Stopped():
                await self._stop()
            case Raised(error):
                await self._fail(error)
            case Returned(result):
                await self._return(result)

    async def _return(self, result: object) -> None:
        try:
            await self._succeed(result)
        except RedisError:
            raise
        except Exception as error:  # noqa: BLE001  as in RQ: the callback's error, or a result that is not JSON
            await self._fail(error)

    async def _succeed(self, result: object) -> None:
        job = self._job
        await self._ended(job.success_callback_timeout)
        job._result = result  # noqa: SLF001
        if isinstance(result, Retry):
            await self._put(partial(_retry, retry=result))
            return
        job._status = JobStatus.FINISHED  # noqa: SLF001
        if job._success_callback_name:  # noqa: SLF001
            call = partial(job.execute_success_callback, NoDeathPenalty, result)
            await self._call_back(call, job.success_callback_timeout)
        await self._put(_handle_success)
        if job.webhooks:
            await in_thread(partial(job.send_webhooks, JobStatus.FINISHED), f"webhooks {job.id}")

    async def _fail(self, error: BaseException) -> None:
        job = self._job
        job._status = JobStatus.FAILED  # noqa: SLF001
        await self._ended(job.failure_callback_timeout)
        if job._failure_callback_name:  # noqa: SLF001
            call = partial(job.execute_failure_callback, NoDeathPenalty, *_exc_info(error))
            try:
                await self._call_back(call, job.failure_callback_timeout)
            except Exception as own_error:  # noqa: BLE001  as in RQ: it is the failure that is kept
                error = own_error
        handle = partial(self._worker.handle_exception, job, *_exc_info(error))
        await in_thread(handle, f"exception handlers {job.id}")
        await self._put_failure("".join(traceback.format_exception(error)))

    async def _stop(self) -> None:
        job = self._job
        job.ended_at = now()
        _log.info("job_stopped", rq_job=job.id)
        if job._stopped_callback_name:  # noqa: SLF001
            call = partial(job.execute_stopped_callback, NoDeathPenalty)
            try:
                await self._call_back(call, job.stopped_callback_timeout)
            except Exception:  # noqa: BLE001  the job is stopped whatever its callback does
                _log.exception("stopped_callback_failed", rq_job=job.id)
        await self._put_failure("Job stopped by user.", stopped=True)

    async def _ended(self, heartbeat_ttl_s: int) -> None:
        handle = partial(self._worker.handle_execution_ended, self._job, self._claim.queue, heartbeat_ttl_s)
        await self._threads.retried(handle)

    async def _call_back(self, call: Callable[[], None], timeout_s: int) -> None:
        """In a thread of its own, which is left behind after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await in_thread(call, f"callback {self._job.id}")
        except TimeoutError as error:
            message = f"Callback exceeded maximum timeout value ({timeout_s} seconds)"
            raise JobTimeoutException(message) from error

    async def _put_failure(self, text: str, *, stopped: bool = False) -> None:
        retried = self._job.should_retry and not stopped
        await self._put(partial(_handle_failure, text=text, stopped=stopped))
        if not retried:
            # RQ's handler does it too, but swallows the error of a Redis that goes away just then.
            await self._threads.retried(partial(self._claim.queue.enqueue_dependents, self._job))

    async def _put(self, change: Change) -> None:
        """Apply `change` once, however often it takes."""
        applied_before = False

        def once() -> None:
            nonlocal applied_before
            # A heartbeat that came later would bring back what the change removes.
            self._heartbeat.drop(self._claim)
            if applied_before and not self._claim.is_registered():
                return  # only the answer was lost
            applied_before = True
            self._claim.apply(change)

        await self._threads.retried(once)


def _exc_info(error: BaseException) -> tuple[type[BaseException], BaseException, object]:
    return type(error), error, error.__traceback__


def _handle_success(view: BaseWorker, job: Job, queue: Queue) -> None:
    view.handle_job_success(job, queue, queue.started_job_registry)


def _retry(view: BaseWorker, job: Job, queue: Queue, *, retry: Retry) -> None:
    assert view.execution is not None
    view.handle_job_retry(job, queue, retry, queue.started_job_registry, view.execution)


def _handle_failure(view: BaseWorker, job: Job, queue: Queue, *, text: str, stopped: bool = False) -> None:
    view._stopped_job_id = job.id if stopped else None  # noqa: SLF001
    view.handle_job_failure(job, queue, queue.started_job_registry, exc_string=text)


def _release(view: BaseWorker, job: Job, _queue: Queue) -> None:
    with view.connection.pipeline() as pipeline:
        view.cleanup_execution(job, pipeline)
        pipeline.execute()


def _give_back(view: BaseWorker, job: Job, queue: Queue) -> None:
    with view.connection.pipeline() as pipeline:
        view.cleanup_execution(job, pipeline)
        queue._enqueue_job(job, pipeline=pipeline, at_front=True)  # noqa: SLF001
        pipeline.execute()
