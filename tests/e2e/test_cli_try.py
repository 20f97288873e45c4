"""`jobcast try` as an author runs it: no server, no Redis, and every mistake is one sentence."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.e2e.command import begun, jobcast

MODULE = """
import asyncio
from typing import Any

import msgspec

from agents import BackendUnavailable, JobContext, SyncJobContext, agent


class Topic(msgspec.Struct):
    topic: str
    lines: int = 3


@agent("haiku")
async def haiku(job: JobContext[Topic]) -> dict[str, int]:
    async for _ in job.stream(f"A haiku about {job.input.topic}."):
        pass
    await job.progress(90, "counting")
    return {"lines": job.input.lines}


@agent("broken")
def broken(job: SyncJobContext[Any]) -> None:
    job.on_chunk("so far")
    raise ValueError("a secret \\x1b[31m")


@agent("busy")
async def busy(job: JobContext[Any]) -> None:
    raise BackendUnavailable("The provider is away.")


@agent("endless")
async def endless(job: JobContext[Any]) -> None:
    try:
        await job.on_chunk("here")
        await asyncio.Event().wait()
    finally:
        await job.on_chunk(" and gone")
"""


@pytest.fixture
def author(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has written a module."""
    (tmp_path / "tried_agents.py").write_text(MODULE)
    return {"PYTHONPATH": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:1", "OPENAI_API_KEY": ""}


async def test_an_agent_streams_to_stdout_and_the_rest_is_told_beside_it(author: dict[str, str]) -> None:
    words = ("try", "tried_agents:haiku", "topic=rain", "lines:=5", "--model", "count-5@100")
    code, out, err = await jobcast(*words, environment=author)
    assert (code, out.rstrip("\n")) == (0, "1 2 3 4 5")
    assert "90 %  counting" in err
    assert "completed 8 events" in err
    assert 'result {"lines":5}' in err
    assert "first text after " in err
    assert "5 out, " in err
    assert " tokens/s" in err


async def test_the_whole_input_may_be_json(author: dict[str, str]) -> None:
    words = ("try", "tried_agents:haiku", "--json-input", "-", "lines:=2", "--model", "count-1@100")
    code, _, err = await jobcast(*words, stdin=b'{"topic": "rain", "lines": 9}', environment=author)
    assert (code, 'result {"lines":2}' in err) == (0, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["nobody"],
            "There is no agent 'nobody', and no module of that name. Known: chat, document, ",
        ),
        (["no.body:x"], "The module 'no.body' cannot be imported: ModuleNotFoundError"),
        (["json"], "The module 'json' has no agent"),
        (
            ["tried_agents"],
            "has several agents: write tried_agents: and one of broken, busy, endless, haiku.",
        ),
        (["tried_agents:ode"], "has no agent 'ode'. It has: broken, busy, endless, haiku."),
        (
            ["tried_agents:haiku"],
            "`topic`. It takes: topic (text, required); lines (whole number, default 3).",
        ),
        (["tried_agents:haiku", "topic=x", "lines=3"], "Expected `int`, got `str` - at `$.lines`"),
        (["tried_agents:haiku", "topic"], "'topic' is not KEY=VALUE."),
        (["tried_agents:haiku", "--json-input", "{"], "'{' is not JSON"),
        (["tried_agents:haiku", "topic=x", "--json-input", "[]"], "a JSON object only"),
        (["tried_agents:haiku", "topic=x", "--backend", "x"], "There is no backend 'x'. Known: scripted."),
    ],
)
async def test_a_mistake_is_one_sentence(author: dict[str, str], words: list[str], said: str) -> None:
    code, out, err = await jobcast("try", *words, environment=author)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith("jobcast: ")
    assert said in err


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("modules = [", "is not valid TOML"),
        ('[backends.a]\nkind = "openai"\napi_key = "sk-secret"\n', "a key does not belong in a file"),
    ],
)
async def test_a_wrong_jobcast_toml_is_one_sentence(
    author: dict[str, str], tmp_path: Path, config: str, said: str
) -> None:
    """It was a traceback of 35 lines."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(config)
    environment = author | {"JOBCAST_CONFIG": str(wrong)}
    code, out, err = await jobcast("try", "tried_agents:haiku", "topic=rain", environment=environment)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith("jobcast: ")
    assert said in err
    assert "sk-secret" not in err


async def test_an_error_of_the_agent_names_its_line(author: dict[str, str]) -> None:
    code, out, err = await jobcast("try", "tried_agents:broken", environment=author)
    assert (code, out) == (1, "so far")
    assert "raised ValueError: a secret \ufffd[31m (" in err
    assert "tried_agents.py, line 26, in broken: raise ValueError(" in err
    assert "Traceback" not in err
    code, _, err = await jobcast("try", "tried_agents:broken", "-v", environment=author)
    assert (code, "Traceback (most recent call last)" in err) == (1, True)


async def test_that_a_worker_would_try_again_is_said(author: dict[str, str]) -> None:
    code, _, err = await jobcast("try", "tried_agents:busy", environment=author)
    assert code == 1
    assert "backend_unavailable: The provider is away." in err
    assert "A worker would try again, 3 times in all." in err


async def test_a_reader_who_has_enough_ends_it_without_blaming_the_agent(author: dict[str, str]) -> None:
    process = await begun(
        "try", "tried_agents:haiku", "topic=x", "--model", "count-9999@99", environment=author
    )
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readexactly(3), 30)
    process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
    assert process.stderr is not None
    err = await asyncio.wait_for(process.stderr.read(), 30)
    assert (await process.wait(), b"cancelled" in err, b"raised" in err) == (1, True, False)


async def test_ctrl_c_lets_the_agent_clean_up(author: dict[str, str]) -> None:
    process = await begun("try", "tried_agents:endless", environment=author)
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readexactly(4), 30) == b"here"
    process.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, out) == (130, b" and gone")
    assert b"cancelled" in err
