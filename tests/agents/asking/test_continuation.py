"""Continuation: an answer that is cut at its length comes whole, over several turns, with nothing doubled."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import BackendIncomplete, BackendUnavailable, ChatMessage, ChatRequest
from agents.asking.continuation import GO_ON, Turns, continued
from agents.backends.protocol import Delta, Finished, ReasoningDelta, TextDelta, ToolCallDelta
from agents.usage import estimated_tokens
from shared_events.events import Usage
from tests.agents.asking.cut_backends import FOX, TEXT, Forgetful, Playing
from tests.agents.collecting import Reciting, asking, end_of, text_of

CUT = Finished("length")
STOP = Finished("stop")


async def told(backend: Forgetful | Playing, turns: Turns, request: ChatRequest | None = None) -> list[Delta]:
    return [delta async for delta in continued(backend.stream, request or asking("x"), turns)]


async def test_an_answer_over_many_turns_is_whole() -> None:
    deltas = await told(backend := Forgetful(), Turns(most=50, tokens=3))
    assert text_of(deltas) == TEXT
    assert end_of(deltas).reason == "stop"
    assert len(backend.asked) == -(-len(TEXT.split()) // 3)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.integers(20, 60), st.integers(20, 40))
async def test_what_a_model_says_again_is_said_once(back: int, tokens: int) -> None:
    deltas = await told(Forgetful(back=back), Turns(most=50, tokens=tokens))
    assert text_of(deltas) == TEXT


async def test_each_turn_is_asked_with_all_that_was_said() -> None:
    backend = Playing([TextDelta("One"), CUT], [TextDelta(" two"), CUT], [TextDelta(" three"), STOP])
    request = asking("Count", model="m", temperature=0.5, json_schema={"type": "object"})
    await told(backend, Turns(most=9, tokens=7), request)
    first, second, third = backend.asked
    assert (first.messages, first.max_tokens, first.json_schema) == (
        request.messages,
        7,
        {"type": "object"},
    )
    assert second.messages == (
        *request.messages,
        ChatMessage("assistant", "One"),
        ChatMessage("user", GO_ON),
    )
    assert third.messages[1:] == (ChatMessage("assistant", "One two"), ChatMessage("user", GO_ON))
    assert (third.model, third.temperature, third.max_tokens, third.json_schema) == ("m", 0.5, 7, None)


async def test_the_turns_are_bounded() -> None:
    deltas = await told(backend := Forgetful(), Turns(most=3, tokens=4))
    assert text_of(deltas).split() == TEXT.split()[:12]
    assert end_of(deltas) == Finished("length", Usage(input_tokens=30, output_tokens=12))
    assert len(backend.asked) == 3


@pytest.mark.parametrize("most", [1, 50])
@pytest.mark.parametrize("back", [0, 30])
async def test_the_requests_limit_is_that_of_the_whole_answer(most: int, back: int) -> None:
    backend = Forgetful(back=back)
    end = end_of(await told(backend, Turns(most=most, tokens=8), asking("x", max_tokens=20)))
    assert end.reason == "length"
    assert [request.max_tokens for request in backend.asked] == [8, 8, 4][:most]


async def test_what_nobody_counted_is_estimated() -> None:
    deltas = await told(Forgetful(counts=False), Turns(most=50, tokens=10), asking("x", max_tokens=25))
    assert 15 <= estimated_tokens(text_of(deltas)) <= 40
    unlimited = Playing([TextDelta("x" * 40), CUT], [TextDelta("y" * 40), CUT])
    await told(unlimited, Turns(most=2), asking("x", max_tokens=25))
    assert [request.max_tokens for request in unlimited.asked] == [25, 15]


async def test_usage_is_estimated_as_soon_as_one_turns_is() -> None:
    counted = Usage(input_tokens=5, output_tokens=1)
    estimate = Usage(input_tokens=6, output_tokens=2, estimated=True)
    backend = Playing(
        [TextDelta("a"), Finished("length", counted)], [TextDelta("b"), Finished("stop", estimate)]
    )
    end = end_of(await told(backend, Turns(most=2)))
    assert end.usage == Usage(input_tokens=11, output_tokens=3, estimated=True)


@pytest.mark.parametrize("second", ["", FOX])
async def test_a_turn_that_brings_nothing_new_is_the_last(second: str) -> None:
    backend = Playing([TextDelta(FOX), CUT], [TextDelta(second), CUT], [TextDelta("never"), STOP])
    deltas = await told(backend, Turns(most=9))
    assert (text_of(deltas), end_of(deltas).reason, len(backend.asked)) == (FOX, "length", 2)


async def test_an_answer_of_white_space_is_not_gone_on_from() -> None:
    backend = Playing([TextDelta("\n \n"), CUT])
    assert end_of(await told(backend, Turns(most=9))).reason == "length"


async def test_reasoning_and_tool_calls_come_as_they_are_and_calls_end_the_turns() -> None:
    thought, call = ReasoningDelta("hm"), ToolCallDelta(0, "id", "look", "{}")
    backend = Playing([thought, TextDelta("a"), CUT], [thought, call, CUT])
    deltas = await told(backend, Turns(most=9))
    assert deltas == [thought, TextDelta("a"), thought, call, Finished("length")]


async def test_a_partial_answer_is_gone_on_from() -> None:
    backend = Playing([TextDelta(f"{FOX}It sleep"), CUT], [TextDelta("It sleeps."), STOP])
    messages = (ChatMessage("user", "x"), ChatMessage("assistant", FOX))
    said: list[tuple[int, str, str, str]] = []
    deltas = [
        delta
        async for delta in continued(
            backend.stream, ChatRequest(messages), Turns(most=2), lambda *turn: said.append(turn)
        )
    ]
    assert text_of(deltas) == "It sleeps."
    assert backend.asked[0].messages == (*messages, ChatMessage("user", GO_ON))
    assert backend.asked[1].messages[1] == ChatMessage("assistant", f"{FOX}It sleep")
    assert said == [(1, "It sleep", "It sleep", "length"), (2, "s.", "It sleeps.", "stop")]


async def test_an_empty_partial_answer_is_none() -> None:
    backend = Playing([TextDelta("Hi"), STOP])
    request = ChatRequest((ChatMessage("user", "x"), ChatMessage("assistant", " \n")))
    assert text_of(await told(backend, Turns(), request)) == "Hi"
    assert backend.asked[0].messages == (ChatMessage("user", "x"),)


async def test_each_turn_is_told_before_the_next_is_asked() -> None:
    backend = Forgetful("one two three four")
    told: list[tuple[int, str, str, str]] = []

    async def on_turn(turn: int, delta: str, aggregated: str, reason: str) -> None:
        assert (len(backend.asked), backend.open) == (turn, 0)
        told.append((turn, delta, aggregated, reason))

    async for _ in continued(backend.stream, asking("x"), Turns(most=5, tokens=3), on_turn):
        pass
    assert told == [
        (1, "one two three", "one two three", "length"),
        (2, " four", "one two three four", "stop"),
    ]


@pytest.mark.parametrize(
    ("turns", "text"),
    [
        ((["a\ud83c", CUT], ["\udf31b", STOP]), "a🌱b"),
        ((["a\ud83c", CUT], ["🌱b", STOP]), "a🌱b"),
        ((["a\ud83c", "\udf31", CUT], ["b", STOP]), "a🌱b"),
        ((["a\ud83c", CUT], ["", STOP]), "a"),
        ((["a\ud83c", STOP],), "a\ufffd"),
        ((["a\udf31", CUT], ["\udf31b", STOP]), "a\ufffd\ufffdb"),
    ],
)
async def test_half_a_surrogate_pair_at_a_turns_end_does_no_harm(
    turns: tuple[list[str | Finished], ...], text: str
) -> None:
    backend = Playing(
        *([TextDelta(item) if isinstance(item, str) else item for item in turn] for turn in turns)
    )
    assert text_of(await told(backend, Turns(most=3))) == text
    for request in backend.asked:
        "".join(message.content for message in request.messages).encode()


@pytest.mark.parametrize("held", ["over the lazy dog", "woods."])
async def test_what_is_held_back_is_given_before_an_error_is_raised(held: str) -> None:
    broken = BackendUnavailable("The connection was lost.")
    backend = Playing([TextDelta(f"{FOX.strip()}\n"), CUT], [TextDelta(held), broken])
    seen: list[Delta] = []
    with pytest.raises(BackendUnavailable):
        async for delta in continued(backend.stream, asking("x"), Turns(most=3)):
            seen.append(delta)
    assert text_of(seen) == f"{FOX.strip()}\n{held}"


async def test_a_turn_without_an_end_is_incomplete() -> None:
    seen: list[Delta] = []
    with pytest.raises(BackendIncomplete):
        async for delta in continued(Playing([TextDelta("a")]).stream, asking("x"), Turns(most=3)):
            seen.append(delta)
    assert text_of(seen) == "a"


async def test_closing_early_closes_the_turn() -> None:
    backend = Forgetful()
    deltas = continued(backend.stream, asking("x"), Turns(most=9, tokens=3))
    for _ in range(5):
        await anext(deltas)
    assert backend.open == 1
    await deltas.aclose()
    assert backend.open == 0


async def test_one_turn_costs_nothing() -> None:
    backend = Reciting(TextDelta("a"), STOP)
    deltas = continued(backend.stream, asking("x", max_tokens=9), Turns(tokens=5))
    assert deltas.ag_code is Reciting.stream.__code__  # type: ignore[attr-defined]
    assert [delta async for delta in deltas] == [TextDelta("a"), STOP]
    assert backend.asked[0].max_tokens == 5


@pytest.mark.parametrize(("most", "tokens"), [(0, None), (-1, 5), (1, 0)])
def test_less_than_one_turn_or_token_is_refused(most: int, tokens: int | None) -> None:
    with pytest.raises(ValueError, match="1 turn at least"):
        Turns(most, tokens)
