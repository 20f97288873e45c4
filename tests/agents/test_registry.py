"""Registry: what may become an agent, and how modules with agents are loaded."""

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from agents import (
    Agent,
    AgentLoadError,
    InvalidAgent,
    JobContext,
    Policy,
    Retry,
    SyncJobContext,
    agent,
    load_agents,
)
from tests.agents.author import WriteModule


class Topic(msgspec.Struct):
    topic: str


IMPORTS = "from typing import Any\nfrom agents import JobContext, agent\n"
ONE = """
@agent("{name}")
async def {name}(job: JobContext[Any]) -> None: ...
"""


def test_an_agent_knows_its_function_and_its_input() -> None:
    @agent("haiku")
    async def haiku(job: JobContext[Topic]) -> None:
        """Writes a haiku.

        And more about it.
        """

    assert isinstance(haiku, Agent)
    assert (haiku.name, haiku.description, haiku.input_type) == ("haiku", "Writes a haiku.", Topic)
    entry = haiku.entry()
    assert (entry.name, entry.description) == ("haiku", "Writes a haiku.")
    assert entry.input_schema["properties"] == {"topic": {"type": "string"}}


def test_the_description_can_be_given() -> None:
    @agent("x", description="Told.")
    async def told(job: JobContext[Topic]) -> None:
        """Not this."""

    @agent("y")
    async def untold(job: JobContext[Topic]) -> None: ...

    assert (told.description, untold.description) == ("Told.", "")


def test_a_plain_function_is_an_agent_with_a_context_of_its_own() -> None:
    @agent("plain")
    def plain(job: SyncJobContext[Topic]) -> None:
        """Waits for what it calls."""

    @agent("bare")
    def bare(job): ...  # type: ignore[no-untyped-def]

    @agent("async")
    async def not_plain(job: JobContext[Topic]) -> None: ...

    assert [one.is_async for one in (plain, bare, not_plain)] == [False, False, True]
    assert (plain.input_type, plain.description) == (Topic, "Waits for what it calls.")
    assert bare.input_type == dict[str, Any]


def test_an_agent_says_how_it_wants_to_be_run() -> None:
    @agent("x")
    async def plain(job: JobContext[Any]) -> None: ...

    wanted = Policy(
        retry=Retry(attempts=5, on=(OSError,)),
        on_retry="continue",
        timeout_s=60,
        own_process=True,
        queue="gpu",
        on_unwatched="cancel",
        unwatched_grace_s=5,
    )

    @agent("y", **{name: getattr(wanted, name) for name in Policy.__struct_fields__})
    async def special(job: JobContext[Any]) -> None: ...

    assert (plain.policy, special.policy) == (Policy(), wanted)
    assert (plain.entry().queue, special.entry().queue) == (None, "gpu")


def test_a_policy_that_is_not_allowed_is_refused_before_the_function_is_seen() -> None:
    with pytest.raises(InvalidAgent, match="timeout_s must be 1 to 86400 seconds, not 0"):
        agent("x", timeout_s=0)


async def test_an_agent_can_be_called_like_its_function() -> None:
    @agent("echo")
    async def echo(job: JobContext[Any]) -> object:
        return job

    @agent("echo")
    def sync_echo(job: SyncJobContext[Any]) -> object:
        return job

    assert await echo("a job") == await echo.run("a job") == "a job"
    assert sync_echo("a job") == "a job"


def test_an_agent_without_input_type_takes_any_object() -> None:
    @agent("plain")
    async def plain(job: JobContext) -> None: ...  # type: ignore[type-arg]

    @agent("any")
    async def anything(job: JobContext[Any]) -> None: ...

    @agent("bare")
    async def bare(job) -> None: ...  # type: ignore[no-untyped-def]

    for one in (plain, anything, bare):
        assert one.input_type == dict[str, Any]
        assert one.entry().input_schema["type"] == "object"


def test_an_annotated_input_type_keeps_its_annotation() -> None:
    @agent("annotated")
    async def annotated(job: JobContext[Annotated[Topic, Meta(title="About")]]) -> None: ...

    assert annotated.entry().input_schema["title"] == "About"


@pytest.mark.parametrize("name", ["", "Haiku", "a b", "ä", "a" * 41, "a\n", "a.b"])
def test_a_name_that_is_not_allowed_is_refused(name: str) -> None:
    with pytest.raises(InvalidAgent, match="An agent's name has 1 to 40 of a-z 0-9 - _"):
        agent(name)


def test_the_decorator_without_a_name_is_refused() -> None:
    with pytest.raises(TypeError, match=r'write @agent\("name"\)'):

        @agent  # type: ignore[arg-type]
        async def nameless(job: JobContext[Any]) -> None: ...


