"""The outline of a document: a title, and a heading for each section."""

from typing import Annotated, Any, Final, TypeAlias, cast

import msgspec
from msgspec import Meta

from agents.asking.structured import structured
from agents.backends.protocol import ChatMessage
from agents.context import JobContext

SECTIONS_MOST: Final = 12
TITLE_LONGEST: Final = 200
HEADING_LONGEST: Final = 160
_SYSTEM: Final = (
    "You plan documents. Give the title of a document about the user's topic, and the headings of its "
    "sections in their order, each on one line and without numbers or marks. The sections build on each "
    "other, none overlaps with another, and together they cover the topic."
)


Heading: TypeAlias = Annotated[str, Meta(min_length=1)]


class Outline(msgspec.Struct, frozen=True):
    """The title of a document, and the headings of its sections."""

    title: Annotated[str, Meta(min_length=1)]
    headings: Annotated[
        list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1, max_length=SECTIONS_MOST)
    ]

    def __post_init__(self) -> None:
        """Raises `ValueError` for a title or a heading that has no words."""
        if not all(one_line(text, HEADING_LONGEST) for text in (self.title, *self.headings)):
            raise ValueError("the title and each heading must have words")

    def tidy(self) -> "Outline":
        """With a title and headings of one line each, without marks of Markdown before them."""
        headings = [one_line(heading, HEADING_LONGEST) for heading in self.headings]
        return Outline(one_line(self.title, TITLE_LONGEST), headings)


def one_line(text: str, longest: int) -> str:
    return " ".join(text.split()).lstrip("# ")[:longest].rstrip()


async def planned(job: JobContext[Any], topic: str, sections: int | None, style: str) -> Outline:
    """Asks for an outline, of `sections` sections if given. Raises as `structured`."""
    count = f"exactly {sections}" if sections else "three to six"
    wanted = f"Topic: {topic}\n\nStyle: {style}\n\nThe document has {count} sections."
    asked = [ChatMessage("system", _SYSTEM), ChatMessage("user", wanted)]
    outline = await structured(job, asked, _with(sections))
    return Outline(outline.title, outline.headings).tidy()


def _with(sections: int | None) -> type[Outline]:
    """An outline that has exactly so many."""
    if sections is None:
        return Outline
    exactly = Annotated[list[Heading], Meta(min_length=sections, max_length=sections)]
    kind = msgspec.defstruct("Outline", [("headings", exactly)], bases=(Outline,), frozen=True)
    return cast("type[Outline]", kind)
