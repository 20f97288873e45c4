"""One client's connection to a node, served as `realtime.engine` and `realtime.socket_api` do it."""

import asyncio
from collections.abc import Iterable

from engineio.packet import Packet

from realtime.errors import RequestError
from realtime.hub import Hub
from realtime.outlet import CountedQueue, Outlet
from realtime.reader import Read
from shared_events.events import JobSnapshot
from shared_events.fold import JobView, Outcome
from shared_events.ids import JobId
from tests.model.met import Met
from tests.model.packets import Answered, Request, pack, receive, restored, unpack


class WatchedOutlet(Outlet):
    """Folds what is sent as a client does that reads at once: it must never find a gap or a repetition."""

    def __init__(self, queue: CountedQueue, job_id: JobId, met: Met) -> None:
        super().__init__(queue, close=lambda: None)
        self._met = met
        self.shadow = JobView(job_id)

    def send(self, frames: Iterable[Packet]) -> None:
        sent = [] if self.closed else list(frames)
        for packet in sent:
            event = unpack(packet)
            assert not isinstance(event, Answered)
            outcome = receive(self.shadow, event)
            known = isinstance(event, JobSnapshot) and outcome is Outcome.DUPLICATE
            assert known or outcome is Outcome.APPLIED, f"sent a follower what is {outcome} to it: {event}"
        self._met.note("deliveries", len(sent))
        super().send(sent)


class Connection:
    """Requests are served in order, one after the other; events and answers share one way out."""

    def __init__(self, hub: Hub, job_id: JobId, met: Met) -> None:
        self._hub = hub
        self._job_id = job_id
        self._met = met
        self.inbox = CountedQueue()
        self.inbox.batch = None  # a websocket's
        self.requests: asyncio.Queue[Request | None] = asyncio.Queue()
        self.outlet = WatchedOutlet(self.inbox, job_id, met)

    @property
    def open(self) -> bool:
        return not self.outlet.closed

    def close(self) -> None:
        """What waits in it is lost."""
        self.outlet.closed = True
        self._hub.leave_all(self.outlet)

    async def serve(self) -> None:
        while self.open:
            request = await self.requests.get()
            if request is None:
                self._hub.leave(self.outlet, self._job_id)
            else:
                await self._subscribe(request)

    async def _subscribe(self, request: Request) -> None:
        try:
            read, attach = await self._hub.join(self.outlet, self._job_id, request.checkpoint)
        except RequestError:
            self._met.note("joins refused")
            self.inbox.put_nowait(pack(Answered(request.number, ok=False)))
            return
        self._count(read)
        self.inbox.put_nowait(pack(Answered(request.number, ok=True)))
        self.outlet.shadow = restored(self._job_id, request.held)
        attach()

    def _count(self, read: Read) -> None:
        self._met.note("snapshot joins" if read.is_snapshot else "delta joins")
        if read.is_snapshot and b'"reset":true' in read.reading.events[0]:
            self._met.note("resets")
