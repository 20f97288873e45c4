"""Agents that take their process with them, beside others that only stream."""

import asyncio
import sys
from collections.abc import Iterator

import pytest

from shared_events.events import JobStatus
from tests.e2e.aftermath import assert_whole
from tests.e2e.conftest import busy_stack, counted
from tests.e2e.crowd import crowd
from tests.stack import Process, Stack


@pytest.fixture
def kept() -> Iterator[Stack]:
    """An installation whose worker comes back whenever it dies, as under `make run`."""
    with busy_stack() as running:
        running.worker.kill()
        command = ("launch.keeper", "worker", "--", sys.executable, "-m", "workers")
        running.worker = Process(command, running.environment, running.worker.log)
        running.worker.start()
        yield running


async def test_poisonous_jobs_end_as_such_and_their_neighbours_end_well(kept: Stack) -> None:
    """One leaves with `os._exit`, one with a segmentation fault, each again and again."""
    async with crowd(kept) as all_:
        neighbours = await asyncio.gather(*(all_.haste(60, 10) for _ in range(20)))
        culprits = [await all_.submit(agent) for agent in ("leave", "crash")]
        views = await all_.ends(timeout_s=120)
    bad = [all_.views[job_id] for job_id in culprits]
    assert [(view.status, view.error and view.error.code, view.text) for view in bad] == [
        (JobStatus.FAILED, "poison", "here")
    ] * 2
    good = [all_.views[job_id] for job_id in neighbours]
    assert {(view.status, view.text) for view in good} == {(JobStatus.COMPLETED, counted(60))}
    await assert_whole(kept, views)
