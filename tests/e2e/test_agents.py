"""Agents of one's own, good and bad, named in `jobcast.toml`: whatever they do, the worker goes on."""

import asyncio
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from shared_events.events import JobStatus
from tests.e2e.conftest import client_of, followed
from tests.stack import Stack, stack
from tests.waiting import eventually

MODULE = """
import asyncio
import os
import sys

from agents import JobContext, agent


@agent("shout")
async def shout(job: JobContext) -> None:
    async for text in job.stream(f"Answer in capitals: {job.input['prompt']}", model="count-3@100"):
        await job.progress(min(99, len(job.text) / 10))


@agent("exit")
async def leave(job: JobContext) -> None:
    await job.on_chunk("so far")
    sys.exit(0)


@agent("crash", own_process=True)
async def crash(job: JobContext) -> None:
    os._exit(9)


@agent("stop", own_process=True)
async def stop(job: JobContext) -> None:
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0)


@agent("stuck")
async def stuck(job: JobContext) -> None:
    await job.on_chunk("here")
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


@agent("stuck_apart", own_process=True)
async def stuck_apart(job: JobContext) -> None:
    await stuck(job)


@agent("leak")
async def leak(job: JobContext) -> None:
    key = "Bearer sk-never-in-a-log"
    raise RuntimeError("it broke")
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory: Path = tmp_path_factory.mktemp("agents")
    (directory / "my_agents.py").write_text(MODULE)
    config = directory / "jobcast.toml"
    config.write_text('modules = ["my_agents"]\n')
    with stack(PYTHONPATH=str(directory), JOBCAST_CONFIG=str(config), WORKER_CONCURRENCY="2") as one:
        yield one


async def test_an_agent_of_ones_own_streams(running: Stack) -> None:
    async with client_of(running) as client:
        view = await followed(client, await client.submit({"agent": "shout", "input": {"prompt": "hi"}}))
    assert (view.status, view.text, view.progress) == (JobStatus.COMPLETED, "1 2 3", 0.5)


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("exit", {}, "agent_error"),
        ("crash", {}, "poison"),
        ("stop", {}, "poison"),
        ("leak", {}, "agent_error"),
    ],
)
async def test_an_agent_that_breaks_ends_its_job_and_the_next_one_runs(
    running: Stack, name: str, given: dict[str, bool], code: str
) -> None:
    async with client_of(running) as client:
        view = await asyncio.wait_for(
            followed(client, await client.submit({"agent": name, "input": given})), 40
        )
        assert view.error is not None
        assert (view.status, view.error.code) == (JobStatus.FAILED, code)
        after = await followed(client, await client.submit({"agent": "shout", "input": {"prompt": "hi"}}))
    assert after.status is JobStatus.COMPLETED
    assert "sk-never-in-a-log" not in running.worker.log.read_text()


def has_begun(running: Stack, job_id: str) -> bool:
    return b"here" in running._get(f"v1/jobs/{job_id}")


async def test_an_agent_that_ignores_its_cancel_does_not_keep_the_worker(running: Stack) -> None:
    async with client_of(running) as client:
        job_id = await client.submit({"agent": "stuck", "input": {}})
        following = asyncio.create_task(followed(client, job_id))
        await eventually(partial(has_begun, running, job_id))
        await client.cancel(job_id)
        assert (await following).status is JobStatus.CANCELLED
        after = await followed(client, await client.submit({"agent": "shout", "input": {"prompt": "hi"}}))
    assert after.status is JobStatus.COMPLETED


async def test_processes_whose_agents_ignore_their_cancel_make_room_for_others(running: Stack) -> None:
    """The process waited for its agent before it reported, and kept its place."""
    places = max(2, os.cpu_count() or 2)
    async with client_of(running) as client:
        for _ in range(places):
            job_id = await client.submit({"agent": "stuck_apart", "input": {}})
            await eventually(partial(has_begun, running, job_id), timeout_s=20)
            await client.cancel(job_id)
            assert (await followed(client, job_id)).status is JobStatus.CANCELLED
    await eventually(lambda: not psutil.Process(running.worker.pid).children(), timeout_s=20)
