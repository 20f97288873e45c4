"""The canary: neither a key nor a prompt comes out, in an error, in its traceback or in a log."""

import logging
import traceback
from collections.abc import Iterator

import pytest
import structlog

from agents import Backend, BackendError
from agents.backends.protocol import ChatMessage, ChatRequest, ToolCall
from tests.agents.backends.reply_server import Reply, replying
from tests.agents.backends.spoken import SPOKEN, backend_of
from tests.agents.collecting import answer

KEY = "sk-Canary-0123456789"
PROMPT = "The canary sings in the coal mine, of which nobody may hear."
ARGUMENTS = '{"canary": "the canary in the arguments of a call"}'
QUOTED = f"Wrong key {KEY} for: {PROMPT} and {ARGUMENTS}"
REQUEST = ChatRequest(
    (
        ChatMessage("user", PROMPT),
        ChatMessage("assistant", "", (ToolCall("c", "rain", ARGUMENTS),)),
        ChatMessage("tool", "The canary is silent in the result.", tool_call_id="c"),
    )
)
QUOTED_JSON = QUOTED.replace('"', '\\"').encode()
ERROR = b'{"error": {"message": "' + QUOTED_JSON + b'"}}'
JSON = {"Content-Type": "application/json"}
EVERYWHERE = {"Retry-After": KEY, "Location": f"/{KEY}", "Set-Cookie": f"key={KEY}", "X-Prompt": PROMPT}


def replies(kind: str) -> Iterator[Reply]:
    """All forms in which a server can say what it was told."""
    spoken = SPOKEN[kind]
    for status in (200, 302, 400, 401, 429, 500):
        yield Reply(status, {**JSON, **EVERYWHERE}, [ERROR])
        yield Reply(status, {"Content-Type": "text/html", **EVERYWHERE}, [QUOTED.encode()])
        yield Reply(status, {"Content-Type": f"x/{KEY}"}, [ERROR], cut_off=True)
    for said in (
        ERROR,
        QUOTED.encode(),
        b'{"' + QUOTED_JSON + b'": ' + ERROR,
        ERROR[:-1],
        b'"' + QUOTED_JSON,
    ):
        yield Reply(200, spoken.headers, [spoken.line + said + b"\n\n"])
        yield Reply(200, spoken.headers, [spoken.begun + spoken.line + said], cut_off=True)
        yield Reply(200, JSON, [said])
    yield Reply(200, {**spoken.headers, "Content-Encoding": "gzip"}, [ERROR])


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("kind", SPOKEN)
async def test_neither_a_key_nor_a_prompt_comes_out(
    kind: str, streams: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    given = list(replies(kind))
    with structlog.testing.capture_logs() as logged:
        async with replying(*given) as base_url:
            backend = backend_of(kind, base_url, api_key=KEY, streams=streams)
            told = [await told_by(backend) for _ in given]
            told += [repr(backend), backend.description]
            await backend.aclose()
    shown = "\n".join([*told, *map(str, logged), caplog.text])
    assert "Wrong key" in shown
    for secret in (KEY, "sk-Canary", "coal mine", "arguments of a call", "silent in the result"):
        assert secret.lower() not in shown.lower()


async def told_by(backend: Backend) -> str:
    """Its error, as a log would show it with all that led to it."""
    with pytest.raises(BackendError) as raised:
        await answer(backend, REQUEST)
    return "".join(traceback.format_exception(raised.value)) + repr(raised.value)
