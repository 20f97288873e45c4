"""What a queue entry names (`contract.RUN_JOB`), for a stock RQ worker: one job in a forked process."""

import asyncio
import os
from typing import Final, NoReturn

import structlog
from rq import Retry

from launch.settings import read_settings
from launch.tether import end_with
from shared_events.ids import JobId
from workers.outcome import HandedBack, NotOurs
from workers.runner import told
from workers.solo import run_once

CRASHED: Final = 70
"""EX_SOFTWARE of sysexits.h: a sweeper will see to the job."""

_log = structlog.get_logger("job")


def run_job(job_id: str) -> object:
    """Run the job to its end. Raises `AgentFailed` after a failure, for RQ's registries."""
    end_with(os.getppid())
    settings = read_settings()
    try:
        outcome = asyncio.run(run_once(settings, JobId(job_id), drain_s=settings.drain_s, on_stuck=_leave))
    except BaseException:  # noqa: BLE001  whatever it was: RQ must not take the job for done
        _log.exception("job_crashed", job=job_id)
        _leave()
    if isinstance(outcome, HandedBack):
        return Retry(max=1_000_000)
    return None if isinstance(outcome, NotOurs) else told(outcome)


def _leave() -> NoReturn:
    """End the process without waiting for anything in it."""
    os._exit(CRASHED)
