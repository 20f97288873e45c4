"""Reload in development: real workers under their keeper, whose agents are edited while they work."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared_events.events import JobStatus
from tests.e2e.aftermath import assert_nothing_left, assert_whole
from tests.e2e.conftest import client_of, counted, followed
from tests.e2e.crowd import crowd
from tests.stack import Process, Stack
from tests.waiting import eventually

SAYS = """
from agents import JobContext, agent

@agent("speak")
async def speak(job: JobContext) -> None:
    await job.on_chunk("{words}")
"""
COUNTS = """
from agents import JobContext, agent

@agent("count")
async def count(job: JobContext) -> None:
    per_s = 20 if job.attempt == 1 else 500
    async for _ in job.stream("go", model=f"count-100@{per_s}"):
        pass
"""


class Author:
    """Somebody who edits agents beside an installation that runs them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = directory / "jobcast.toml"

    def write(self, module: str, text: str) -> None:
        """As editors do: the new file takes the place of the old one."""
        path = self.directory / f"{module}.py"
        fresh = path.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(path)

    def name(self, *modules: str) -> None:
        self.config.write_text(f"modules = {list(modules)}\n")


@pytest.fixture
def author(tmp_path: Path) -> Author:
    one = Author(tmp_path)
    one.write("spoken", SAYS.format(words="one"))
    one.name("spoken")
    return one


@contextmanager
def kept(author: Author, data: Path, **settings: str) -> Iterator[Stack]:
    """An installation that is not ready yet, whose worker has a keeper as under `make run`."""
    environment = {
        "PYTHONPATH": str(author.directory),
        "JOBCAST_CONFIG": str(author.config),
        "JOBCAST_RELOAD": "on",
        "DRAIN_SECONDS": "30",
        **settings,
    }
    running = Stack(data, environment)
    command = ["launch.keeper", "--parent", str(os.getpid()), "worker", "--", sys.executable, "-m", "workers"]
    running.worker = Process(command, running.environment, data / "worker.log")
    running.redis.start()
    running.web.start()
    running.worker.start()
    try:
        yield running
    except BaseException as error:
        running.__exit__(type(error), error, None)
        raise
    running.__exit__(None, None, None)


