"""The agent that writes documents. All it needs to go on after a restart stands in the text itself."""

from typing import Annotated

import msgspec
from msgspec import Meta

from agents.built_in.document.manuscript import Manuscript, head, heading, read
from agents.built_in.document.outline import SECTIONS_MOST, planned
from agents.built_in.document.section import BEFORE_MOST, Assignment, _section
from agents.built_in.document.telling import Telling
from agents.context import JobContext
from agents.registry import agent
from agents.usage import estimated_tokens


class DocumentInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to write about, in how many `sections` (else as many as it takes), and in which `style`."""

    topic: Annotated[str, Meta(min_length=1, max_length=4_000)]
    sections: Annotated[int, Meta(ge=1, le=SECTIONS_MOST)] | None = None
    style: Annotated[str, Meta(min_length=1, max_length=1_000)] = "Clear and factual, for interested readers."


class Section(msgspec.Struct, frozen=True):
    heading: str
    text: str


class Document(msgspec.Struct, frozen=True, rename="camel"):
    """`tokens_generated` is an estimate of the whole text."""

    title: str
    sections: list[Section]
    tokens_generated: int


@agent("document", on_retry="continue")
async def document(job: JobContext[DocumentInput]) -> Document:
    """Writes a document section by section; whatever fails, only the section in work is written again."""
    begun = await _begun(job)
    headings = begun.outline.headings
    telling = Telling(job, total=len(headings), completed=len(begun.finished))
    for index in range(len(begun.finished), len(headings)):
        await job.on_chunk(heading(begun.outline, index), step="writing")
        async with telling.streaming(headings[index]):
            await job.spawn(_section, _assignment(job, begun, index), step="writing")
    await telling.tell("complete", "complete")
    return _whole(job)


async def _begun(job: JobContext[DocumentInput]) -> Manuscript:
    """What earlier attempts have finished, without what they began; or a new outline, published."""
    written = read(job.text)
    if written is not None:
        await job.rewind(written.length)
        return written
    await job.rewind(0)
    given = job.input
    await Telling(job, total=given.sections or 0).tell("outline", "idle")
    outline = await planned(job, given.topic, given.sections, given.style)
    await job.on_chunk(head(outline), step="outline", model=job.model)
    return Manuscript(outline, [], len(job.text))


def _assignment(job: JobContext[DocumentInput], begun: Manuscript, index: int) -> Assignment:
    before = job.text[: -len(heading(begun.outline, index))][-BEFORE_MOST:]
    return Assignment(job.input.topic, job.input.style, begun.outline, index, before)


def _whole(job: JobContext[DocumentInput]) -> Document:
    """What the text says."""
    written = read(job.text, is_whole=True)
    assert written is not None
    pairs = zip(written.outline.headings, written.finished, strict=True)
    sections = [Section(heading, text.strip()) for heading, text in pairs]
    return Document(written.outline.title, sections, estimated_tokens(job.text))
