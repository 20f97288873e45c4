"""The `document` agent: outline first, then section by section; what is finished is never written twice."""

import json
from typing import Any

import msgspec
import pytest

from agents import BackendIncomplete, BackendRateLimited, BackendRejected, JobContext, Scripted
from agents.built_in.document import Document, DocumentInput, Section, document
from agents.built_in.document import section as section_module
from agents.policy import Retry
from tests.agents.collecting import CollectingSink, context
from tests.agents.in_turn import InTurn, Says

OUTLINE = json.dumps({"title": "Tea", "headings": ["Leaves", "Water"]})
HEAD = "# Tea\n\n1. Leaves\n2. Water\n\n"
FIRST = "## Leaves\n\nGreen ones."
SECOND = "\n\n## Water\n\nHot."
GIVEN = DocumentInput("tea")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A section that failed is tried again at once."""
    agent = section_module._section
    policy = msgspec.structs.replace(agent.policy, retry=Retry(attempts=3, backoff_s=0))
    monkeypatch.setattr(
        "agents.built_in.document.author._section", msgspec.structs.replace(agent, policy=policy)
    )


def writing(*answers: str | Says, partial: str = "") -> tuple[JobContext[Any], InTurn, CollectingSink]:
    backend, sink = InTurn(*answers), CollectingSink()
    return context(sink, backend, given=GIVEN, partial=partial, continues=True), backend, sink


def states(sink: CollectingSink) -> list[tuple[int, str | None, str]]:
    told = [metadata or {} for _, _, metadata in sink.progressed]
    return [(one["sectionsCompleted"], one["currentSection"], one["streamStatus"]) for one in told]


async def test_outline_and_sections_are_published_one_after_another() -> None:
    job, backend, sink = writing(OUTLINE, "Green ones.", "Hot.")
    result = await document(job)
    assert job.text == "".join(sink.chunks) == HEAD + FIRST + SECOND
    assert sink.chunks[0] == HEAD
    assert result == Document("Tea", [Section("Leaves", "Green ones."), Section("Water", "Hot.")], 17)
    assert msgspec.to_builtins(result).keys() == {"title", "sections", "tokensGenerated"}
    assert FIRST in backend.prompts[2]


async def test_its_progress_tells_what_is_done_and_what_is_in_work() -> None:
    job, _, sink = writing(OUTLINE, "Green ones.", "Hot.")
    await document(job)
    assert states(sink) == [
        (0, None, "idle"),
        (0, "Leaves", "streaming"),
        (1, "Leaves", "idle"),
        (1, "Water", "streaming"),
        (2, "Water", "idle"),
        (2, None, "complete"),
    ]
    assert [percent for percent, _, _ in sink.progressed] == [0, 0, 50, 50, 100, 100]
    assert {(one.step, one.model) for one in sink.metadata if one} == {
        ("outline", "m"),
        ("writing", None),
        ("writing", "m"),
    }


@pytest.mark.parametrize("error", [BackendRateLimited("Later."), BackendIncomplete("It broke.")])
async def test_a_section_that_fails_is_written_again_alone(error: Exception) -> None:
    assert isinstance(error, BackendRateLimited | BackendIncomplete)
    job, backend, sink = writing(OUTLINE, "Green ones.", Says("Hot is", breaks=error), "Hot.")
    await document(job)
    assert job.text == HEAD + FIRST + SECOND
    assert sink.kept == [HEAD + FIRST + "\n\n## Water\n\n"]
    assert ["section 2" in prompt for prompt in backend.prompts] == [False, False, True, True]


async def test_a_section_that_fails_for_good_fails_the_job_and_the_text_stays() -> None:
    job, backend, _ = writing(OUTLINE, "Green ones.", Says("Hot", breaks=BackendRejected("No.")))
    with pytest.raises(BackendRejected):
        await document(job)
    assert job.text == HEAD + FIRST + SECOND[:-1]
    assert len(backend.asked) == 3


@pytest.mark.parametrize("cut", [SECOND[:5], SECOND[:8], SECOND[:-1], SECOND])
async def test_a_restart_keeps_what_is_finished_and_writes_what_was_cut_again(cut: str) -> None:
    job, backend, sink = writing("Hot.", partial=HEAD + FIRST + cut)
    result = await document(job)
    assert job.text == HEAD + FIRST + SECOND
    assert sink.kept == [HEAD + FIRST]
    assert len(backend.asked) == 1
    assert [one.text for one in result.sections] == ["Green ones.", "Hot."]
    assert states(sink)[0] == (1, "Water", "streaming")


async def test_a_restart_where_no_section_has_ended_keeps_the_outline() -> None:
    job, backend, sink = writing("Green ones.", "Hot.", partial=HEAD + FIRST + "\n\n##")
    await document(job)
    assert (job.text, sink.kept, len(backend.asked)) == (HEAD + FIRST + SECOND, [HEAD], 2)


@pytest.mark.parametrize("partial", ["# Te", HEAD[:-1]])
async def test_a_restart_within_the_outline_begins_anew(partial: str) -> None:
    job, _, sink = writing(OUTLINE, "Green ones.", "Hot.", partial=partial)
    await document(job)
    assert (job.text, sink.kept) == (HEAD + FIRST + SECOND, [""])


async def test_headings_that_the_model_writes_do_not_make_sections() -> None:
    job, _, _ = writing(OUTLINE, "Green.\n\n## Water\n\nNot yet.", "Hot.")
    result = await document(job)
    assert [one.text for one in result.sections] == ["Green.\n\n### Water\n\nNot yet.", "Hot."]


async def test_the_scripted_backend_writes_a_document() -> None:
    given = DocumentInput("tea", sections=2)
    job = context(CollectingSink(), Scripted(), given=given, model="count-40@1000")
    result = await document(job)
    assert [one.text.split()[-1] for one in result.sections] == ["40", "40"]


@pytest.mark.parametrize(
    "given", [{}, {"topic": ""}, {"topic": "x", "sections": 0}, {"topic": "x", "sections": 13}]
)
def test_bad_input_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, document.input_type)
