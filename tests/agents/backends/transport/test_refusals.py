"""Refusals of OpenAI-compatible servers: status and error objects to errors of ours."""

from typing import Any

import pytest

from agents.backends.transport.refusals import (
    kind_of_error,
    kind_of_status,
    refuses_streaming,
    status_line,
    words_of_body,
    words_of_error,
)


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (302, "backend_protocol", False),
        (400, "backend_rejected", False),
        (401, "backend_auth", False),
        (403, "backend_auth", False),
        (404, "backend_rejected", False),
        (408, "backend_unavailable", True),
        (409, "backend_unavailable", True),
        (422, "backend_rejected", False),
        (425, "backend_unavailable", True),
        (429, "backend_rate_limited", True),
        (500, "backend_unavailable", True),
        (503, "backend_unavailable", True),
        (529, "backend_unavailable", True),
    ],
)
def test_a_status_has_its_error(status: int, code: str, retryable: bool) -> None:
    kind = kind_of_status(status)
    assert (kind.code, kind.retryable) == (code, retryable)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": 429}, "backend_rate_limited"),
        ({"code": "502"}, "backend_unavailable"),
        ({"code": 401, "type": "server_error"}, "backend_auth"),
        ({"code": None, "type": "rate_limit_error"}, "backend_rate_limited"),
        ({"code": "context_length_exceeded", "type": "invalid_request_error"}, "backend_rejected"),
        ({"type": "server_error"}, "backend_unavailable"),
        ({"code": 7, "type": ["x"], "status": True}, "backend_unavailable"),
        ({"code": "9" * 5000}, "backend_unavailable"),
        ({"code": "timeout"}, "backend_timeout"),
        ("broken", "backend_unavailable"),
        (None, "backend_unavailable"),
    ],
)
def test_an_error_object_has_its_error(error: Any, code: str) -> None:
    assert kind_of_error(error).code == code


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("broken", "broken"),
        ({"message": "m", "type": "t"}, "m"),
        ({"error": {"message": "m"}}, "m"),
        ({"error": "m"}, "m"),
        ({"detail": "m"}, "m"),
        ({"detail": [{"loc": ["body"], "msg": "field required"}]}, "field required"),
        ({"message": "", "type": "t"}, "t"),
        ({"code": 5}, ""),
        ({"error": []}, ""),
        (None, ""),
        ([], ""),
    ],
)
def test_the_providers_words_are_found(error: Any, words: str) -> None:
    assert words_of_error(error) == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "m"}}', "m"),
        (b"upstream connect error", "upstream connect error"),
        (b"<html><h1>Bad gateway</h1></html>", ""),
        (b"  <!DOCTYPE html>", ""),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"error": ' * 5000, None),
        (b'{"a":' * 500 + b"1" + b"}" * 500, ""),
    ],
)
def test_a_body_of_any_form_is_read(body: bytes, words: str | None) -> None:
    told = words_of_body(body)
    assert words is None or told == words


@pytest.mark.parametrize(
    ("body", "refuses"),
    [
        (b'{"error": {"message": "Not so.", "param": "stream"}}', True),
        (
            b'{"error": {"message": "Your organization must be verified to stream this.", "param": null}}',
            False,
        ),
        (b'{"error": {"message": "This model does not support streaming."}}', True),
        (b'{"error": "Streaming is not supported."}', True),
        (b'{"detail": "Streaming is not supported."}', True),
        (b'{"error": {"param": "model", "message": "No such model"}}', False),
        (b'{"error": {"param": ["stream"]}}', False),
        (b'{"error": null}', False),
        (b"[]", False),
        (b"stream", False),
        (b"\xff", False),
        (b"[" * 100_000, False),
    ],
)
def test_a_refusal_to_stream_is_told_from_other_refusals(body: bytes, refuses: bool) -> None:
    assert refuses_streaming(body) == refuses


def test_a_status_is_told_by_number_and_name() -> None:
    assert (status_line(429), status_line(529)) == ("429 Too Many Requests", "529")
