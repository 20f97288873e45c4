"""The promise to authors: five lines make an agent."""

from agents import Scripted, load_agents
from tests.agents.author import WriteModule
from tests.agents.collecting import CollectingSink, context

AGENT = """\
from agents import JobContext, agent
@agent("haiku")
async def haiku(job: JobContext):
    async for _ in job.stream(f"A haiku about {job.input['topic']}."):
        pass
"""


async def test_an_agent_of_five_lines_loads_and_streams(write_module: WriteModule) -> None:
    haiku = load_agents([write_module("five_lines", AGENT)])["haiku"]
    job = context(sink := CollectingSink(), Scripted(), given={"topic": "rain"}, model="count-5@100000")
    await haiku.run(job)
    assert sink.chunks == ["1", " 2", " 3", " 4", " 5"]
    assert job.text == "1 2 3 4 5"
    assert haiku.entry().input_schema["type"] == "object"
