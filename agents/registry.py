"""Agents: how a function becomes one, and how a worker finds those of its modules.

Loading has no global list: a module's agents are those that its names hold. One whose name begins with
an underscore is a part of others (`JobContext.spawn`), and is not offered.
"""

import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args, get_origin, get_type_hints

import msgspec

from agents.context import JobContext
from agents.errors import AgentLoadError, InvalidAgent, InvalidInput
from agents.policy import OnRetry, OnUnwatched, Policy, Retry
from agents.schema import input_schema
from agents.sync_context import SyncJobContext
from shared_events.contract import EXTERNAL, AgentEntry

BUILT_IN: Final = (
    "agents.built_in.chat",
    "agents.built_in.refine",
    "agents.built_in.research",
    "agents.built_in.document",
)

_OURS: Final = Path(__file__).parent

AgentFunction: TypeAlias = (
    Callable[[JobContext[Any]], Coroutine[Any, Any, object]] | Callable[[SyncJobContext[Any]], object]
)

DEFAULTS: Final = Policy()

_NAME: Final = re.compile(r"[a-z0-9_-]{1,40}", re.ASCII)


class Agent(msgspec.Struct, frozen=True, eq=False):
    """What `@agent` makes of a function. It can still be called like the function."""

    name: str
    description: str
    input_type: Any
    """What `msgspec.convert` turns the job's input into."""
    run: Callable[[Any], Any]
    """The function; `run_agent` knows how to call it."""
    policy: Policy = DEFAULTS

    def __call__(self, job: Any) -> Any:
        return self.run(job)

    @property
    def is_async(self) -> bool:
        """Whether it is an `async def`, which gets a `JobContext`; a plain `def` gets a `SyncJobContext`."""
        return inspect.iscoroutinefunction(self.run)

    @property
    def origin(self) -> str:
        """`module:function`"""
        return f"{self.run.__module__}:{self.run.__qualname__}"

    def fitting(self, given: Any) -> Any:
        """`given` (JSON types) as its input type. Raises `InvalidInput`."""
        try:
            return msgspec.convert(given, self.input_type)
        except msgspec.ValidationError as error:
            raise InvalidInput(f"The input does not fit the agent {self.name!r}: {error}.") from error

    def entry(self) -> AgentEntry:
        """As the worker announces it. Raises `InvalidAgent` if its input has no JSON Schema."""
        schema = input_schema(self.input_type)
        return AgentEntry(
            name=self.name, description=self.description, input_schema=schema, queue=self.policy.queue
        )


def agent(  # noqa: PLR0913  the words of the API
    name: str,
    *,
    description: str | None = None,
    retry: Retry = DEFAULTS.retry,
    on_retry: OnRetry = DEFAULTS.on_retry,
    timeout_s: float = DEFAULTS.timeout_s,
    own_process: bool = DEFAULTS.own_process,
    queue: str | None = DEFAULTS.queue,
    on_unwatched: OnUnwatched = DEFAULTS.on_unwatched,
    unwatched_grace_s: float = DEFAULTS.unwatched_grace_s,
    backends: tuple[str, ...] = DEFAULTS.backends,
) -> Callable[[AgentFunction], Agent]:
    """Make an agent of `async def f(job: JobContext[Input]) -> result | None`.

    `Input` is a msgspec Struct; plain `JobContext` takes any JSON object as a dict. A plain `def` takes a
    `SyncJobContext`, and runs in a thread. The description is, unless given, the docstring's first line;
    the rest is explained at `Policy`.
    Raises `InvalidAgent` for a name or a policy, `TypeError` for a function that cannot be.
    """
    if not isinstance(name, str):
        raise TypeError('An agent needs a name: write @agent("name").')
    if not _NAME.fullmatch(name):
        raise InvalidAgent(f"An agent's name has 1 to 40 of a-z 0-9 - _, not {name[:60]!r}.")
    if name == EXTERNAL:
        raise InvalidAgent(f"No agent may be named {name!r}: its jobs are those of publishers outside.")

    policy = Policy(
        retry=retry,
        on_retry=on_retry,
        timeout_s=timeout_s,
        own_process=own_process,
        queue=queue,
        on_unwatched=on_unwatched,
        unwatched_grace_s=unwatched_grace_s,
        backends=backends,
    )

    def decorate(function: AgentFunction) -> Agent:
        told = description if description is not None else _first_line(function)
        return Agent(name, told, _input_type(name, function), function, policy)

    return decorate


