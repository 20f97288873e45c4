"""Backends as authors write them, good and bad: named by the tests of `custom_backend`."""

from collections.abc import AsyncGenerator
from typing import Any

from agents import ChatRequest, Delta, Finished, TextDelta


class Echo:
    """Says what model it was asked for."""

    name = "whatever"
    kind = "echo"
    models = ("loud", "low")
    description = "Says the model."

    def __init__(self, *, words: int = 1, api_key: str | None = None) -> None:
        self.words = words
        self.api_key = api_key
        self.closed = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        for _ in range(self.words):
            yield TextDelta(f"{request.model} ")
        yield Finished("stop")

    async def aclose(self) -> None:
        self.closed += 1

    @staticmethod
    def twice() -> "Echo":
        return Echo(words=2)


class Mute:
    name = kind = description = "mute"
    models = ()

    async def aclose(self) -> None: ...


class Nameless(Echo):
    name = None  # type: ignore[assignment]


class Modelless(Echo):
    models = "loud"  # type: ignore[assignment]


class Careless:
    """Repeats its key in its complaint."""

    def __init__(self, **options: Any) -> None:
        raise ValueError(f"no such\nthing: {options}")


NUMBER = 3
