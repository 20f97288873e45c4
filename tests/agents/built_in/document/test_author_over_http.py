"""Documents over a real protocol: what a provider cuts, breaks or refuses costs one section, no more."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from agents import OpenAIChat
from agents.built_in.document import DocumentInput, document
from tests.agents.backends.llm_server import aimock_process
from tests.agents.collecting import CollectingSink, context

OUTLINE = json.dumps({"title": "Tea", "headings": ["Leaves", "Water"]})
SECOND = "Water is hot, and never boils for long. It is soft, too."
TEXT = f"# Tea\n\n1. Leaves\n2. Water\n\n## Leaves\n\nLeaves are green.\n\n## Water\n\n{SECOND}"


def answers(words: str, response: dict[str, Any], index: int | None = None, **options: Any) -> dict[str, Any]:
    """An aimock fixture; `index` counts the requests with these words, from 0."""
    match = {"userMessage": words} | ({} if index is None else {"sequenceIndex": index})
    return {"match": match, "response": response, "chunkSize": 6, **options}


def fixtures(topic: str, *second: dict[str, Any]) -> list[dict[str, Any]]:
    """Of a document about `topic`, whose second section comes as `second` says."""
    return [
        answers(f"Topic: {topic}\n\nStyle: plain\n\nThe document has", {"content": OUTLINE}),
        answers(f"Topic: {topic}\n\nStyle: plain\n\nTitle: Tea", {"content": "Leaves are green."}, 0),
        *second,
    ]


def second(topic: str, index: int, response: dict[str, Any], **options: Any) -> dict[str, Any]:
    return answers(f"Topic: {topic}\n\nStyle: plain\n\nTitle: Tea", response, index, **options)


REFUSAL = {"error": {"message": "Slow down", "type": "rate_limit_error"}, "status": 429}
CUT = {"content": SECOND[:30], "finishReason": "length"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    whole = {"content": SECOND}
    given = [
        *fixtures(
            "broken",
            second("broken", 1, whole, truncateAfterChunks=4, latency=20),
            second("broken", 2, whole),
        ),
        *fixtures("busy", second("busy", 1, REFUSAL), second("busy", 2, whole)),
        *fixtures("cut", second("cut", 1, CUT), answers("cut off at its end", {"content": SECOND[14:]})),
    ]
    with aimock_process(given) as base_url:
        yield base_url


@pytest.mark.parametrize(("topic", "is_taken_back"), [("broken", True), ("busy", False), ("cut", False)])
async def test_a_document_comes_to_its_end(url: str, topic: str, is_taken_back: bool) -> None:
    backend = OpenAIChat(url, api_key="sk-test", model="m")
    job = context(sink := CollectingSink(), backend, given=DocumentInput(topic, style="plain"))
    result = await document(job)
    await backend.aclose()
    assert job.text == TEXT
    assert [one.text for one in result.sections] == ["Leaves are green.", SECOND]
    assert sink.kept == ([TEXT.removesuffix(SECOND)] if is_taken_back else [])
