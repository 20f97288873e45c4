"""The promise to authors: five lines make an agent."""

import sys
from pathlib import Path

import pytest

from agents import Scripted, load_agents
from tests.agents.collecting import CollectingSink, context

AGENT = """\
from agents import JobContext, agent
@agent("haiku")
async def haiku(job: JobContext):
    async for _ in job.stream(f"A haiku about {job.input['topic']}."):
        pass
"""


async def test_an_agent_of_five_lines_loads_and_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("five_lines.py").write_text(AGENT)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    haiku = load_agents(["five_lines"])["haiku"]
    job = context(
        sink := CollectingSink(), Scripted(), input={"topic": "rain"}, model="count-5@100000"
    )
    await haiku.run(job)
    assert sink.chunks == ["1", " 2", " 3", " 4", " 5"]
    assert job.text == "1 2 3 4 5"
    assert haiku.entry().input_schema["type"] == "object"
