"""What a queue entry names (`contract.RUN_JOB`): runs one job in a process of its own."""

import asyncio
import os
import signal
from typing import Any, Final, NoReturn

import msgspec
import structlog

from launch.settings import Settings, read_settings
from shared_events.contract import JobRequest
from shared_events.events import JobStatus
from workers.attempt import Attempt
from workers.errors import AgentFailed
from workers.tools import make_tools

CRASHED: Final = 70
"""EX_SOFTWARE of sysexits.h: the worker that forked this process sees to the job's end."""

_log = structlog.get_logger("job")


def run_job(request: dict[str, Any]) -> None:
    """Run the job to its end. Raises `AgentFailed` after a failure, for RQ's registries."""
    try:
        status = asyncio.run(_run(msgspec.convert(request, JobRequest), read_settings()))
    except BaseException:  # noqa: BLE001  whatever it was, somebody must learn that the job has no end yet
        _log.exception("job_crashed", job=request.get("jobId"))
        _leave()
    if status is JobStatus.FAILED:
        raise AgentFailed("The job has ended as failed; its last event says why.")


async def _run(request: JobRequest, settings: Settings) -> JobStatus | None:
    tools = make_tools(settings)
    attempt = Attempt(tools, request)
    loop = asyncio.get_running_loop()
    # A worker that must go gives its job DRAIN_SECONDS; then the job ends, and says why.
    goodbye = "The worker was stopped before the job was done."
    loop.add_signal_handler(signal.SIGTERM, lambda: loop.call_later(settings.drain_s, attempt.stop, goodbye))
    status = await attempt.run()
    if attempt.agent_is_stuck:
        _log.warning("agent_stuck", job=request.job_id, agent=request.agent)
        _leave()
    await tools.aclose()
    return status


def _leave() -> NoReturn:
    """End the process without waiting for anything in it."""
    os._exit(CRASHED)
