"""Asks the OpenAI-compatible backend, with a key and a prompt that nobody may see."""

from typing import Any

import pytest

from agents import BackendError, Delta, OpenAIChat
from tests.agents.backends.llm_server import EVENT_STREAM, byte_server
from tests.agents.collecting import answer, asking

KEY = "sk-secret-0123456789"
PROMPT = "My very secret prompt, of which nobody may read."
JSON = {"Content-Type": "application/json"}


async def ask(base_url: str, **options: Any) -> list[Delta]:
    backend = OpenAIChat(base_url, api_key=KEY, model="m", **options)
    try:
        return await answer(backend, asking(PROMPT))
    finally:
        await backend.aclose()


async def refusal(
    status: int = 200,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    cut_off: bool = False,
    **options: Any,
) -> BackendError:
    """What it raises at such an answer."""
    async with byte_server(status, headers or EVENT_STREAM, [body], cut_off=cut_off) as base_url:
        with pytest.raises(BackendError) as raised:
            await ask(base_url, **options)
    return raised.value
