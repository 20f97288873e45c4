"""A follower in a terminal comes back whatever ended its connection, and when the server asked it to."""

import asyncio
import itertools
import math
from typing import Any

import pytest

from cli.follower import connected
from cli.reconnection import asked_by, pauses
from shared_events.fold import JobView
from tests.cli.leaving_server import JOB, LeavingServer
from tests.waiting import eventually

ASKED_MS = 1_500
NONSENSE: list[Any] = [{}, None, [], "7", 7]


async def followed_past_the_leaving(notice: Any, *, in_good_order: bool) -> tuple[LeavingServer, JobView]:
    view = JobView(JOB)
    async with LeavingServer().serving() as server, connected(server.url) as client:

        async def follow() -> None:
            async for _ in client.follow(JOB, view):
                pass

        following = asyncio.create_task(follow())
        await eventually(lambda: view.text == "one ")
        await server.leave(notice=notice, in_good_order=in_good_order)
        await asyncio.wait_for(following, 30)
    return server, view


@pytest.mark.parametrize("in_good_order", [False, True])
@pytest.mark.parametrize("notice", [None, {"retryAfterMs": ASKED_MS}])
async def test_whoever_is_sent_away_comes_back_and_misses_nothing(
    notice: Any, *, in_good_order: bool
) -> None:
    """After a goodbye in good order, Socket.IO's or Engine.IO's, it used to stay away for ever."""
    server, view = await followed_past_the_leaving(notice, in_good_order=in_good_order)
    assert (view.text, view.ended, server.checkpoints) == ("one two ", True, [0, 2])
    away_s = server.connected_at[1] - server.left_at
    assert (away_s >= ASKED_MS / 1000) is (notice is not None), f"it was away for {away_s:.3f} s"


@pytest.mark.parametrize(
    ("notice", "asked_s"),
    [
        ({"retryAfterMs": 0}, 0),
        ({"retryAfterMs": 1500}, 1.5),
        ({"retryAfterMs": 250.5}, 0.2505),
        ({"retryAfterMs": -1}, 0),
        ({"retryAfterMs": 1e12}, 60),
        *[({"retryAfterMs": nonsense}, None) for nonsense in ("7", None, True, math.nan, math.inf, [1])],
        *[(nonsense, None) for nonsense in NONSENSE],
    ],
)
def test_what_the_server_asks_for_is_understood_or_ignored(notice: Any, asked_s: float | None) -> None:
    assert asked_by(notice) == asked_s


def test_what_the_server_asked_for_comes_first_and_once() -> None:
    first = list(itertools.islice(pauses(7.5, share=lambda: 1.0), 7))
    assert first == [7.5, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert list(itertools.islice(pauses(None, share=lambda: 0.0), 3)) == [0.1, 0.2, 0.4]
