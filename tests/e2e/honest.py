"""Honest followers: each keeps to the protocol, and holds the node to it at every event."""

import asyncio
from collections.abc import Sequence
from typing import Final

from shared_events.events import Event, JobSnapshot, ModelChunk
from shared_events.fold import JobView
from tests.e2e.conftest import client_of
from tests.stack import Stack

TRANSPORTS: Final = ("websocket", "websocket", "polling")


async def follow_to_the_end(
    running: Stack, jobs: Sequence[str], expected: str, *, count: int
) -> list[JobView]:
    """The views of `count` followers at the end of `jobs`, which say `expected`; they share the jobs."""
    follows = [
        _follow(running, jobs[n % len(jobs)], TRANSPORTS[n % len(TRANSPORTS)], expected) for n in range(count)
    ]
    return await asyncio.gather(*follows)


async def _follow(running: Stack, job_id: str, transport: str, expected: str) -> JobView:
    view = JobView(job_id)
    async with client_of(running, transport) as client:
        stood_at = 0
        async for event, now in client.follow(job_id, view):
            assert _first(event) in {stood_at + 1, None}, f"{job_id}: {event} came after {stood_at}"
            assert expected.startswith(now.text), f"{job_id}: the text was {now.text[-80:]!r}"
            stood_at = now.sequence
    return view


def _first(event: Event | JobSnapshot) -> int | None:
    """The first sequence that `event` stands for; None for a snapshot, which goes anywhere."""
    if isinstance(event, JobSnapshot):
        return None
    return event.from_sequence if isinstance(event, ModelChunk) and event.from_sequence else event.sequence
