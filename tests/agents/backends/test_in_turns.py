"""In turns: small questions give frequent news from a backend that only answers whole."""

from collections.abc import AsyncGenerator

from agents import BackendConfig, ChatRequest, Delta, Finished, TextDelta, backends_from
from agents.backends.in_turns import InTurns
from shared_events.events import Usage
from tests.agents.collecting import answer, asking, end_of, text_of

WORDS = [f"word{number} " for number in range(20)]


class WholeOnly:
    """Gives as many words as it may, all at once, and goes on behind what the conversation has of them."""

    name = kind = "whole"
    description = "Answers whole."
    models = ("m",)

    def __init__(self) -> None:
        self.asked: list[ChatRequest] = []

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        self.asked.append(request)
        said = "".join(message.content for message in request.messages if message.role == "assistant")
        rest = WORDS[len(said.split()) :]
        given = rest[: request.max_tokens]
        yield TextDelta("".join(given))
        usage = Usage(input_tokens=1, output_tokens=len(given))
        yield Finished("length" if len(given) < len(rest) else "stop", usage)

    async def aclose(self) -> None:
        pass


async def test_a_whole_answer_comes_in_many_turns_with_nothing_lost_or_doubled() -> None:
    backend = WholeOnly()
    deltas = await answer(InTurns(backend, 3), asking("x"))
    assert text_of(deltas) == "".join(WORDS)
    assert len([delta for delta in deltas if isinstance(delta, TextDelta)]) >= 7
    assert [request.max_tokens for request in backend.asked] == [3] * 7
    assert end_of(deltas) == Finished("stop", Usage(input_tokens=7, output_tokens=20))


async def test_the_request_still_limits_the_whole_answer() -> None:
    backend = WholeOnly()
    deltas = await answer(InTurns(backend, 3), asking("x", max_tokens=5))
    assert text_of(deltas).split() == [word.strip() for word in WORDS[:5]]
    assert end_of(deltas).reason == "length"


def test_a_backend_that_is_configured_with_turns_answers_in_turns() -> None:
    made = backends_from([BackendConfig(name="scripted", kind="scripted", turn_tokens=5)])["scripted"]
    assert isinstance(made, InTurns)
