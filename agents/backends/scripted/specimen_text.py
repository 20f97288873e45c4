"""A text that reads well under its name, and is as long as a JSON Schema allows. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from agents.errors import BackendRejected

LONGEST: Final = 10_000
TITLE_WORDS: Final = 5

_TITLES: Final = (
    "title",
    "heading",
    "headline",
    "name",
    "topic",
    "label",
    "subject",
    "query",
    "section",
    "tag",
)
_FORMATS: Final = {
    "date-time": "2026-11-01T12:00:00Z",
    "date": "2026-11-01",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "decimal": "1.5",
    "email": "script@example.com",
    "uri": "https://example.com/",
}
_BASE64: Final = "c2NyaXB0"


def text_within(schema: Mapping[str, Any], name: str, sentences: Iterator[str]) -> str:
    """As many of `sentences` as it takes; a few words where `name` is that of a title."""
    if schema.get("contentEncoding") == "base64":
        return _BASE64
    if (text := _FORMATS.get(schema.get("format", ""))) is not None:
        return text
    least, most = schema.get("minLength", 0), schema.get("maxLength", LONGEST)
    if least > LONGEST:
        raise BackendRejected(f"The scripted backend makes texts of {LONGEST} characters at most.")
    text = next(sentences)
    text = _titled(text) if any(word in name.lower() for word in _TITLES) else text
    while len(text) < least:
        text += f" {next(sentences)}"
    return text if len(text) <= most else _shortened(text[:most], least)


def _titled(sentence: str) -> str:
    return " ".join(sentence.split()[:TITLE_WORDS]).rstrip(".,:;!?…")


def _shortened(text: str, least: int) -> str:
    """`text` up to its last whole word, if that is long enough."""
    words = text.rpartition(" ")[0].rstrip(",:;")
    return words if words and len(words) >= least else text
