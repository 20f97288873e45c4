"""Follows jobs from Python: what the browser client does, on python-socketio's own client.

Reconnects, goes on from its checkpoint, drops duplicates and asks again after a gap.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, Literal

import msgspec
import socketio
from aiohttp import ClientSession
from socketio.exceptions import ConnectionError as SocketConnectionError
from socketio.exceptions import SocketIOError

from cli.reconnection import Reconnection
from cli.unreachable import HINT, Unreachable
from shared_events.errors import JobcastError
from shared_events.events import EVENTS, Event, JobSnapshot
from shared_events.fold import JobView, Outcome

ANSWER_WITHIN_S: Final = 10.0
QUIET_S: Final = 15.0
"""After so long without an event the job is asked for again: its end may have been lost."""
MAX_REQUEST_BYTES: Final = 64 * 1024

Wish = Literal["cancel", "pause", "resume"]
"""What can be asked of a job that was accepted."""


class RequestRefused(JobcastError):
    """The server's answer to a request was an error."""

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.refusal = code
        self.can_retry = retryable


class Client:
    """One connection to a Jobcast server."""

    def __init__(self, socket: socketio.AsyncClient) -> None:
        self._socket = socket
        self._deaf = False

    async def submit(self, request: dict[str, Any]) -> str:
        """The new job's id. Raises `RequestRefused`, `Unreachable`."""
        return str((await self.ask("job:submit", request))["jobId"])

    async def cancel(self, job_id: str) -> str:
        """As `control`."""
        return await self.control("cancel", job_id)

    async def control(self, wish: Wish, job_id: str) -> str:
        """`accepted` or `already_finished`. Raises `RequestRefused`, `Unreachable`."""
        return str((await self.ask(f"job:{wish}", {"jobId": job_id}))["status"])

    async def ask(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        try:
            size = len(msgspec.json.encode(request))
        except UnicodeEncodeError as error:
            raise RequestRefused("invalid_request", "The text is not Unicode.", retryable=False) from error
        if size > MAX_REQUEST_BYTES - 64:
            raise RequestRefused("too_large", "A request may have 64 KiB at most.", retryable=False)
        answer = await self._answer(name, request)
        if not answer["ok"]:
            why = answer["error"]
            raise RequestRefused(why["code"], why["message"], retryable=why["retryable"])
        return dict(answer)

    async def _answer(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        """While a subscription is asked for, events still belong to the earlier one and are not heard."""
        answered = asyncio.get_running_loop().create_future()
        self._deaf = name == "job:subscribe"

        def answer(body: dict[str, Any]) -> None:
            self._deaf = False
            if not answered.done():
                answered.set_result(body)

        try:
            await self._socket.emit(name, request, callback=answer)
            return dict(await asyncio.wait_for(answered, ANSWER_WITHIN_S))
        except TimeoutError as error:
            raise Unreachable(f"The server did not answer within {ANSWER_WITHIN_S:g} s.") from error
        except SocketIOError as error:
            raise Unreachable(f"The connection was lost: {error}.") from error

    def _hear(self, inbox: asyncio.Queue[tuple[str, Any]], name: str, payload: Any) -> None:
        if not self._deaf:
            inbox.put_nowait((name, payload))

    async def follow(
        self, job_id: str, view: JobView | None = None
    ) -> AsyncIterator[tuple[Event | JobSnapshot, JobView]]:
        """Each event as it is applied, with the view after it; ends after the terminal one.

        Raises `RequestRefused` when the job cannot be followed.
        """
        view = view or JobView(job_id)
        inbox: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        for name in (*EVENTS, JobSnapshot.NAME):
            self._socket.on(name, partial(self._hear, inbox, name))
        self._socket.on("connect", lambda: inbox.put_nowait(("connect", None)))
        await self._subscribe(view)
        while not view.ended:
            try:
                name, payload = await asyncio.wait_for(inbox.get(), QUIET_S)
            except TimeoutError:
                name, payload = "connect", None
            if name == "connect":
                await self._subscribe(view)
            elif payload.get("jobId") == job_id:
                kind: type[Event | JobSnapshot] = EVENTS.get(name, JobSnapshot)
                event = msgspec.convert(payload, kind)
                match receive(view, event):
                    case Outcome.GAP:
                        await self._subscribe(view)
                    case Outcome.APPLIED:
                        yield event, view

    async def _subscribe(self, view: JobView) -> None:
        checkpoint = {"epoch": view.epoch, "lastSequence": view.sequence} if view.epoch else {}
        try:
            await self.ask("job:subscribe", {"jobId": view.job_id, **checkpoint})
        except RequestRefused as error:
            if not error.can_retry:
                raise
        except Unreachable:
            return  # the next "connect" or the quiet time asks again


def receive(view: JobView, event: Event | JobSnapshot) -> Outcome:
    return view.receive_snapshot(event) if isinstance(event, JobSnapshot) else view.receive(event)


@asynccontextmanager
async def connected(url: str, *, transports: list[str] | None = None) -> AsyncIterator[Client]:
    """A client of the server at `url`; it reconnects by itself. Raises `Unreachable`."""
    async with ClientSession() as session:  # of our own, as the client leaves one open when it cannot connect
        socket = socketio.AsyncClient(http_session=session, reconnection=False)
        connect = partial(_connect, socket, url, transports or ["websocket"])
        reconnection = Reconnection(socket, connect)
        await connect()
        keeping = asyncio.create_task(reconnection.run(), name="reconnection")
        try:
            yield Client(socket)
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})
            # A polite farewell over polling waits for the poll to end.
            await socket.eio.disconnect(abort=True)


async def _connect(socket: socketio.AsyncClient, url: str, transports: list[str]) -> None:
    try:
        await socket.connect(url, transports=transports, wait_timeout=5)
    except (SocketConnectionError, ValueError) as error:  # aiohttp's `InvalidURL` is a ValueError
        raise Unreachable(f"No Jobcast server answers at {url} ({error}). {HINT}") from error
