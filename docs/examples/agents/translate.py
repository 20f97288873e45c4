from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from agents import JobContext, agent


class Text(msgspec.Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1, max_length=20_000, description="What to translate.")]
    into: Literal["English", "French", "German"] = "English"


class Translation(msgspec.Struct):
    language: str
    words: int


@agent("translate")
async def translate(job: JobContext[Text]) -> Translation:
    """Translates a text."""
    messages = [
        {"role": "system", "content": f"Translate what you get into {job.input.into}. Say nothing else."},
        {"role": "user", "content": job.input.text},
    ]
    async for _ in job.stream(messages, temperature=0.2):
        await job.progress(min(99, 100 * len(job.text) / len(job.input.text)), "translating")
    return Translation(language=job.input.into, words=len(job.text.split()))
