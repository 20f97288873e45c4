"""Thinking is told, once, and never what is thought."""

from agents.built_in.thinking import says_thinking
from tests.agents.collecting import CollectingSink, context


async def test_the_first_thought_is_told_at_the_given_percent() -> None:
    job = context(sink := CollectingSink())
    tell = says_thinking(job, 20)
    assert sink.progressed == []
    for thought in ("a secret", " plan"):
        await tell(thought)
    assert sink.progressed == [(20, "thinking", None)]
