"""The appends of all jobs of a process, many in one round trip to Redis.

What arrives while a round trip is under way goes out with the next one: at low load every append
leaves at once, and under load they share the cost of the way there and back.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import hiredis
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError, ResponseError

from shared_events import answers
from shared_events.answers import Appended, Rest
from shared_events.events import JobStatus
from shared_events.ids import Epoch, JobId
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.scripts import Argument, Terms, append_arguments, append_keys, digest, script

MOST_TOGETHER: Final = 256
"""Appends in one round trip: nobody waits for longer than these take."""
CLOSED: Final = "The pipeline was closed."
_SCRIPT: Final = script("append")
_DIGEST: Final = digest(_SCRIPT)


class _Waiting(NamedTuple):
    arguments: tuple[Argument, ...]
    """Of EVALSHA, after the script's digest."""
    reply: asyncio.Future[list[Any]]


class Pipeline:
    """One connection. `run` must be a task of the owner for as long as anybody appends."""

    def __init__(self, redis: "Redis", keys: Keys, terms: Terms) -> None:
        self._redis = redis
        self._keys = keys
        self._terms = terms
        self._waiting: deque[_Waiting] = deque()
        self._under_way: list[_Waiting] = []
        self._closed = False
        self._news = asyncio.Event()
        self._connection: AbstractConnection | None = None
        self.round_trips = 0
        self.appends = 0

    async def append(
        self,
        job_id: JobId,
        epoch: Epoch,
        previous: int,
        events: Sequence[bytes],
        status: JobStatus | None,
        rest: Rest,
    ) -> Appended:
        """As `JobLog.append`. At most one append of a job may be under way."""
        if self._closed:
            raise RedisConnectionError(CLOSED)
        arguments = append_arguments(self._terms, epoch, previous, events, status, rest)
        keys = append_keys(self._keys, job_id)
        reply: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting((len(keys), *keys, *arguments), reply))
        self._news.set()
        return answers.appended(await reply)

    async def run(self) -> None:
        """Send until cancelled. A lost connection fails the appends under way; the next ones try another."""
        try:
            while True:
                await self._news.wait()
                self._under_way = self._together()
                try:
                    await self._round_trip(self._under_way)
                except (RedisError, OSError, TimeoutError) as error:
                    _fail(self._under_way, error)
                    await self._disconnect()
                self._under_way = []
        finally:
            self._closed = True
            _fail([*self._under_way, *self._waiting], RedisConnectionError(CLOSED))
            await self._disconnect()

    def _together(self) -> list[_Waiting]:
        together: list[_Waiting] = []
        while self._waiting and len(together) < MOST_TOGETHER:
            waiting = self._waiting.popleft()
            if not waiting.reply.done():  # its writer was cancelled
                together.append(waiting)
        if not self._waiting:
            self._news.clear()
        return together

    async def _round_trip(self, together: list[_Waiting]) -> None:
        connection = await self._connected()
        packed = [_packed("EVALSHA", _DIGEST, *waiting.arguments) for waiting in together]
        await connection.send_packed_command(packed, check_health=False)
        self.round_trips += 1
        self.appends += len(together)
        unknown = []
        for waiting in together:
            try:
                reply = await connection.read_response()
            except NoScriptError:
                unknown.append(waiting)
            except ResponseError as error:
                _fail([waiting], error)
            else:
                _settle(waiting, reply)
        if unknown:
            await self._load_script(connection)
            self._waiting.extendleft(reversed(unknown))
            self._news.set()

    async def _connected(self) -> AbstractConnection:
        if self._connection is None or not self._connection.is_connected:
            connection: AbstractConnection = self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
            self._connection = connection
            await connection.connect()  # type: ignore[no-untyped-call]
            await self._load_script(connection)
        return self._connection

    @staticmethod
    async def _load_script(connection: AbstractConnection) -> None:
        await connection.send_command("SCRIPT", "LOAD", _SCRIPT, check_health=False)
        await connection.read_response()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)


def _packed(*arguments: Argument) -> bytes:
    # The stub allows for one argument only.
    return bytes(hiredis.pack_command(arguments))  # type: ignore[arg-type]


def _settle(waiting: _Waiting, reply: list[Any]) -> None:
    if not waiting.reply.done():
        waiting.reply.set_result(reply)


def _fail(those: Iterable[_Waiting], error: Exception) -> None:
    for waiting in those:
        if not waiting.reply.done():
            waiting.reply.set_exception(error)


class PipelinedLog(JobLog):
    """A log whose appends go through a pipeline; the owner runs `pipeline.run`."""

    def __init__(self, redis: "Redis", keys: Keys, *, lease_s: float = 15.0) -> None:
        super().__init__(redis, keys, lease_s=lease_s)
        self.pipeline = Pipeline(redis, keys, self._terms)

    async def append(
        self,
        job_id: JobId,
        *,
        epoch: Epoch,
        previous: int,
        events: Sequence[bytes],
        status: JobStatus | None = None,
        rest: Rest = Rest.GOES_ON,
    ) -> Appended:
        return await self.pipeline.append(job_id, epoch, previous, events, status, rest)
