"""Ollama's own protocol: `/api/chat`, which answers in lines of JSON."""

from collections.abc import Mapping
from typing import Any

from agents.backends.dialect import Call, Reading
from agents.backends.dialects import ollama_request
from agents.backends.dialects.ollama_stream import OllamaReading, OllamaStream
from agents.backends.protocol import ChatRequest, Delta
from agents.backends.transport.address import bearer
from agents.backends.transport.redaction import Redaction
from agents.backends.transport.sse import utf8


class OllamaDialect:
    """`POST /api/chat`; a stream of lines, the last of which says `done`."""

    kind = "ollama"
    label = "Ollama server"
    path = "/api/chat"
    media_types = (
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "text/plain",
        "application/octet-stream",
        "",
    )

    def headers(self, key: str | None) -> Mapping[str, str]:
        return {"Content-Type": "application/json", "Accept-Encoding": "identity", **bearer(key)}

    def body(self, request: ChatRequest, call: Call) -> Mapping[str, Any]:
        return ollama_request.body(request, call)

    def reading(self, redaction: Redaction) -> Reading:
        return OllamaReading(redaction)

    def whole(self, body: bytes, redaction: Redaction) -> list[Delta]:
        stream = OllamaStream(redaction)
        deltas: list[Delta] = []
        for line in _lines(utf8(body)):
            deltas += stream.feed(line)
        return [*deltas, stream.finish()]


def _lines(body: bytes) -> list[bytes]:
    """One object, however it is laid out; or the lines of a stream, which some proxies call JSON, too."""
    lines = [line for line in body.splitlines() if line.strip()]
    return lines if lines and lines[0].rstrip().endswith(b"}") else [body]