def load_agents(modules: Sequence[str] = ()) -> dict[str, Agent]:
    """The built-in agents and those of `modules` (and of what these packages import), by name.

    Raises `AgentLoadError`, in one sentence, for a module that cannot be imported or has no agent, for an
    agent whose input has no JSON Schema, and for two agents of one name.
    """
    found: dict[str, Agent] = {}
    for module in (*BUILT_IN, *modules):
        for candidate in _load(module):
            known = found.setdefault(candidate.name, candidate)
            if known is not candidate:
                raise AgentLoadError(
                    f"Two agents are named {known.name!r}: {known.origin} and {candidate.origin}."
                )
    return found


def agents_in(module: str) -> list[Agent]:
    """The agents of one module; one that it only imports counts where it has none of its own.

    Raises `AgentLoadError`, as `load_agents`.
    """
    found = list({id(one): one for one in _load(module)}.values())
    own = [one for one in found if one.run.__module__.partition(".")[0] == module.partition(".")[0]]
    return own or found


def _load(module: str) -> list[Agent]:
    try:
        importlib.import_module(module)
    except (Exception, SystemExit) as error:  # an author's module may raise anything
        reason = f"{type(error).__name__}: {error}".rstrip(".") + _place_of(error)
        raise AgentLoadError(f"The module {module!r} cannot be imported: {reason}.") from error
    agents = list(_agents_of(module))
    if not agents:
        raise AgentLoadError(f'The module {module!r} has no agent: decorate a function with @agent("name").')
    for one in agents:
        try:
            one.entry()
        except InvalidAgent as error:
            raise AgentLoadError(f"The agent {one.name!r} of {one.origin} cannot be used: {error}") from error
    return agents


def _place_of(error: BaseException) -> str:
    """The author's line that raised it, as far as it is not the import itself."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and Path(frame.filename).parent != _OURS
    ]
    last = frames[-1] if frames else None
    return f" ({last.filename}, line {last.lineno})" if last is not None else ""


def _agents_of(module: str) -> Iterator[Agent]:
    """What the names of `module` and of its imported submodules hold."""
    for name, loaded in list(sys.modules.items()):
        if name == module or name.startswith(f"{module}."):
            yield from (
                value
                for name, value in vars(loaded).items()
                if isinstance(value, Agent) and not name.startswith("_")
            )


def _input_type(name: str, function: AgentFunction) -> Any:
    context = _context_type(name, function)
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) != 1 or parameters[0].kind not in _BY_POSITION:
        raise TypeError(f"The agent {name!r} must take exactly one argument, its {context.__name__}.")
    try:
        annotation = get_type_hints(function, include_extras=True).get(parameters[0].name, context)
    except NameError as error:
        raise TypeError(
            f"The annotations of the agent {name!r} must be known to its module: {error}."
        ) from error
    if annotation is not context and get_origin(annotation) is not context:
        raise TypeError(_misfit(name, context))
    (inner,) = get_args(annotation) or (Any,)
    return dict[str, Any] if inner is Any else inner


def _context_type(name: str, function: AgentFunction) -> type[Any]:
    """What `function` works with."""
    if inspect.iscoroutinefunction(function):
        return JobContext
    yields = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    if yields or not (inspect.isfunction(function) or inspect.ismethod(function)):
        raise TypeError(f"The agent {name!r} must be an `async def` or a `def` that does not yield.")
    return SyncJobContext


def _misfit(name: str, context: type[Any]) -> str:
    kind, said = (
        ("an `async def`", "JobContext") if context is JobContext else ("a plain `def`", "SyncJobContext")
    )
    return f"The agent {name!r} is {kind}: its argument must be a {said} or a {said}[Input]."


_BY_POSITION: Final = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _first_line(function: AgentFunction) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]
