"""Agents of one's own, good and bad, named in `jobcast.toml`: whatever they do, the worker goes on."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

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


@agent("crash")
async def crash(job: JobContext) -> None:
    os._exit(9)


@agent("stop")
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
    with stack(PYTHONPATH=str(directory), JOBCAST_CONFIG=str(config), WORKER_CONCURRENCY="1") as one:
        yield one


async def test_the_agent_of_the_readme_streams(running: Stack) -> None:
    async with client_of(running) as client:
        view = await followed(client, await client.submit({"agent": "shout", "input": {"prompt": "hi"}}))
    assert (view.status, view.text, view.progress) == (JobStatus.COMPLETED, "1 2 3", 0.5)


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("exit", {}, "agent_error"),
        ("crash", {}, "worker_lost"),
        ("stop", {}, "worker_lost"),
        ("leak", {}, "agent_error"),
    ],
)
async def test_an_agent_that_breaks_ends_its_job_and_the_next_one_runs(
    running: Stack, name: str, given: dict[str, bool], code: str
) -> None:
    async with client_of(running) as client:
        view = await asyncio.wait_for(
            followed(client, await client.submit({"agent": name, "input": given})), 20
        )
        assert view.error is not None
        assert (view.status, view.error.code) == (JobStatus.FAILED, code)
        after = await followed(client, await client.submit({"agent": "shout", "input": {"prompt": "hi"}}))
    assert after.status is JobStatus.COMPLETED
    assert "sk-never-in-a-log" not in running.worker.log.read_text()


async def test_an_agent_that_ignores_its_cancel_does_not_keep_the_worker(running: Stack) -> None:
    async with client_of(running) as client:
        job_id = await client.submit({"agent": "stuck", "input": {}})
        following = asyncio.create_task(followed(client, job_id))
        await eventually(lambda: b"here" in running._get(f"v1/jobs/{job_id}"))
        await client.cancel(job_id)
        assert (await following).status is JobStatus.CANCELLED
        after = await followed(client, await client.submit({"agent": "shout", "input": {"prompt": "hi"}}))
    assert after.status is JobStatus.COMPLETED
