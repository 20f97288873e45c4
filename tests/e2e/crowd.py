"""Many followers on one connection, each of which notes what it is shown and what must never be."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import socketio
from socketio.exceptions import SocketIOError

from cli.follower import receive
from shared_events.events import EVENTS, Event, JobSnapshot
from shared_events.fold import JobView, Outcome
from tests.e2e.aftermath import Rest, at_rest
from tests.e2e.conftest import counted
from tests.loop_thread import LoopThread
from tests.stack import Process, Stack

ANSWER_WITHIN_S: Final = 30.0
QUIET_S: Final = 6.0
"""After so long without an event, jobs that have not ended are asked for again."""
AT_ONCE: Final = 16


class Crowd:
    """`submit` follows as well. `shown` has the applied events of each job, in their order."""

    def __init__(self, socket: socketio.AsyncClient) -> None:
        self.views: dict[str, JobView] = {}
        self.shown: dict[str, list[Event | JobSnapshot]] = defaultdict(list)
        self.wrong: list[str] = []
        self._expected: dict[str, str] = {}
        self._socket = socket
        self._deaf: set[str] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        socket.on("*", self._hear)
        socket.on("connect", self._subscribe_again)

    async def submit(self, agent: str = "chat", *, expected: str | None = None, **fields: Any) -> str:
        """A new job that is followed; at every event its text must be a beginning of `expected`."""
        request = {"agent": agent, "input": {}, **fields}
        job_id = str((await self._ask("job:submit", request))["jobId"])
        self.views[job_id] = JobView(job_id)
        if expected is not None:
            self._expected[job_id] = expected
        await self._subscribe(job_id)
        return job_id

    async def count(self, last: int, per_s: int) -> str:
        """A job of the scripted backend that counts."""
        return await self.submit(
            input={"prompt": "go"}, backend="scripted", model=f"count-{last}@{per_s}", expected=counted(last)
        )

    async def haste(self, last: int, per_s: int) -> str:
        """As `count`, but a second attempt is fast."""
        given = {"last": last, "per_s": per_s}
        return await self.submit("haste", input=given, backend="scripted", expected=counted(last))

    async def control(self, wish: str, job_id: str) -> dict[str, Any]:
        """The body of the answer."""
        return await self._ask(f"job:{wish}", {"jobId": job_id})

    async def until(self, job_id: str, *, words: int) -> JobView:
        """The job's view once its text has so many."""
        view = self.views[job_id]
        await self.wait(lambda: len(view.text.split()) >= words, f"{job_id} has {words} words")
        return view

    async def ends(self, job_ids: Iterable[str] | None = None, timeout_s: float = 60.0) -> list[JobView]:
        """The views of these jobs, or of all, at their end; nothing wrong was seen on the way."""
        views = [self.views[job_id] for job_id in (job_ids or list(self.views))]
        await self.wait(lambda: all(view.ended for view in views), f"{len(views)} jobs end", timeout_s)
        assert self.wrong == []
        return views

    async def wait(self, condition: Any, what: str, timeout_s: float = 30.0) -> None:
        """Until `condition` holds, looking at every event. Subscribes again where it is quiet."""
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():
                    await self._wait_for_news()
        except TimeoutError:
            open_ = {id_: (v.status, v.attempt, v.reason) for id_, v in self.views.items() if not v.ended}
            raise AssertionError(f"not so within {timeout_s} s: {what}; not ended: {open_}") from None

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.eio.disconnect(abort=True)

    async def _wait_for_news(self) -> None:
        self._news.clear()
        try:
            await asyncio.wait_for(self._news.wait(), QUIET_S)
        except TimeoutError:
            self._subscribe_again()

    async def _ask(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        async with self._turns:
            answer = await self._socket.call(name, request, timeout=ANSWER_WITHIN_S)
        assert answer["ok"], answer
        return dict(answer)

    async def _subscribe(self, job_id: str) -> None:
        view = self.views[job_id]
        checkpoint = {"epoch": view.epoch, "lastSequence": view.sequence} if view.epoch else {}
        async with self._turns:
            self._deaf.add(job_id)
            await self._socket.emit(
                "job:subscribe",
                {"jobId": job_id, **checkpoint},
                callback=lambda _: self._deaf.discard(job_id),
            )

    def _subscribe_again(self) -> None:
        for job_id, view in self.views.items():
            if not view.ended:
                self._subscribe_soon(job_id)

    def _subscribe_soon(self, job_id: str) -> None:
        task = asyncio.create_task(self._try_to_subscribe(job_id), name=f"subscribe {job_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try_to_subscribe(self, job_id: str) -> None:
        try:
            await self._subscribe(job_id)
        except SocketIOError:
            return  # the connection is lost: the next one subscribes again

    def _hear(self, name: str, payload: Any) -> None:
        job_id = payload["jobId"]
        if job_id not in self.views or job_id in self._deaf:
            return
        kind: type[Event | JobSnapshot] = EVENTS.get(name, JobSnapshot)
        event = msgspec.convert(payload, kind)
        match receive(self.views[job_id], event):
            case Outcome.GAP:
                self._subscribe_soon(job_id)
            case Outcome.APPLIED:
                self._note(job_id, event)
            case Outcome.CLOSED:
                self.wrong.append(f"{name} {payload['sequence']} of {job_id} came after its end")

    def _note(self, job_id: str, event: Event | JobSnapshot) -> None:
        self.shown[job_id].append(event)
        text = self.views[job_id].text
        if not self._expected.get(job_id, text).startswith(text):
            self.wrong.append(f"{event.NAME} {event.sequence} of {job_id} made the text {text[-80:]!r}")
        self._news.set()


@asynccontextmanager
async def crowd(running: Stack) -> AsyncIterator[Crowd]:
    """A crowd that reconnects by itself."""
    socket = socketio.AsyncClient(reconnection_delay=0.2, reconnection_delay_max=1)
    gathered = Crowd(socket)
    await socket.connect(running.url, transports=["websocket"], wait_timeout=30)
    try:
        yield gathered
    finally:
        await gathered.leave()


def rest_after_work(running: Stack, worker: Process | None = None) -> Rest:
    """What a worker keeps once it has run some jobs; for a fixture of any scope."""

    async def work() -> None:
        async with crowd(running) as all_:
            await asyncio.gather(*(all_.count(5, 100) for _ in range(40)))
            await all_.ends(timeout_s=29)

    with LoopThread("some jobs") as thread:
        thread.run(work)
    return at_rest(worker or running.worker)
