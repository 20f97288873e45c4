"""A hostile crowd for one node, as a process of its own: `python -m tests.e2e.attack URL SECONDS JOB...`.

All that `ATTACKS` names at the same time, each many times over, until the time is up. Then it dies as it
is, without a goodbye. It prints how often each was made, and what the server answered to it.
"""

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import ClientError, ClientSession, TCPConnector

from tests.e2e.hostile import polls, requests, websockets
from tests.e2e.hostile.target import Target

Attack = Callable[[Target], Awaitable[str]]

ATTACKS: Final[dict[Attack, int]] = {
    websockets.floods_packets: 1,
    websockets.floods_pings: 1,
    websockets.never_connects: 20,
    websockets.breaks_the_rules: 12,
    websockets.sends_giants: 2,
    websockets.sends_half_a_frame: 20,
    websockets.never_reads: 6,
    websockets.asks_and_never_reads: 2,
    websockets.reads_a_little: 4,
    websockets.joins_and_leaves: 3,
    websockets.hides_and_shows: 1,
    polls.abandons_a_session: 4,
    polls.upgrades_by_half: 6,
    polls.polls_twice: 1,
    polls.polls_and_hangs_up: 4,
    polls.posts_nonsense: 3,
    requests.sends_half_a_request: 20,
    requests.sends_half_a_body: 10,
    requests.sends_nonsense: 2,
    requests.hangs_up_at_once: 2,
}
"""How many make each at a time."""
BREATH_S: Final = 0.05
"""Between two of the same: the machine has the honest ones to run as well."""


async def attack(url: str, seconds: float, jobs: list[str]) -> Counter[str]:
    """What came of it all, each attack with each answer."""
    outcomes: Counter[str] = Counter()
    async with ClientSession(connector=TCPConnector(limit=0, force_close=True)) as session:
        target = Target(url, session, jobs, ends_at=asyncio.get_running_loop().time() + seconds)
        attackers = [_repeat(one, target, outcomes) for one, count in ATTACKS.items() for _ in range(count)]
        await asyncio.gather(*attackers)
    return outcomes


async def _repeat(attack: Attack, target: Target, outcomes: Counter[str]) -> None:
    name = attack.__name__
    while target.left_s > 0:
        outcomes[f"{name}: {await _once(attack, target)}"] += 1
        await asyncio.sleep(random.uniform(0, 2 * BREATH_S))


async def _once(attack: Attack, target: Target) -> str:
    try:
        async with asyncio.timeout(target.left_s):
            return await attack(target)
    except TimeoutError:
        return "held"
    except (OSError, EOFError, ClientError, AssertionError) as error:
        return type(error).__name__


if __name__ == "__main__":
    _url, _seconds, *_jobs = sys.argv[1:]
    for _outcome, _count in sorted(asyncio.run(attack(_url, float(_seconds), _jobs)).items()):
        sys.stdout.write(f"{_count:6} {_outcome}\n")
    sys.stdout.flush()
    os._exit(0)
