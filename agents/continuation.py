"""Placeholder until the real module is pulled."""

from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec

from agents.backends.protocol import ChatRequest, Delta

OnTurn = Callable[[int, str, str, str], Awaitable[None] | None]


class Turns(msgspec.Struct, frozen=True):
    most: int = 1
    tokens: int | None = None


def continued(
    ask: Callable[[ChatRequest], AsyncGenerator[Delta, None]],
    request: ChatRequest,
    turns: Turns,
    on_turn: OnTurn | None = None,
) -> AsyncGenerator[Delta, None]:
    return ask(request)