@pytest.fixture
def installed(author: Author, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with kept(author, tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
async def running(installed: Stack) -> Stack:
    await starts(installed, 1)
    await eventually(installed.is_ready)
    return installed


def said(running: Stack, words: str) -> int:
    return running.worker.log.read_text().count(words)


async def starts(running: Stack, times: int) -> None:
    """Until the worker has been ready so often; no start was for a crash."""
    await eventually(lambda: said(running, "worker_ready") >= times, 40)
    assert said(running, "it starts again") == 0


async def spoken(running: Stack) -> str:
    async with client_of(running) as client:
        view = await followed(client, await client.submit({"agent": "speak", "input": {}}))
    assert view.status is JobStatus.COMPLETED
    return view.text


async def test_a_job_after_an_edit_runs_the_new_code(running: Stack, author: Author) -> None:
    """Each edit has the size of the one before it: their bytecode could be taken for each other's."""
    for number, words in enumerate(("two", "six", "ten"), 2):
        author.write("spoken", SAYS.format(words=words))
        await starts(running, number)
        assert await spoken(running) == words
    assert said(running, "reloading") == 3


async def test_code_that_cannot_be_loaded_is_one_warning_and_the_old_goes_on(
    running: Stack, author: Author
) -> None:
    author.write("spoken", "def speak(:\n")
    await eventually(lambda: said(running, "not_reloaded"))
    assert said(running, "SyntaxError") == 1
    assert said(running, "spoken.py, line 1") == 1
    assert await spoken(running) == "one"
    author.write("spoken", SAYS.format(words="two"))
    await starts(running, 2)
    assert await spoken(running) == "two"
    assert said(running, "not_reloaded") == 1


async def test_a_broken_module_that_the_edit_brought_in_is_watched_too(
    running: Stack, author: Author
) -> None:
    """Nobody had imported it when the worker began, so nobody would have looked at it."""
    author.write("spoken", "import words\n" + SAYS.format(words="{words.NOW}").replace('"{', 'f"{'))
    await eventually(lambda: said(running, "No module named 'words'"))
    author.write("words", "NOW = (")
    await eventually(lambda: said(running, "words.py, line 1"))
    author.write("words", "NOW = 'two'")
    await starts(running, 2)
    assert await spoken(running) == "two"


STUBBORN = """
import asyncio, threading, time
from agents import JobContext, agent

threading.Thread(target=time.sleep, args=(1000,)).start()

@agent("stubborn")
async def stubborn(job: JobContext) -> None:
    await job.on_chunk("here")
    while job.attempt == 1:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
"""


async def test_neither_a_stubborn_agent_nor_a_thread_holds_it_up(running: Stack, author: Author) -> None:
    author.write("spoken", STUBBORN)
    await eventually(lambda: b'"stubborn"' in running._get("v1/agents"))
    await starts(running, 2)
    async with crowd(running) as all_:
        job_id = await all_.submit("stubborn", expected="here")
        await all_.until(job_id, words=1)
        author.write("spoken", f"{STUBBORN}# edited")
        (view,) = await all_.ends()
    assert (view.status, view.text) == (JobStatus.COMPLETED, "here")
    await starts(running, 3)


async def test_a_job_that_runs_meanwhile_goes_on_in_the_new_process(running: Stack, author: Author) -> None:
    author.write("counted", COUNTS)
    author.name("spoken", "counted")
    await starts(running, 2)
    await eventually(lambda: b'"count"' in running._get("v1/agents"))
    async with crowd(running) as all_:
        job_id = await all_.submit("count", expected=counted(100))
        await all_.until(job_id, words=5)
        author.write("spoken", SAYS.format(words="two"))
        (view,) = await all_.ends()
        await assert_whole(running, [view])
    assert (view.status, view.text, view.attempt) == (JobStatus.COMPLETED, counted(100), 2)
    await starts(running, 3)
    assert_nothing_left(running)


async def test_a_module_that_jobcast_toml_names_anew_is_in_the_catalogue(
    running: Stack, author: Author
) -> None:
    author.write("counted", COUNTS)
    author.name("spoken", "counted")
    await eventually(lambda: b'"count"' in running._get("v1/agents"))
    author.name("counted")
    await eventually(lambda: b'"speak"' not in running._get("v1/agents"))
    assert b'"chat"' in running._get("v1/agents")


async def test_a_wrong_setting_in_jobcast_toml_keeps_the_old_ones(running: Stack, author: Author) -> None:
    author.config.write_text("modules = ['spoken']\n[backends.a]\nkind = 'telepathy'\n")
    await eventually(lambda: said(running, "backends.a.kind is 'telepathy'"))
    assert await spoken(running) == "one"


@pytest.mark.parametrize("text", ["def speak(:\n", None], ids=["broken", "absent"])
async def test_a_start_that_fails_waits_for_the_change(
    author: Author, tmp_path_factory: pytest.TempPathFactory, text: str | None
) -> None:
    """It ended everything, as a wrong setting does."""
    if text is not None:
        author.write("missing", text)
    author.name("missing")
    with kept(author, tmp_path_factory.mktemp("data")) as running:
        await eventually(lambda: said(running, "not_loaded"))
        author.write("missing", SAYS.format(words="one"))
        await starts(running, 1)
        await eventually(running.is_ready)
        assert await spoken(running) == "one"
        assert said(running, "not_loaded") == 1


async def test_without_reload_nothing_is_watched(
    author: Author, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with kept(author, tmp_path_factory.mktemp("data"), JOBCAST_RELOAD="off") as running:
        await starts(running, 1)
        await eventually(running.is_ready)
        author.write("spoken", "def speak(:\n")
        assert await spoken(running) == "one"
        assert said(running, "not_reloaded") == 0
