"""Any gateway that answers with server-sent events of JSON: its base URL is the whole address."""

from collections.abc import Mapping
from typing import Any, Final

from agents.backends.dialect import Call, Reading
from agents.backends.dialects import openai_chat_request
from agents.backends.dialects.reading import SSE_TYPES, refuse
from agents.backends.dialects.sse_gateway_stream import GatewayReading, read, usage
from agents.backends.protocol import ChatRequest, Delta, Finished, TextDelta
from agents.backends.transport.address import bearer
from agents.backends.transport.redaction import Redaction
from agents.errors import BackendProtocolError

_SENT: Final = ("model", "messages", "max_tokens", "temperature")


class SSEGatewayDialect:
    """`POST` to the base URL itself; a stream of texts that ends with `[DONE]`. It knows no tools."""

    kind = "sse"
    label = "SSE gateway"
    path = ""
    media_types = SSE_TYPES

    def headers(self, key: str | None) -> Mapping[str, str]:
        return {"Content-Type": "application/json", "Accept-Encoding": "identity", **bearer(key)}

    def body(self, request: ChatRequest, call: Call) -> Mapping[str, Any]:
        asked = openai_chat_request.body(request, Call(call.model, host="", stream=call.stream))
        return {name: asked[name] for name in _SENT if name in asked} | {"stream": call.stream}

    def reading(self, redaction: Redaction) -> Reading:
        return GatewayReading(redaction)

    def whole(self, body: bytes, redaction: Redaction) -> list[Delta]:
        answer = read(body)
        if answer is not None and answer.error:
            refuse(answer.error, redaction)
        if answer is None or answer.said is None:
            raise BackendProtocolError("The answer is not JSON with content, delta or text.")
        texts: list[Delta] = [TextDelta(answer.said)] if answer.said else []
        return [*texts, Finished(answer.finish_reason or "stop", usage(answer.usage))]
