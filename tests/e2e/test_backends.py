"""Backends of `jobcast.toml` in a real worker: chosen by name, said in its log, refused in one sentence."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.follower import RequestRefused
from launch.exit_codes import WRONG_SETTING
from shared_events.events import JobStatus
from tests.e2e.conftest import client_of, followed, submit
from tests.stack import Process, Stack, stack

MODULE = """
from agents import Finished, TextDelta

class Mine:
    name = kind = description = "mine"
    models = ()

    def __init__(self, *, greeting, api_key):
        assert api_key == "sk-hidden"
        self._greeting = greeting

    async def stream(self, request):
        yield TextDelta(f"{self._greeting} from {request.model}")
        yield Finished("stop")

    async def aclose(self):
        pass
"""
CONFIG = """
[backends.own]
kind = "custom"
factory = "my_backends:Mine"
options = { greeting = "Hello" }
api_key_env = "MY_KEY"
model = "m"

[backends.demo]
kind = "scripted"
model = "count-3@100"

[backends.server]
kind = "openai"
base_url = "https://llm.example:8443/v1"
api_key_env = "MY_KEY"
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory: Path = tmp_path_factory.mktemp("backends")
    (directory / "my_backends.py").write_text(MODULE)
    config = directory / "jobcast.toml"
    config.write_text(CONFIG)
    with stack(PYTHONPATH=str(directory), JOBCAST_CONFIG=str(config), MY_KEY="sk-hidden") as one:
        yield one


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "Hello from m"),
        ({"backend": "own", "model": "n"}, "Hello from n"),
        ({"backend": "demo"}, "1 2 3"),
        ({"backend": "scripted", "model": "count-2@100"}, "1 2"),
    ],
)
async def test_a_job_is_answered_by_the_backend_it_names_or_by_the_first(
    running: Stack, fields: dict[str, str], text: str
) -> None:
    async with client_of(running) as client:
        view = await followed(client, await submit(client, **fields))
    assert (view.status, view.text) == (JobStatus.COMPLETED, text)


async def test_a_backend_that_is_not_configured_is_refused_with_those_that_are(running: Stack) -> None:
    async with client_of(running) as client:
        with pytest.raises(RequestRefused, match=r"no backend 'https://x'\. Known: demo, own, scripted, ser"):
            await submit(client, backend="https://x")


async def test_the_log_says_kind_and_host_and_never_the_key(running: Stack) -> None:
    log = running.worker.log.read_text()
    assert "own (custom)" in log
    assert "server (openai at llm.example:8443)" in log
    assert "sk-hidden" not in log


def test_a_factory_that_fails_ends_the_start_in_one_sentence(running: Stack, tmp_path: Path) -> None:
    config = tmp_path / "jobcast.toml"
    config.write_text('[backends.own]\nkind = "custom"\nfactory = "my_backends:Mine"\noptions = { a = 1 }\n')
    worker = Process(
        ["workers"], {**running.environment, "JOBCAST_CONFIG": str(config)}, tmp_path / "worker.log"
    )
    worker.start()
    worker.wait()
    assert worker.exit_code == WRONG_SETTING
    said = worker.log.read_text()
    assert said.startswith("jobcast: The backend 'own' cannot be used: my_backends:Mine refused its options")
    assert said.count("\n") == 1
