"""Every wire format that we speak, as bytes: a test that runs over `SPOKEN` holds for all of them."""

from collections.abc import Callable
from typing import Any

import msgspec

from agents.backends.http_backend import HTTPBackend
from agents.backends.providers import AnthropicMessages, Ollama, OpenAIChat, OpenAIResponses, SSEGateway
from tests.agents.backends import anthropic_bytes, chat_bytes, ollama_lines, responses_bytes

TEXT = "Hello you"
WORDS = ("Hello", " you")


class Spoken(msgspec.Struct, frozen=True):
    """What a server of one wire format sends."""

    make: Callable[..., HTTPBackend]
    whole: bytes
    """An answer in JSON that says `TEXT`."""
    begun: bytes
    """A stream that says `a`, and has no end."""
    broken: bytes
    """A stream that says `a`, then an error: Out of memory."""
    half_call: bytes | None
    """A stream with half of a tool call, and an end; None where there are no tools."""
    streamed: Callable[..., bytes]
    """A stream of these pieces."""
    media_type: str = "text/event-stream"
    line: bytes = b"data: "
    """How a line of a stream begins."""
    needless: int = 0
    """So many bytes at the end of a stream need not come."""

    @property
    def headers(self) -> dict[str, str]:
        """Of a stream."""
        return {"Content-Type": self.media_type}


def _responses(*events: responses_bytes.Event) -> bytes:
    return responses_bytes.sent(events)


_half_argument = '{"city": "Kö'
SPOKEN: dict[str, Spoken] = {
    "openai": Spoken(
        make=OpenAIChat,
        whole=b'{"choices": [{"message": {"content": "Hello you"}, "finish_reason": "stop"}]}',
        begun=chat_bytes.chunk("a"),
        broken=chat_bytes.chunk("a") + chat_bytes.event({"error": {"message": "Out of memory"}}),
        half_call=chat_bytes.chunk(
            tool_calls=[{"index": 0, "id": "c", "function": {"name": "rain", "arguments": _half_argument}}]
        )
        + chat_bytes.whole(),
        streamed=chat_bytes.whole,
        needless=len(chat_bytes.usage(3, 2) + chat_bytes.DONE),
    ),
    "openai-responses": Spoken(
        make=OpenAIResponses,
        whole=msgspec.json.encode(
            {
                "status": "completed",
                "output": [{"type": "message", "content": [{"type": "output_text", "text": TEXT}]}],
            }
        ),
        begun=_responses(responses_bytes.text("a")),
        broken=_responses(
            responses_bytes.text("a"),
            responses_bytes.event("error", code="server_error", message="Out of memory"),
        ),
        half_call=responses_bytes.sent(
            responses_bytes.answer(responses_bytes.call(), responses_bytes.argument(_half_argument))
        ),
        streamed=responses_bytes.whole,
    ),
    "anthropic": Spoken(
        make=AnthropicMessages,
        whole=b'{"content": [{"type": "text", "text": "Hello you"}], "stop_reason": "end_turn"}',
        begun=anthropic_bytes.start() + anthropic_bytes.opens(text="") + anthropic_bytes.text("a"),
        broken=anthropic_bytes.start()
        + anthropic_bytes.opens(text="")
        + anthropic_bytes.text("a")
        + anthropic_bytes.failed("api_error", "Out of memory"),
        half_call=anthropic_bytes.start()
        + anthropic_bytes.opens(type_="tool_use", id="c", name="rain", input={})
        + anthropic_bytes.delta(type_="input_json_delta", partial_json=_half_argument)
        + anthropic_bytes.closes()
        + anthropic_bytes.change("tool_use")
        + anthropic_bytes.STOP,
        streamed=anthropic_bytes.whole,
    ),
    "ollama": Spoken(
        make=Ollama,
        whole=b'{"message": {"content": "Hello you"}, "done": true, "done_reason": "stop"}',
        begun=ollama_lines.says("a"),
        broken=ollama_lines.says("a") + ollama_lines.line({"error": "Out of memory"}),
        half_call=ollama_lines.called("rain", _half_argument) + ollama_lines.END,
        streamed=ollama_lines.whole,
        media_type="application/x-ndjson",
        line=b"",
        needless=1,
    ),
    "sse": Spoken(
        make=SSEGateway,
        whole=b'{"content": "Hello you"}',
        begun=chat_bytes.event({"content": "a"}),
        broken=chat_bytes.event({"content": "a"}) + chat_bytes.event({"error": "Out of memory"}),
        half_call=None,
        streamed=lambda *texts: (
            b"".join(chat_bytes.event({"content": text}) for text in texts) + chat_bytes.DONE
        ),
    ),
}


def backend_of(kind: str, base_url: str, **options: Any) -> HTTPBackend:
    return SPOKEN[kind].make(base_url, model="m", **options)
