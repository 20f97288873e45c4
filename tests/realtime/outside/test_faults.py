"""Publishing while things break: rivals, lost answers, lost logs, nodes and Redis that go and come back."""

import asyncio
import random

import pytest
from redis.asyncio import Redis

from cli.follower import connected
from realtime.outside import publishing
from shared_events.fold import JobView
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.making import started_job
from tests.realtime.conftest import Node, serving
from tests.realtime.outside.publisher import Answer, OverHttp, Published, code, over_socket, submitted
from tests.redis_faults import fail_over, replicate
from tests.redis_server import RedisServer
from tests.waiting import eventually, eventually_awaited


async def given(node: Node) -> Published:
    accepted = await submitted(node)
    return Published(OverHttp(node), accepted["jobId"], accepted["publish"]["token"])


class Rival:
    """One of several processes that believe that a job is theirs; each says its own letter."""

    def __init__(self, job: Published, nodes: list[Node], letter: str, dice: random.Random) -> None:
        self.job = job
        self.letter = letter
        self.begun = 0
        self.fenced = 0
        self.doubled = 0
        self._nodes = nodes
        self._dice = dice
        self._said = 0

    async def run(self) -> None:
        """Now and then it begins anew, from nothing; now and then it does not hear an answer."""
        for _ in range(150):
            self.job.publisher = OverHttp(self._dice.choice(self._nodes))
            if self._dice.random() < 0.06 or self._says_nothing_yet:
                await self._begin()
            elif self.job.epoch:
                await self._say()
            await asyncio.sleep(self._dice.random() * 0.01)

    @property
    def _says_nothing_yet(self) -> bool:
        return not self.begun and not self.fenced

    async def _begin(self) -> None:
        if not await self._taken(await self.job.begin()):
            return  # somebody else began in the same moment
        self.begun += 1
        self._said = 0
        await self._taken(await self.job.say({"type": "rewind", "length": 0}))

    async def _say(self) -> None:
        texts = [f"{self.letter}{self._said + number} " for number in range(self._dice.randrange(1, 4))]
        events = [{"type": "chunk", "text": text} for text in texts]
        before, head = self.job.head, self.job.head
        answer = await self.job.say(*events, previous=before)
        while answer["ok"] and self._dice.random() < 0.3:
            self.doubled += 1
            self.job.publisher = OverHttp(self._dice.choice(self._nodes))
            answer = await self.job.say(*events, previous=head)
        if await self._taken(answer):
            self._said += len(texts)

    async def _taken(self, answer: Answer) -> bool:
        if not answer["ok"]:
            assert code(answer) == "fenced"
            self.fenced += 1
            self.job.epoch = ""
        return bool(answer["ok"])


