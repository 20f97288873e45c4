"""The bytes in which the paced server says its words, as each provider would send them. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

import msgspec

from bench.paced_text import word

ASKED_TOKENS: Final = 3
"""What every prompt is said to have had."""
_UNNUMBERED: Final = 987654321
NUMBER: Final = b"%d" % _UNNUMBERED
_JSON: Final = msgspec.json.Encoder()


class WireFormat(Protocol):
    """One provider's. Each part is a list of what its server would write at once."""

    @property
    def path(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    @property
    def first_number(self) -> int | None:
        """That of an answer's first token, where all that is sent has numbers: `NUMBER` stands for it."""
        ...

    def opening(self) -> list[bytes]:
        """What comes ahead of the first token."""
        ...

    def token(self, place: int) -> bytes:
        """The word at a place of the row."""
        ...

    def closing(self, text: str, tokens: int, /) -> list[bytes]:
        """The end of an answer that said `text`: finish reason, usage and end marker, no more."""
        ...


class OpenAIChat:
    """Chunks of about 230 bytes."""

    path = "/v1/chat/completions"
    content_type = "text/event-stream; charset=utf-8"
    first_number = None
    _head: Final = {
        "id": "chatcmpl-CdZ3uVqkX1bFv7T0yLw9pQmN2hRsA",
        "object": "chat.completion.chunk",
        "created": 1763740800,
        "model": "gpt-5-mini",
        "system_fingerprint": "fp_44709d6fcb",
    }

    def opening(self) -> list[bytes]:
        return [self._said({"role": "assistant", "content": ""})]

    def token(self, place: int) -> bytes:
        return self._said({"content": word(place)})

    def closing(self, _text: str, tokens: int) -> list[bytes]:
        counts = _counts("prompt_tokens", "completion_tokens", tokens)
        last = {**self._head, "choices": [], "usage": {**counts, "total_tokens": tokens + ASKED_TOKENS}}
        return [self._said({}, "stop"), _data(last), b"data: [DONE]\n\n"]

    def _said(self, delta: Mapping[str, str], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _data({**self._head, "choices": [choice]})


class OpenAIResponses:
    """Events of about 330 bytes, numbered; the text comes again as a whole at the end, three times."""

    path = "/v1/responses"
    content_type = "text/event-stream; charset=utf-8"
    first_number = 4
    _item: Final = "msg_68e1f3a7c5d881909a64b2f7e0c3d5a60b9f8e7d6c5b4a39"
    _response: Final = {
        "id": "resp_68e1f3a6b2f48190b7d9c1e5a3f7082d0b9f8e7d6c5b4a39",
        "object": "response",
        "created_at": 1763740800,
        "model": "gpt-5-mini",
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
    }

    def opening(self) -> list[bytes]:
        begun = {**self._response, "status": "in_progress", "output": [], "usage": None}
        return [
            _typed("response.created", sequence_number=0, response=begun),
            _typed("response.in_progress", sequence_number=1, response=begun),
            _typed(
                "response.output_item.added",
                sequence_number=2,
                output_index=0,
                item=self._message("in_progress", []),
            ),
            self._part("response.content_part.added", 3, part=_text_part("")),
        ]

    def token(self, place: int) -> bytes:
        said = {"delta": word(place), "logprobs": [], "obfuscation": "kX1bFv7T0yLw"}
        return self._part("response.output_text.delta", _UNNUMBERED, **said)

    def closing(self, text: str, tokens: int) -> list[bytes]:
        number = self.first_number + tokens
        message = self._message("completed", [_text_part(text)])
        counts = _counts("input_tokens", "output_tokens", tokens)
        details = {
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": tokens + ASKED_TOKENS,
        }
        ended = {
            **self._response,
            "status": "completed",
            "output": [message],
            "usage": {**counts, **details},
        }
        return [
            self._part("response.output_text.done", number, text=text, logprobs=[]),
            self._part("response.content_part.done", number + 1, part=_text_part(text)),
            _typed("response.output_item.done", sequence_number=number + 2, output_index=0, item=message),
            _typed("response.completed", sequence_number=number + 3, response=ended),
        ]

    def _part(self, kind: str, number: int, **fields: Any) -> bytes:
        place = {"item_id": self._item, "output_index": 0, "content_index": 0}
        return _typed(kind, sequence_number=number, **place, **fields)

    def _message(self, status: str, content: Iterable[Any]) -> dict[str, Any]:
        content = list(content)
        return {
            "id": self._item,
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }


class Anthropic:
    """Events of about 130 bytes, with a ping ahead of them."""

    path = "/v1/messages"
    content_type = "text/event-stream; charset=utf-8"
    first_number = None
    _message: Final[dict[str, Any]] = {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": ASKED_TOKENS, "output_tokens": 1},
    }

    def opening(self) -> list[bytes]:
        return [
            _typed("message_start", message=self._message),
            _typed("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            _typed("ping"),
        ]

    def token(self, place: int) -> bytes:
        return _typed("content_block_delta", index=0, delta={"type": "text_delta", "text": word(place)})

    def closing(self, _text: str, tokens: int) -> list[bytes]:
        why = {"stop_reason": "end_turn", "stop_sequence": None}
        return [
            _typed("content_block_stop", index=0),
            _typed("message_delta", delta=why, usage={"output_tokens": tokens}),
            _typed("message_stop"),
        ]


class Ollama:
    """Lines of about 130 bytes."""

    path = "/api/chat"
    content_type = "application/x-ndjson"
    first_number = None
    _head: Final = {"model": "llama3.2", "created_at": "2026-11-21T16:00:00.123456789Z"}

    def opening(self) -> list[bytes]:
        return []

    def token(self, place: int) -> bytes:
        return self._line({"message": {"role": "assistant", "content": word(place)}, "done": False})

    def closing(self, _text: str, tokens: int) -> list[bytes]:
        took = {"total_duration": 4883583458, "load_duration": 1334875, "prompt_eval_duration": 342546000}
        end = {"message": {"role": "assistant", "content": ""}, "done_reason": "stop", "done": True}
        counts = _counts("prompt_eval_count", "eval_count", tokens)
        return [self._line({**end, **took, **counts, "eval_duration": 4535599000})]

    def _line(self, fields: Mapping[str, Any]) -> bytes:
        return _JSON.encode({**self._head, **fields}) + b"\n"


FORMATS: Final[tuple[WireFormat, ...]] = (OpenAIChat(), OpenAIResponses(), Anthropic(), Ollama())


def head(wire: WireFormat) -> bytes:
    """The headers of an answer."""
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: {wire.content_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )


def framed(part: bytes) -> bytes:
    """`part` as a chunk of HTTP's chunked encoding."""
    return b"%x\r\n%b\r\n" % (len(part), part)


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _counts(asked: str, said: str, tokens: int) -> dict[str, int]:
    return {asked: ASKED_TOKENS, said: tokens}


def _typed(kind: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), _JSON.encode({"type": kind, **fields}))


def _data(fields: Mapping[str, Any]) -> bytes:
    return b"data: %b\n\n" % _JSON.encode(fields)
