"""`python -m workers.solo JOB DESCRIPTOR`: one attempt in its own process, which reports there."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Final, NoReturn

import msgspec

from launch.discovery import FOUND_AGAIN_WITHIN_S, with_found_backends
from launch.entry import start
from launch.settings import Settings
from launch.tether import end_with
from shared_events.contract import JobRequest
from shared_events.errors import UnknownJob
from shared_events.ids import JobId, new_epoch
from workers.attempt import Attempt
from workers.outcome import NotOurs, Outcome
from workers.persistence import persist
from workers.tools import open_tools

_LEAVING: Final = "The worker was stopped; another one goes on"
_STOPPED: Final = "Stopped by an operator."


def main(settings: Settings) -> NoReturn:
    """Run the attempt, report and leave: an agent that ignores its cancel does not hold us up."""
    job_id, descriptor = JobId(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(descriptor, False)
    end_with(os.getppid())
    asyncio.run(_run_and_leave(settings, job_id, descriptor))
    raise AssertionError("it leaves from within")


async def _run_and_leave(settings: Settings, job_id: JobId, descriptor: int) -> NoReturn:
    # From within the event loop, which would wait for an agent that ignores its cancel.
    outcome = await run_once(settings, job_id, listens=partial(os.write, descriptor, b"\n"))
    os.write(descriptor, msgspec.json.encode(outcome))
    os._exit(0)


async def run_once(
    settings: Settings,
    job_id: JobId,
    *,
    drain_s: float = 0.0,
    listens: Callable[[], object] = int,
    on_stuck: Callable[[], object] = int,
) -> Outcome:
    """One attempt with tools of its own. SIGTERM hands the job back after `drain_s`, SIGUSR1 cancels it.

    `listens` is called when it does so, before the attempt begins; `on_stuck` when the agent has ignored its
    cancel and still runs. Raises `LogUnavailable`.
    """
    settings = await with_found_backends(settings, within_s=FOUND_AGAIN_WITHIN_S)
    async with open_tools(settings, worker=new_epoch()) as tools:
        try:
            encoded, _ = await persist(job_id, lambda: tools.log.assignment(job_id), waits_for_room=True)
        except UnknownJob:
            return NotOurs()
        attempt = Attempt(tools, msgspec.json.decode(encoded, type=JobRequest))
        loop, control = asyncio.get_running_loop(), attempt.control
        loop.add_signal_handler(signal.SIGTERM, lambda: loop.call_later(drain_s, control.hand_back, _LEAVING))
        loop.add_signal_handler(signal.SIGUSR1, control.cancel, _STOPPED, None)
        listens()
        outcome = await attempt.run()
        if attempt.agent_is_stuck:
            on_stuck()
        return outcome


if __name__ == "__main__":
    start("workers.solo")