@pytest.mark.parametrize("seed", range(4))
async def test_whoever_publishes_the_text_is_a_prefix_of_what_one_of_them_said(
    node: Node, shared_redis: RedisServer, keys: Keys, log: JobLog, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Fencing, repetition and changes of node, at random: nothing doubled, mixed or missing."""
    monkeypatch.setattr(publishing, "BEGIN_COST", 1.0)
    dice = random.Random(seed)
    job = await given(node)
    async with serving(shared_redis.url, keys) as other:
        rivals = [
            Rival(Published(job.publisher, job.job_id, job.token), [node, other], letter, dice)
            for letter in "abc"
        ]
        watching = asyncio.create_task(watch(other, job))
        await asyncio.gather(*(rival.run() for rival in rivals))
        await job.begin()
        await job.say({"type": "completed"})
        seen = await watching
    check_prefix(seen)
    assert seen == (await log.view(JobId(job.job_id))).text
    assert sum(rival.fenced for rival in rivals) > 4
    assert sum(rival.doubled for rival in rivals) > 5


async def watch(node: Node, job: Published) -> str:
    """What a follower sees at the end; at any time it is a prefix of what one of them said."""
    view = JobView(job.job_id)
    async with connected(node.url) as client:
        async for _, now in client.follow(job.job_id, view):
            check_prefix(now.text)
    return view.text


def check_prefix(text: str) -> None:
    words = text.split()
    letter = words[0][0] if words else ""
    assert words == [f"{letter}{number}" for number in range(len(words))]


async def test_a_node_that_is_started_anew_goes_on_where_the_log_is(
    shared_redis: RedisServer, keys: Keys, log: JobLog
) -> None:
    async with serving(shared_redis.url, keys) as node:
        job = await given(node)
        await job.begin()
        before = job.head
        await job.chunks("one ")
    async with serving(shared_redis.url, keys) as node:
        job.publisher = OverHttp(node)
        assert (await job.say({"type": "chunk", "text": "one "}, previous=before))["ok"]
        assert (await job.chunks("two"))["ok"]
        assert (await job.say({"type": "completed"}))["status"] == "completed"
    assert (await log.view(JobId(job.job_id))).text == "one two"


async def test_while_redis_is_away_a_batch_is_refused_and_taken_when_it_comes_again(
    own_redis: RedisServer, keys: Keys
) -> None:
    async with serving(own_redis.url, keys) as node:
        job = await given(node)
        await job.begin()
        await job.chunks("one ")
        own_redis.kill()
        refused = await job.chunks("two")
        assert (code(refused), refused["error"]["retryable"]) == ("unavailable", True)
        own_redis.start()
        await eventually_awaited(lambda: is_taken(job, "two"))
        redis = connect(own_redis.url)
        assert (await JobLog(redis, keys).view(JobId(job.job_id))).text == "one two"
        await redis.aclose()


async def is_taken(job: Published, text: str) -> bool:
    return bool((await job.chunks(text))["ok"])


async def test_a_log_that_lost_its_end_is_begun_anew_from_what_is_left(
    own_redis: RedisServer, keys: Keys
) -> None:
    async with serving(own_redis.url, keys) as node:
        job = await given(node)
        await job.begin()
        await job.chunks("kept ")
        replica = replicate(own_redis.url)
        await job.chunks("lost ")
        fail_over(own_redis.url, replica)
        await eventually_awaited(lambda: is_refused(job, "lost_tail"))
        begun = await job.begin()
        assert (begun["text"], begun["attempt"]) == ("kept ", 2)
        assert (await job.chunks("and said anew"))["ok"]


async def is_refused(job: Published, expected: str) -> bool:
    answer = await job.chunks("more")
    return not answer["ok"] and code(answer) == expected


async def test_a_job_whose_log_has_expired_is_unknown(node: Node, redis: Redis, keys: Keys) -> None:
    job = await given(node)
    await job.begin()
    await redis.delete(keys.meta(JobId(job.job_id)), keys.log(JobId(job.job_id)))
    assert code(await job.chunks("x")) == "not_found"
    assert code(await job.begin()) == "not_found"
    assert not await redis.exists(keys.meta(JobId(job.job_id))), "nothing may make it again"


async def test_a_publisher_with_a_connection_is_told_at_once(node: Node) -> None:
    async with over_socket(node.url) as socket:
        accepted = await submitted(node)
        job = Published(socket, accepted["jobId"], accepted["publish"]["token"])
        await job.begin()
        await node.post(f"/v1/jobs/{job.job_id}/pause", json={"reason": "lunch"})
        await eventually(lambda: len(socket.controls) == 1)
        await node.post(f"/v1/jobs/{job.job_id}/resume")
        await eventually(lambda: len(socket.controls) == 2)
        await node.post(f"/v1/jobs/{job.job_id}/cancel")
        await eventually(lambda: len(socket.controls) == 3)
    told = [(now["jobId"], now["status"], now["control"]) for now in socket.controls]
    assert told == [
        (job.job_id, "paused", {"pause": {"reason": "lunch", "by": "dev"}}),
        (job.job_id, "running", {}),
        (job.job_id, "cancelled", {"cancel": {"by": "dev"}}),
    ]


async def test_over_polling_it_is_the_same(node: Node) -> None:
    async with over_socket(node.url, "polling") as socket:
        accepted = await submitted(node)
        job = Published(socket, accepted["jobId"], accepted["publish"]["token"])
        await job.begin()
        assert (await job.chunks("x"))["ok"]
        await node.post(f"/v1/jobs/{job.job_id}/cancel")
        await eventually(lambda: [now["status"] for now in socket.controls] == ["cancelled"])


async def test_what_somebody_says_on_the_nodes_channel_touches_no_job_of_a_worker(
    node: Node, redis: Redis, keys: Keys, log: JobLog
) -> None:
    of_worker, job = new_job_id(), await given(node)
    await started_job(log, of_worker, new_epoch(), "text")
    await job.begin()
    (channel,) = await redis.pubsub_channels(f"{keys.prefix}:worker:*")
    await log.request(of_worker, b'{"request":"cancel"}', cancels=True)
    for said in (of_worker, b"\xff", b"x" * 10_000, "0" * 20):
        await redis.publish(channel, said)
    await node.post(f"/v1/jobs/{job.job_id}/cancel")
    await eventually_awaited(lambda: is_refused(job, "cancelled"))
    assert not (await log.meta(of_worker)).closed
