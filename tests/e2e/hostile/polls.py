"""What hostile clients that poll do. Each returns what became of it."""

import asyncio
import random
from typing import Final

from aiohttp import ClientTimeout

from tests.e2e.hostile.target import FOR_EVER_S, Target, closed, event
from tests.realtime.engine.wire import SEPARATOR, TEXT, Polling

NONSENSE: Final = (
    b"",
    b"\x1e",
    b"4\x1e" * 1000,
    b"\xff",
    b"40\x1e" * 20,
    b"x" * 70_000,
    b"bAAAA",
    b"2",
    b"3",
    b"6",
)


async def abandons_a_session(target: Target) -> str:
    """Nobody ever polls it again; half of them follow everything."""
    polling = await target.polling()
    if random.random() < 0.5:
        await _follow(target, polling)
    return "abandoned"


async def upgrades_by_half(target: Target) -> str:
    """A websocket for a session that polls, which says nothing, the wrong thing or only the probe."""
    polling = await target.polling()
    await _follow(target, polling)
    async with target.websocket(sid=polling.opening["sid"]) as websocket:
        for packet in random.choice(((), (b"2probe",), (b"2probe", b"2probe"), (b"5",), (b"40",), (b"2",))):
            websocket.send(TEXT, packet)
        if random.random() < 0.5:
            await asyncio.sleep(0.2)
            return "hung up"
        return await closed(websocket)


async def polls_twice(target: Target) -> str:
    polling = await target.polling()
    first, second = await asyncio.gather(polling.poll(), polling.poll())
    return f"{first[0]} and {second[0]}"


async def polls_and_hangs_up(target: Target) -> str:
    """With a poll under way, or in the middle of an answer."""
    polling = await target.polling()
    await _follow(target, polling)
    for _ in range(3):
        await polling.poll()
    timeout = ClientTimeout(total=random.choice((0.01, 0.1)))
    async with target.session.get(polling.url, timeout=timeout) as response:
        return str(response.status)


async def posts_nonsense(target: Target) -> str:
    polling = await target.polling()
    status, _ = await polling.post(random.choice(NONSENSE))
    again, _ = await polling.post("40")
    return f"{status}, then {again}"


async def never_polls_again(target: Target) -> str:
    """Follows everything, and keeps the session open with POSTs."""
    polling = await target.polling()
    await _follow(target, polling)
    await asyncio.sleep(FOR_EVER_S)
    return "held"


async def _follow(target: Target, polling: Polling) -> None:
    asked = [event("job:subscribe", {"jobId": job_id}, n).decode() for n, job_id in enumerate(target.jobs)]
    await polling.post(SEPARATOR.join(["40", *asked]))
