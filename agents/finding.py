"""Which agent somebody means, for who wants to try one."""

import sys
from collections.abc import Iterable, Sequence
from importlib.util import find_spec

from agents.errors import AgentLoadError
from agents.registry import Agent, agents_in, load_agents


def find_agent(target: str, modules: Sequence[str] = ()) -> Agent:
    """`module:name`, where the name is the agent's or its function's; or a module that has one agent; or the
    name of an agent that is built in or in `modules`.

    Raises `AgentLoadError`, in one sentence.
    """
    module, colon, name = target.partition(":")
    if colon:
        return _named(name, module)
    if "." not in target:
        offered = load_agents(modules)
        if target in offered:
            return offered[target]
        if not _is_module(target):
            raise AgentLoadError(
                f"There is no agent {target!r}, and no module of that name. "
                f"Known: {_listed(offered.values())}; write module:name for any other."
            )
    return _only(target)


def _named(name: str, module: str) -> Agent:
    there = agents_in(module)
    # A part of other agents, whose name begins with an underscore, can be tried as well.
    held = vars(sys.modules[module]).get(name)
    known = {one.run.__name__: one for one in there} | {one.name: one for one in there}
    found = known.get(name) or (held if isinstance(held, Agent) else None)
    if found is None:
        raise AgentLoadError(f"The module {module!r} has no agent {name[:60]!r}. It has: {_listed(there)}.")
    return found


def _only(module: str) -> Agent:
    there = agents_in(module)
    if len(there) > 1:
        raise AgentLoadError(
            f"The module {module!r} has several agents: write {module}: and one of {_listed(there)}."
        )
    return there[0]


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _listed(agents: Iterable[Agent]) -> str:
    return ", ".join(sorted(one.name for one in agents))
