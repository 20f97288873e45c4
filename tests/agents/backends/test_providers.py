"""The backends by name: where each asks."""

import pytest

from agents import AnthropicMessages, BackendRejected
from tests.agents.backends.llm_server import Received, byte_server
from tests.agents.collecting import answer, asking


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
async def test_anthropics_base_url_may_have_its_version_or_not(ending: str) -> None:
    received: list[Received] = []
    async with byte_server(404, received=received) as url:
        backend = AnthropicMessages(url.removesuffix("/v1") + ending, model="m")
        with pytest.raises(BackendRejected, match="answered 404"):
            await answer(backend, asking("x"))
        await backend.aclose()
    assert [one.path for one in received] == ["/v1/messages"]
