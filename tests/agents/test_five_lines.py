"""The promise to authors: five lines make an agent, also without `async`."""

import pytest

from agents import Scripted, load_agents, run_agent
from tests.agents.author import WriteModule
from tests.agents.collecting import CollectingSink, context

ASYNC = """\
from agents import JobContext, agent
@agent("haiku")
async def haiku(job: JobContext):
    async for _ in job.stream(f"A haiku about {job.input['topic']}."):
        pass
"""

PLAIN = """\
from agents import SyncJobContext, agent
@agent("haiku")
def haiku(job: SyncJobContext):
    for _ in job.stream(f"A haiku about {job.input['topic']}."):
        pass
"""


@pytest.mark.parametrize("source", [ASYNC, PLAIN], ids=["async", "plain"])
async def test_an_agent_of_five_lines_loads_and_streams(write_module: WriteModule, source: str) -> None:
    haiku = load_agents([write_module("five_lines", source)])["haiku"]
    job = context(sink := CollectingSink(), Scripted(), given={"topic": "rain"}, model="count-5@100000")
    await run_agent(haiku, job)
    assert sink.chunks == ["1", " 2", " 3", " 4", " 5"]
    assert job.text == "1 2 3 4 5"
    assert haiku.entry().input_schema["type"] == "object"
