"""Chat completions of OpenAI and of every server that speaks like it."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.backends.dialect import Call, Reading
from agents.backends.dialects import openai_chat_request
from agents.backends.dialects.openai_chat_stream import ChatStream, Said, normal, said, usage
from agents.backends.dialects.reading import SSE_TYPES, SSEReading, decoded, refuse
from agents.backends.protocol import ChatRequest, Delta, Finished
from agents.backends.transport.address import bearer
from agents.backends.transport.redaction import Redaction
from agents.errors import BackendProtocolError


class _Choice(msgspec.Struct, frozen=True):
    message: Said
    finish_reason: str | None = None


class _Completion(msgspec.Struct, frozen=True):
    choices: list[_Choice] = []
    usage: Any = None
    error: Any = None


_decoder: Final = msgspec.json.Decoder(_Completion)


class OpenAIChatDialect:
    """`POST /chat/completions`; a stream of chunks that ends with `[DONE]`."""

    kind = "openai"
    label = "OpenAI-compatible server"
    path = "/chat/completions"
    media_types = SSE_TYPES

    def headers(self, key: str | None) -> Mapping[str, str]:
        return {"Content-Type": "application/json", "Accept-Encoding": "identity", **bearer(key)}

    def body(self, request: ChatRequest, call: Call) -> Mapping[str, Any]:
        return openai_chat_request.body(request, call)

    def reading(self, redaction: Redaction) -> Reading:
        return SSEReading(ChatStream(redaction))

    def whole(self, body: bytes, redaction: Redaction) -> list[Delta]:
        completion = decoded(_decoder, body, "The answer")
        if completion.error:
            refuse(completion.error, redaction)
        if not completion.choices:
            raise BackendProtocolError("The answer has no choices.")
        choice = completion.choices[0]
        end = Finished(normal(choice.finish_reason), usage(completion.usage))
        return [*said(choice.message), end]
