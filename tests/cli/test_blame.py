"""Blame: an error names the author's own line, not one of Python's or Jobcast's."""

import json
from pathlib import Path

import msgspec

from agents import find_agent, try_agent
from cli.blame import blamed


def raised_by_python() -> Exception:
    try:
        json.loads("{")
    except ValueError as error:
        return error
    raise AssertionError


def test_the_line_is_the_last_of_ones_own() -> None:
    said = blamed(raised_by_python())
    assert said.startswith("json.decoder.JSONDecodeError: Expecting property name")
    assert f"{Path(__file__).name}, line " in said
    assert "in raised_by_python: json.loads(" in said


async def test_an_agents_line_is_named_by_its_path_in_the_directory() -> None:
    trial = await try_agent(find_agent("docs.examples.agents.haiku"), {}, raises=False)
    assert trial.error is not None
    assert "KeyError: 'prompt' (docs/examples/agents/haiku.py, line 6, in haiku: " in blamed(trial.error)


def test_an_error_that_was_never_raised_has_no_line() -> None:
    assert blamed(msgspec.ValidationError("no")) == "msgspec.ValidationError: no"