def forgot_async(job: JobContext[Any]) -> None: ...


async def takes_a_sync_context(job: SyncJobContext[Any]) -> None: ...


def yields_plainly(job: SyncJobContext[Any]) -> Any:
    yield 1


class CallsItself:
    def __call__(self, job: SyncJobContext[Any]) -> None: ...


async def yields(job: JobContext[Any]) -> Any:
    yield 1


async def takes_nothing() -> None: ...


async def takes_two(job: JobContext[Any], more: int) -> None: ...


async def takes_keywords(*, job: JobContext[Any]) -> None: ...


async def takes_a_number(job: int) -> None: ...


async def takes_the_unknown(job: "JobContext[Nowhere]") -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (forgot_async, "is a plain `def`: its argument must be a SyncJobContext"),
        (takes_a_sync_context, "is an `async def`: its argument must be a JobContext"),
        (yields, "must be an `async def` or a `def` that does not yield"),
        (yields_plainly, "must be an `async def` or a `def` that does not yield"),
        (CallsItself(), "must be an `async def` or a `def` that"),
        (print, "must be an `async def` or a `def` that"),
        (5, "must be an `async def` or a `def` that"),
        (takes_nothing, "exactly one argument"),
        (takes_two, "exactly one argument"),
        (takes_keywords, "exactly one argument"),
        (takes_a_number, "its argument must be a JobContext"),
        (takes_the_unknown, "annotations .* must be known to its module: name 'Nowhere'"),
    ],
)
def test_a_function_that_cannot_be_an_agent_is_refused(function: Any, reason: str) -> None:
    with pytest.raises(TypeError, match=reason):
        agent("wrong")(function)


def test_the_built_in_agents_are_loaded() -> None:
    assert list(load_agents()) == ["chat", "refine", "research", "document"]
    assert load_agents()["chat"].input_type is not None


def test_agents_of_modules_and_packages_are_loaded(write_module: WriteModule) -> None:
    write_module("zoo.birds", IMPORTS + ONE.format(name="owl") + ONE.format(name="emu"))
    package = write_module("zoo.__init__", "from zoo import birds").removesuffix(".__init__")
    single = write_module("garden", "from zoo.birds import owl\n" + IMPORTS + ONE.format(name="rose"))
    assert load_agents([package, single]).keys() == {*load_agents(), "emu", "owl", "rose"}
    assert load_agents(["garden"]).keys() == load_agents(["garden"]).keys() == {*load_agents(), "owl", "rose"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("def f(:", "SyntaxError: "),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ('@agent("A")\nasync def f(job: JobContext[Any]) -> None: ...', "InvalidAgent: An agent's name"),
        (
            '@agent("a")\ndef f(job: JobContext[Any]) -> None: ...',
            "TypeError: The agent 'a' is a plain `def`",
        ),
    ],
)
def test_a_module_that_cannot_be_imported_is_one_sentence(
    write_module: WriteModule, source: str, reason: str
) -> None:
    module = write_module("broken", IMPORTS + source)
    with pytest.raises(AgentLoadError) as raised:
        load_agents([module])
    assert str(raised.value).startswith(f"The module 'broken' cannot be imported: {reason}")
    assert "\n" not in str(raised.value)


def test_a_module_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AgentLoadError, match="'no_such_module' cannot be imported: ModuleNotFoundError"):
        load_agents(["no_such_module"])


def test_a_module_without_agents_is_refused(write_module: WriteModule) -> None:
    with pytest.raises(AgentLoadError, match="'empty' has no agent: decorate a function"):
        load_agents([write_module("empty", "")])


def test_two_agents_of_one_name_are_refused(write_module: WriteModule) -> None:
    first, second = (write_module(name, IMPORTS + ONE.format(name="owl")) for name in ("north", "south"))
    with pytest.raises(AgentLoadError, match="Two agents are named 'owl': north:owl and south:owl"):
        load_agents([first, second])
    with pytest.raises(AgentLoadError, match="Two agents are named 'chat'"):
        load_agents([write_module("mine", IMPORTS + ONE.format(name="chat"))])


def test_an_input_without_a_schema_is_refused_at_loading(write_module: WriteModule) -> None:
    module = write_module(
        "listy", IMPORTS + '@agent("x")\nasync def x(job: JobContext[list[int]]) -> None: ...'
    )
    with pytest.raises(AgentLoadError, match=r"'x' of listy:x cannot be used: .* is no JSON object"):
        load_agents([module])


def test_the_name_of_publishers_outside_is_taken() -> None:
    with pytest.raises(InvalidAgent, match="No agent may be named 'external'"):
        agent("external")
