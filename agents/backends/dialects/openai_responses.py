"""Responses of OpenAI and of every server that speaks like it."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.backends.dialect import Call, Reading
from agents.backends.dialects import openai_responses_request
from agents.backends.dialects.openai_responses_stream import Ending, Item, Part, ResponseStream, end
from agents.backends.dialects.reading import SSE_TYPES, SSEReading, decoded, refuse
from agents.backends.protocol import ChatRequest, Delta, ReasoningDelta, TextDelta, ToolCallDelta
from agents.backends.transport.address import bearer
from agents.backends.transport.redaction import Redaction
from agents.errors import BackendProtocolError


class _Response(Ending, frozen=True):
    output: list[Item] | None = None


_decoder: Final = msgspec.json.Decoder(_Response)


class OpenAIResponsesDialect:
    """`POST /responses`; a stream of typed and numbered events."""

    kind = "openai-responses"
    label = "Server of OpenAI's Responses"
    path = "/responses"
    media_types = SSE_TYPES

    def headers(self, key: str | None) -> Mapping[str, str]:
        return {"Content-Type": "application/json", "Accept-Encoding": "identity", **bearer(key)}

    def body(self, request: ChatRequest, call: Call) -> Mapping[str, Any]:
        return openai_responses_request.body(request, call)

    def reading(self, redaction: Redaction) -> Reading:
        return SSEReading(ResponseStream(redaction))

    def whole(self, body: bytes, redaction: Redaction) -> list[Delta]:
        response = decoded(_decoder, body, "The answer")
        if response.error:
            refuse(response.error, redaction)
        if response.output is None:
            raise BackendProtocolError("The answer has no output.")
        called = any(item.type == "function_call" for item in response.output)
        return [*_deltas(response.output), end(response, redaction, called=called)]


def _deltas(output: list[Item]) -> list[Delta]:
    deltas: list[Delta] = []
    calls = 0
    for item in output:
        if item.type == "function_call":
            deltas.append(ToolCallDelta(calls, item.call_id or item.id, item.name, item.arguments or ""))
            calls += 1
        elif item.type == "reasoning":
            deltas += [
                ReasoningDelta(text) for text in _texts([*(item.summary or ()), *(item.content or ())])
            ]
        elif item.type == "message":
            deltas += [TextDelta(text) for text in _texts(item.content or [])]
    return deltas


def _texts(parts: list[Part] | None) -> list[str]:
    return [text for part in parts or () if (text := part.text or part.refusal)]
