"""What the paced server says, and the bytes that carry it. Pure.

Each stream says the same endless row of words, but begins at a place of its own: text that reaches the
wrong job is noticed.
"""

from typing import Final

import msgspec

_SYLLABLES: Final = [consonant + vowel for consonant in "bdfgklmnprst" for vowel in "aeioué"]
WORDS: Final = len(_SYLLABLES) ** 2
_STEP: Final = 7
_HEAD: Final = {
    "id": "chatcmpl-CdZ3uVqkX1bFv7T0yLw9pQmN2hRsA",
    "object": "chat.completion.chunk",
    "created": 1763740800,
    "model": "gpt-5-mini",
    "system_fingerprint": "fp_44709d6fcb",
}


def place_of(stream: int) -> int:
    """Where in the row of words a stream begins."""
    return stream * _STEP % WORDS


def word(place: int) -> str:
    """The token at a place of the row, which begins again after `WORDS`."""
    second, first = divmod(place % WORDS, len(_SYLLABLES))
    return f" {_SYLLABLES[first]}{_SYLLABLES[second]}"


def text_of(stream: int, tokens: int) -> str:
    """All that a stream has said after so many tokens."""
    place = place_of(stream)
    return "".join(map(word, range(place, place + tokens)))


def begins(stream: int, text: str) -> bool:
    """Whether a stream says `text` first, in whole tokens."""
    return text == text_of(stream, len(text) // len(word(0)))


def opening() -> bytes:
    """The headers of an answer, and its first chunk."""
    headers = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return headers.encode() + _said({"role": "assistant", "content": ""})


def token_chunk(place: int) -> bytes:
    """About 230 bytes, as OpenAI sends them."""
    return _said({"content": word(place)})


def closing(tokens: int) -> bytes:
    """The end of an answer: finish reason, usage, `[DONE]`, and no more."""
    usage = {"prompt_tokens": 3, "completion_tokens": tokens, "total_tokens": tokens + 3}
    last = _event(msgspec.json.encode({**_HEAD, "choices": [], "usage": usage}))
    return _said({}, "stop") + last + _event(b"[DONE]") + b"0\r\n\r\n"


def _said(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _event(msgspec.json.encode({**_HEAD, "choices": [choice]}))


def _event(data: bytes) -> bytes:
    """One server-sent event, as a chunk of HTTP's chunked encoding."""
    event = b"data: " + data + b"\n\n"
    return f"{len(event):x}\r\n".encode() + event + b"\r\n"
