"""Agents that compute rather than wait can have a queue of their own, served by RQ's stock worker."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared_events.events import JobStatus
from tests.e2e.conftest import client_of, followed
from tests.stack import CHECKOUT, Stack, stack
from tests.waiting import eventually

MODULE = """
import time

from agents import SyncJobContext, agent


@agent("count", queue="cpu")
def count(job: SyncJobContext) -> int:
    for number in range(int(job.input["to"])):
        job.on_chunk(f"{number} ")
        time.sleep(job.input.get("pause_s", 0))
    return number
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An installation, and beside it what the Procfile's example line starts."""
    directory: Path = tmp_path_factory.mktemp("stock")
    (directory / "counting.py").write_text(MODULE)
    config = directory / "jobcast.toml"
    config.write_text('modules = ["counting"]\n')
    with stack(PYTHONPATH=f"{directory}:{CHECKOUT}", JOBCAST_CONFIG=str(config)) as one:
        command = ["worker", "--serializer", "rq.serializers.JSONSerializer", "jobcast-cpu"]
        environment = one.environment | {"RQ_REDIS_URL": one.redis.url}
        with (directory / "rq.log").open("wb") as log:
            rq = subprocess.Popen(
                [str(Path(sys.executable).with_name("rq")), *command],
                cwd=CHECKOUT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        try:
            yield one
        finally:
            rq.kill()
            rq.wait()


async def test_a_stock_worker_runs_the_jobs_of_its_queue(served: Stack) -> None:
    async with client_of(served) as client:
        view = await followed(client, await client.submit({"agent": "count", "input": {"to": 20}}))
    assert (view.status, view.result) == (JobStatus.COMPLETED, 19)
    assert view.text == "".join(f"{number} " for number in range(20))


async def test_a_job_in_a_stock_worker_can_be_cancelled(served: Stack) -> None:
    async with client_of(served) as client:
        job_id = await client.submit({"agent": "count", "input": {"to": 10_000, "pause_s": 0.01}})
        await eventually(lambda: b"5 " in served._get(f"v1/jobs/{job_id}"), timeout_s=20)
        await client.cancel(job_id)
        assert (await followed(client, job_id)).status is JobStatus.CANCELLED
