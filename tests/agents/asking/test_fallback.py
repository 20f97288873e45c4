"""The choice of a backend: the next one is asked while nothing has been said, and never after."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from agents import BackendError, BackendRateLimited, BackendRejected, ChatRequest, Delta, Finished, TextDelta
from agents.asking.fallback import Choice
from tests.agents.collecting import Reciting, asking, named, text_of

DONE = Finished("stop")


class Failing(Reciting):
    """Gives its deltas, and then an error."""

    def __init__(self, name: str, error: BackendError, *deltas: Delta) -> None:
        super().__init__(*deltas)
        self.name = name
        self._error = error

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        async with aclosing(super().stream(request)) as deltas:
            async for delta in deltas:
                yield delta
        raise self._error


def answering(name: str, text: str = "yes", *, model: str = "m") -> Reciting:
    backend = Reciting(TextDelta(text), DONE, models=(model,))
    backend.name = name
    return backend


def busy(name: str, *deltas: Delta) -> Failing:
    return Failing(name, BackendRateLimited(f"{name} is busy."), *deltas)


def choice(*backends: Reciting, chosen: str | None = None, preferred: Sequence[str] | None = None) -> Choice:
    names = [backend.name for backend in backends] if preferred is None else preferred
    return Choice.of(named(backends), chosen=chosen, preferred=names)


async def asked(of: Choice, request: ChatRequest | None = None) -> list[Delta]:
    return [delta async for delta in of.ask(request or asking("x"))]


async def test_the_first_of_the_list_is_asked() -> None:
    first, second = answering("first"), answering("second", "no")
    of = choice(first, second)
    assert text_of(await asked(of)) == "yes"
    assert (of.backend, second.asked) == ("first", [])


async def test_after_a_passing_error_before_the_first_word_the_next_is_asked() -> None:
    first, second, third = busy("first"), busy("second"), answering("third", model="t")
    of = choice(first, second, third)
    assert text_of(await asked(of)) == "yes"
    assert (of.backend, of.model) == ("third", "t")
    assert (first.closed, second.closed) == (1, 1)


async def test_after_the_first_word_nothing_is_changed_silently() -> None:
    second = answering("second")
    of = choice(busy("first", TextDelta("Once")), second)
    with pytest.raises(BackendRateLimited, match="first is busy"):
        await asked(of)
    assert second.asked == []


async def test_an_error_that_would_come_again_anywhere_is_told() -> None:
    second = answering("second")
    refusing = Failing("first", BackendRejected("I will not."))
    with pytest.raises(BackendRejected, match="I will not"):
        await asked(choice(refusing, second))
    assert second.asked == []


async def test_when_all_are_busy_the_last_ones_error_is_told() -> None:
    with pytest.raises(BackendRateLimited, match="second is busy"):
        await asked(choice(busy("first"), busy("second")))


async def test_the_one_that_has_begun_is_asked_for_the_next_turn_too_and_no_other() -> None:
    first, second = busy("first"), answering("second")
    of = choice(first, second)
    await asked(of)
    await asked(of)
    assert (len(first.asked), len(second.asked)) == (1, 2)


async def test_a_model_of_the_request_is_one_of_the_first_backend_only() -> None:
    first, second = busy("first"), answering("second", model="own")
    of = choice(first, second)
    await asked(of, asking("x", model="special"))
    await asked(of, asking("x", model="special"))
    assert [request.model for request in first.asked + second.asked] == ["special", None, None]
    assert of.model == "own"


async def test_an_entry_of_the_list_may_name_a_model() -> None:
    first, second = busy("first"), answering("second")
    of = choice(first, second, preferred=["first/a/b", "second/c"])
    await asked(of)
    assert [request.model for request in first.asked + second.asked] == ["a/b", "c"]


async def test_who_chooses_a_backend_gets_that_one_or_its_error() -> None:
    second = answering("second")
    with pytest.raises(BackendRateLimited, match="first is busy"):
        await asked(choice(busy("first"), second, chosen="first", preferred=["second"]))
    assert second.asked == []


@pytest.mark.parametrize("preferred", [[], ["unknown"], ["unknown/m"]])
async def test_without_a_list_of_known_ones_the_first_is_the_default(preferred: list[str]) -> None:
    of = choice(answering("first"), answering("second"), preferred=preferred)
    await asked(of)
    assert of.backend == "first"


@pytest.mark.parametrize("chosen", ["third", ""])
def test_an_unknown_backend_is_refused_with_those_that_there_are(chosen: str) -> None:
    with pytest.raises(BackendRejected, match=r"There is no backend '.*'\. Known: first, second"):
        choice(answering("first"), answering("second"), chosen=chosen)


def test_without_any_backend_nothing_can_be_asked() -> None:
    with pytest.raises(BackendRejected, match="There is no backend"):
        choice()
