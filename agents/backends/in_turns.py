"""A backend whose answers come in many small turns: frequent news from one that only answers whole."""

from collections.abc import AsyncGenerator
from typing import Final

from agents.asking.continuation import Turns, continued
from agents.backends.protocol import Backend, ChatRequest, Delta

MOST_TURNS: Final = 200


class InTurns:
    """Implements `Backend`: `backend`, asked for `tokens` tokens at a time until its answer is complete."""

    def __init__(self, backend: Backend, tokens: int) -> None:
        self.name = backend.name
        self.kind = backend.kind
        self.models = tuple(backend.models)
        self.description = backend.description
        self._backend = backend
        self._turns = Turns(MOST_TURNS, tokens)

    def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """See `Backend`."""
        return continued(self._backend.stream, request, self._turns)

    async def aclose(self) -> None:
        await self._backend.aclose()
