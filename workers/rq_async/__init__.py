"""RQ 2.12 on asyncio: all contact with RQ's internals. It knows nothing of Jobcast's log."""

from workers.rq_async.running import CallJob, GiveBack, Release, Running, current_job
from workers.rq_async.worker import AsyncioWorker

__all__ = ["AsyncioWorker", "CallJob", "GiveBack", "Release", "Running", "current_job"]
