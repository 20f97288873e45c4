"""Streamed responses: what every form of them means, however the bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.backends.dialects.openai_responses import OpenAIResponsesDialect
from agents.backends.transport.redaction import Redaction
from tests.agents.backends.dialects.reading_cases import assert_broken, outcome, pieces_of, split_everywhere
from tests.agents.backends.dialects.responses_cases import BROKEN, COMPLETE
from tests.agents.backends.responses_bytes import event, sent, whole

RESPONSES = OpenAIResponsesDialect()
FIXTURES = {name: case.data for name, case in (COMPLETE | BROKEN).items()}


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_answer_gives_all_it_says(name: str) -> None:
    assert outcome(RESPONSES, [COMPLETE[name].data]) == COMPLETE[name].outcome


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_keeps_its_text_and_says_why(name: str) -> None:
    assert_broken(RESPONSES, BROKEN[name])


@pytest.mark.parametrize("name", FIXTURES)
def test_split_anywhere_and_byte_by_byte_it_stays_the_same(name: str) -> None:
    split_everywhere(RESPONSES, FIXTURES[name])


@given(st.sampled_from(sorted(FIXTURES)), st.data())
def test_any_chunking_gives_the_same(name: str, draw: st.DataObject) -> None:
    data = FIXTURES[name]
    assert outcome(RESPONSES, draw.draw(pieces_of(data))) == outcome(RESPONSES, [data])


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_text_arrives_unchanged(texts: list[str]) -> None:
    assert outcome(RESPONSES, [whole(*texts)]).text == "".join(texts)


def test_a_line_of_2_mib_is_one_piece() -> None:
    data = whole("x" * (2 * 1024 * 1024))
    result = outcome(RESPONSES, (data[i : i + 65536] for i in range(0, len(data), 65536)))
    assert len(result.text) == 2 * 1024 * 1024


def test_the_providers_words_are_redacted() -> None:
    words = "sk-secret-key may not ask 'Tell me about my illness, doctor.'"
    redaction = Redaction("sk-secret-key", ["Tell me about my illness, doctor."])
    result = outcome(RESPONSES, [sent([event("error", message=words)])], redaction)
    assert isinstance(result.end, tuple)
    assert result.end[1].endswith("*** may not ask '***'")


@pytest.mark.parametrize(
    "data", [b'{"type": "my secret', b'{"type":"response.output_text.delta","delta":["my secret"]}']
)
def test_what_cannot_be_read_is_not_repeated(data: bytes) -> None:
    result = outcome(RESPONSES, [b"data: " + data + b"\n\n"])
    assert isinstance(result.end, tuple)
    assert "secret" not in result.end[1]
