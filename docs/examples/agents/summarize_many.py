import asyncio
from typing import Annotated

import msgspec
from msgspec import Meta

from agents import JobContext, Retry, agent


class Article(msgspec.Struct):
    title: str
    text: str


class Articles(msgspec.Struct):
    articles: Annotated[list[Article], Meta(min_length=1, max_length=20)]


@agent("summary", retry=Retry(attempts=5, backoff_s=2))
async def _summary(job: JobContext[Article]) -> str:
    reply = await job.ask(f"Say in one sentence what this is about:\n\n{job.input.text}", max_tokens=200)
    return reply.text


@agent("summarize-many")
async def summarize_many(job: JobContext[Articles]) -> dict[str, str]:
    """Summarizes articles side by side, then says what they have in common."""
    articles, done = job.input.articles, 0

    async def read(article: Article) -> str:
        nonlocal done
        part = await job.spawn(_summary, article, publish=False)
        done += 1
        await job.progress(80 * done / len(articles), "reading")
        return part.result

    summaries = await asyncio.gather(*(read(article) for article in articles))
    listed = "\n".join(f"- {summary}" for summary in summaries)
    async for _ in job.stream(f"What do these have in common?\n\n{listed}", step="writing"):
        pass
    return {article.title: summary for article, summary in zip(articles, summaries, strict=True)}
