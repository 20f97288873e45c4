"""The examples of `docs/examples`, each as a process of its own, against a whole installation."""

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import PIPE
from typing import Any, Final

import pytest

from cli.follower import Client
from shared_events.fold import JobView
from tests.e2e.conftest import client_of, followed
from tests.stack import CHECKOUT, Stack
from tests.waiting import eventually_awaited

EXAMPLES: Final = CHECKOUT / "docs/examples"


def command(language: str) -> list[str]:
    if language == "python":
        return [sys.executable, str(EXAMPLES / "outside_python.py")]
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Node.js is not on the PATH.")
    return [node, str(EXAMPLES / "outside_node.mjs")]


async def started(running: Stack, language: str, accepted: dict[str, Any]) -> asyncio.subprocess.Process:
    words = [running.url.rstrip("/"), accepted["jobId"], accepted["publish"]["token"]]
    return await asyncio.create_subprocess_exec(*command(language), *words, stdout=PIPE)


async def ended(process: asyncio.subprocess.Process) -> str:
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    return out.decode().strip()


async def external(client: Client, topic: str) -> dict[str, Any]:
    return dict(await client.ask("job:submit", {"agent": "external", "input": {"topic": topic}}))


@pytest.mark.parametrize("language", ["python", "node"])
async def test_an_example_publishes_a_job(scripted: Stack, language: str) -> None:
    async with client_of(scripted) as client:
        accepted = await external(client, "rain")
        process = await started(scripted, language, accepted)
        view = await followed(client, accepted["jobId"])
    assert await ended(process) == view.status == "completed"
    assert view.text.startswith("Here is what I know of rain")
    assert view.text.count(" ") > 15


@pytest.mark.parametrize("language", ["python", "node"])
async def test_an_example_stops_when_a_user_cancels(scripted: Stack, language: str) -> None:
    async with client_of(scripted) as client:
        accepted = await external(client, " and ".join(["rain"] * 500))
        process = await started(scripted, language, accepted)
        view = JobView(accepted["jobId"])
        async for _, now in client.follow(accepted["jobId"], view):
            if now.text and not now.ended:
                await client.ask("job:cancel", {"jobId": accepted["jobId"]})
    assert await ended(process) == view.status == "cancelled"
    assert len(view.text) < 3000


@pytest.mark.parametrize("language", ["python", "node"])
async def test_an_example_goes_on_when_the_server_comes_back(fragile: Stack, language: str) -> None:
    async with client_of(fragile) as client:
        accepted = await external(client, " and ".join(["rain"] * 100))
        process = await started(fragile, language, accepted)
        view = JobView(accepted["jobId"])
        async for _, now in client.follow(accepted["jobId"], view):
            if now.text:
                break
    fragile.web.kill()
    fragile.web.start()
    await eventually_awaited(lambda: asyncio.to_thread(fragile.is_serving))
    async with client_of(fragile) as client:
        view = await followed(client, accepted["jobId"])
    assert await ended(process) == view.status == "completed"
    assert view.text.startswith("Here is what I know of rain and rain ")
    assert (view.text.count("rain"), view.text.count("asked")) == (100, 1), "each word once"
