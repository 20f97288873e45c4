"""The window of a conversation: system prompt, question, and as much before it as there is room for."""

from typing import Final

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from agents.built_in import conversation as module
from agents.built_in.conversation import Said
from agents.usage import estimated_tokens
from tests.model.mutation import Mutant

EXAMPLES: Final = settings(
    max_examples=400, derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate]
)
WINDOW = "agents.built_in.conversation:window"
MUTANTS: Final = {
    "it forgets the system prompt": Mutant(WINDOW, "[*system, *history", "[*history"),
    "the system prompt is free": Mutant(WINDOW, "tokens - _tokens(system)", "tokens"),
    "it sends one more": Mutant(WINDOW, "<= most", "<= most + 1"),
    "it sends one less": Mutant(WINDOW, "<= most", "< most"),
    "the budget is open": Mutant(WINDOW, "room >= 0 and ", ""),
    "the budget is never used up": Mutant(WINDOW, "room >= 0", "room > 0"),
    "the question may be left out": Mutant(WINDOW, " and index < asked:", ":"),
    "it begins with anybody": Mutant(WINDOW, 'history[index].role == "user"', "True"),
    "the last message is the question": Mutant(
        "agents.built_in.conversation:_last_question", "next(users, ", "max(-1, "
    ),
    "it looks for the first question": Mutant(
        "agents.built_in.conversation:_last_question",
        "range(len(history) - 1, -1, -1)",
        "range(len(history))",
    ),
}

SYSTEM = Said("system", "Be brief.")
TALK = [Said("user" if index % 2 == 0 else "assistant", f"{index} " + "x" * 38) for index in range(7)]
roles = st.sampled_from(["system", "user", "assistant"])
said = st.builds(Said, roles, st.integers(0, 60).map("x".__mul__))
talks = st.lists(said, min_size=1, max_size=12)


def tokens(messages: list[Said]) -> int:
    return sum(estimated_tokens(one.content) for one in messages)


def test_all_goes_where_there_is_room() -> None:
    assert module.window([SYSTEM, *TALK], 20, 8000) == [SYSTEM, *TALK]


def test_the_last_ones_go_and_begin_with_the_user() -> None:
    assert module.window([SYSTEM, *TALK], 4, 8000) == [SYSTEM, *TALK[-3:]]
    assert module.window([SYSTEM, *TALK], 5, 8000) == [SYSTEM, *TALK[-5:]]


def test_the_budget_counts_the_system_prompt() -> None:
    assert module.window([SYSTEM, *TALK], 20, 33) == [SYSTEM, *TALK[-3:]]
    assert module.window([SYSTEM, *TALK], 20, 32) == [SYSTEM, TALK[-1]]


def test_the_question_goes_however_long_it_is_and_so_does_an_answer_that_was_begun() -> None:
    long = [Said("user", "?" * 1000), Said("assistant", "Well, " * 100)]
    assert module.window([SYSTEM, *TALK, *long], 1, 1) == [SYSTEM, *long]


def test_an_assistant_who_began_stays_where_nothing_is_left_out() -> None:
    talk = [Said("assistant", "Hello, I am Ada."), Said("user", "Hi")]
    assert module.window(talk, 2, 8000) == talk
    assert module.window(talk, 1, 8000) == talk[1:]


@EXAMPLES
@given(talks, st.integers(1, 14), st.integers(1, 200))
def test_what_is_sent_is_the_system_prompt_and_an_end_within_the_limits(
    talk: list[Said], most: int, budget: int
) -> None:
    sent = module.window(talk, most, budget)
    lead = next((i for i, one in enumerate(talk) if one.role != "system"), len(talk))
    system, history = talk[:lead], talk[lead:]
    kept = sent[lead:]
    assert sent[:lead] == system
    assert kept == history[len(history) - len(kept) :]
    assert module.window(talk, most + 1, budget + 1)[-len(kept) :] == kept or not kept
    assume(history)
    users = [i for i, one in enumerate(history) if one.role == "user"]
    least = len(history) - (users[-1] if users else len(history) - 1)
    assert len(kept) >= least
    assert len(kept) <= most or len(kept) == least
    assert tokens(sent) <= budget or len(kept) == least
    if least < len(kept) < len(history):
        assert kept[0].role == "user"


@EXAMPLES
@given(talks, st.integers(1, 14), st.integers(1, 200))
def test_no_message_more_would_fit(talk: list[Said], most: int, budget: int) -> None:
    sent = module.window(talk, most, budget)
    lead = next((i for i, one in enumerate(talk) if one.role != "system"), len(talk))
    left_out = range(lead, len(talk) - (len(sent) - lead))
    for begin in left_out:
        more = [*talk[:lead], *talk[begin:]]
        fits = len(more) - lead <= most and tokens(more) <= budget
        assert not fits or (talk[begin].role != "user" and begin > lead)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name].apply(monkeypatch)
    with pytest.raises((AssertionError, ExceptionGroup)):
        test_the_budget_counts_the_system_prompt()
        for check in (
            test_what_is_sent_is_the_system_prompt_and_an_end_within_the_limits,
            test_no_message_more_would_fit,
        ):
            check()
