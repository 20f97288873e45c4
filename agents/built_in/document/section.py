"""The part of `document` that writes one section, gone on with where it is cut."""

from typing import Final

import msgspec

from agents.backends.protocol import ChatMessage
from agents.built_in.document.manuscript import Demoting
from agents.built_in.document.outline import Outline
from agents.context import JobContext
from agents.errors import BackendIncomplete
from agents.policy import Retry
from agents.registry import agent

TURNS: Final = 8
BEFORE_MOST: Final = 2_000
"""Characters of the text before it that the model is shown."""
_SYSTEM: Final = (
    "You write a document, section by section. Write the section that the user names, in Markdown, and "
    "nothing else: neither its heading nor another section. Headings within it begin with ### or more. Go on "
    "from the end of the text before it without repeating it."
)


class Assignment(msgspec.Struct, frozen=True):
    """Section `index` (from 0) of the `outline`; `before` is the end of the document so far."""

    topic: str
    style: str
    outline: Outline
    index: int
    before: str


@agent("section", retry=Retry(attempts=3, backoff_s=1.0))
async def _section(job: JobContext[Assignment]) -> None:
    """Writes one section. Raises `BackendError`."""
    demoting = Demoting()
    async for piece in job.stream(_asked(job.input), publish=False, max_turns=TURNS):
        await job.on_chunk(demoting.feed(piece), model=job.model)
    await job.on_chunk(demoting.finish(), model=job.model)
    if not job.text.strip():
        raise BackendIncomplete("The model wrote nothing for a section.")


def _asked(given: Assignment) -> list[ChatMessage]:
    headings = given.outline.headings
    contents = "\n".join(f"{number}. {heading}" for number, heading in enumerate(headings, 1))
    told = (
        f"Topic: {given.topic}\n\nStyle: {given.style}\n\nTitle: {given.outline.title}\n\n"
        f"Contents:\n{contents}\n\n"
        f"The text before this section ends so:\n<before>\n{given.before}\n</before>\n\n"
        f"Write section {given.index + 1} of {len(headings)}: {headings[given.index]}"
    )
    return [ChatMessage("system", _SYSTEM), ChatMessage("user", told)]
