"""Finding: which agent a word on the command line means, and one sentence where it means none."""

import pytest

from agents import AgentLoadError, find_agent
from tests.agents.author import WriteModule

TWO = """
from typing import Any
from agents import JobContext, agent

@agent("haiku")
async def write_haiku(job: JobContext[Any]) -> None: ...

@agent("sonnet")
async def sonnet(job: JobContext[Any]) -> None: ...

@agent("line")
async def _line(job: JobContext[Any]) -> None: ...
"""
ONE = "from agents import JobContext, agent\n@agent('ode')\nasync def ode(job: JobContext) -> None: ...\n"


@pytest.mark.parametrize(
    ("name", "found"),
    [("haiku", "haiku"), ("write_haiku", "haiku"), ("sonnet", "sonnet"), ("_line", "line")],
)
def test_an_agent_is_found_by_its_name_and_by_its_functions(
    write_module: WriteModule, name: str, found: str
) -> None:
    assert find_agent(f"{write_module('finding_two', TWO)}:{name}").name == found


def test_a_module_with_one_agent_means_that_one(write_module: WriteModule) -> None:
    assert find_agent(write_module("finding_package.agents", ONE)).name == "ode"
    assert find_agent(write_module("finding_one", ONE)).name == "ode"


def test_what_a_module_imports_does_not_count_beside_its_own(write_module: WriteModule) -> None:
    module = write_module("finding_importing", f"from agents.built_in.chat import chat\n{ONE}")
    assert find_agent(module).name == "ode"


def test_a_name_alone_is_that_of_an_agent_that_workers_have(write_module: WriteModule) -> None:
    assert find_agent("chat").name == "chat"
    assert find_agent("sonnet", [write_module("finding_known", TWO)]).name == "sonnet"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("{two}", "has several agents: write {two}: and one of haiku, sonnet."),
        ("{two}:ode", "The module '{two}' has no agent 'ode'. It has: haiku, sonnet."),
        ("{two}:Any", "has no agent 'Any'"),
        (
            "nobody",
            "There is no agent 'nobody', and no module of that name. Known: chat, document, refine, ",
        ),
        ("no.body", "The module 'no.body' cannot be imported: ModuleNotFoundError: No module named 'no'."),
        ("no.body:x", "The module 'no.body' cannot be imported"),
        ("json", "The module 'json' has no agent: decorate a function"),
        (":x", "The module '' cannot be imported"),
        ("..", "The module '..' cannot be imported"),
        ("", "There is no agent ''"),
    ],
)
def test_what_means_no_agent_is_one_sentence(write_module: WriteModule, target: str, said: str) -> None:
    two = write_module("finding_two", TWO)
    with pytest.raises(AgentLoadError) as raised:
        find_agent(target.format(two=two))
    assert said.format(two=two) in str(raised.value)
    assert "\n" not in str(raised.value)
