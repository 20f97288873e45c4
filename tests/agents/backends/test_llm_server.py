"""The stand-ins for a provider: what they send is what was given."""

import aiohttp

from tests.agents.backends.llm_server import Received, aimock, byte_server, says


async def test_aimock_answers_from_its_fixtures() -> None:
    question = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    async with aimock([says("hello", "Hi!")]) as base_url, aiohttp.ClientSession() as client:
        response = await client.post(f"{base_url}/chat/completions", json=question)
        said = await response.json()
    assert said["choices"][0]["message"]["content"] == "Hi!"


async def test_the_byte_server_sends_exactly_these_bytes() -> None:
    received: list[Received] = []
    server = byte_server(418, {"X-A": "b"}, [b"one", b"", b"\xfftwo"], received=received)
    async with server as base_url, aiohttp.ClientSession() as client:
        said = await client.post(f"{base_url}/chat/completions", json={"a": 1})
        assert (said.status, said.headers["x-a"], await said.read()) == (418, "b", b"one\xfftwo")
    assert received[0].body == {"a": 1}
