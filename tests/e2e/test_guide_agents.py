"""The agents of the author's guide in a whole installation: announced, listed, streamed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared_events.events import JobStatus
from tests.e2e.command import jobcast
from tests.e2e.conftest import client_of, counted, followed
from tests.stack import Stack, stack

NAMES = ("haiku", "translate", "weather", "summarize_many", "countdown")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    config: Path = tmp_path_factory.mktemp("guide") / "jobcast.toml"
    config.write_text(f"modules = {json.dumps([f'docs.examples.agents.{name}' for name in NAMES])}\n")
    with stack(JOBCAST_CONFIG=str(config)) as one:
        yield one


async def test_the_first_agent_of_the_guide_streams(running: Stack) -> None:
    request = {"agent": "haiku", "input": {"prompt": "rain"}, "model": "count-9@100"}
    async with client_of(running) as client:
        view = await followed(client, await client.submit(request))
    assert (view.status, view.text) == (JobStatus.COMPLETED, counted(9))


async def test_a_part_and_a_thread_work_there_as_well(running: Stack) -> None:
    many = {"articles": [{"title": "A", "text": "x"}, {"title": "B", "text": "y"}]}
    async with client_of(running) as client:
        request = {"agent": "summarize-many", "input": many, "model": "count-3@100"}
        summarized = await followed(client, await client.submit(request))
        counting = await client.submit({"agent": "countdown", "input": {"start": 2, "pause_s": 0.01}})
        counted_down = await followed(client, counting)
    assert summarized.result == {"A": "1 2 3", "B": "1 2 3"}
    assert counted_down.text == "2… 1… Lift-off!"


async def test_the_command_lists_what_each_agent_takes(running: Stack) -> None:
    code, out, err = await jobcast("--url", running.url, "agents")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (code, err) == (0, "")
    for line in (
        "haiku Writes a haiku.",
        "any JSON object",
        "text text required",
        'into one of "English", "French", "German" default "English"',
        "prompt text this or messages",
        "articles list of object required",
        "Backends",
    ):
        assert line in lines
    assert lines[-1].startswith("scripted (default) essay, count-1000@50 Plays a script")
    assert "summary" not in out


async def test_the_command_lists_more_when_asked(running: Stack) -> None:
    _, out, _ = await jobcast("--url", running.url, "agents", "-v")
    assert "What to translate; length at least 1; length at most 20000" in out
    _, out, _ = await jobcast("--url", running.url, "agents", "--json")
    answer = json.loads(out)
    assert {agent["name"] for agent in answer["agents"]} >= {"haiku", "translate", "chat"}
    (translate,) = (agent for agent in answer["agents"] if agent["name"] == "translate")
    assert translate["inputSchema"]["required"] == ["text"]
    assert answer["backends"][0]["name"] == "scripted"


async def test_without_a_server_there_is_one_sentence() -> None:
    code, out, err = await jobcast("--url", "http://127.0.0.1:1", "agents")
    assert (code, out, len(err.splitlines())) == (3, "", 1)
    assert err.startswith("jobcast: No Jobcast server answers at http://127.0.0.1:1/v1/agents (")
