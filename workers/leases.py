"""Keeps the leases of silent jobs, from a thread that a blocked event loop does not stop.

An agent that blocks the loop harms its neighbours; it must not make them look dead as well. The thread
also watches the loop, and says in which line it is blocked.
"""

import asyncio
import os
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from typing import Any, Final, Protocol

import redis
import structlog
from redis.exceptions import NoScriptError, RedisError

from shared_events import answers
from shared_events.answers import Appended
from shared_events.ids import Epoch, JobId
from shared_events.keys import Keys
from shared_events.scripts import Terms, append_keys, digest, renew_arguments, script

RENEW_EVERY_S: Final = 0.75
"""A silent job hears of a request within this time even if the push was lost."""
BLOCKED_S: Final = 2.0
"""A loop that does not answer for so long is reported; again when that time has doubled."""
BLOCKED_LIMIT_S: Final = 60.0
"""A loop that is blocked for longer will not come back: the process ends, its jobs are tried again."""
CRASHED: Final = 70
"""EX_SOFTWARE of sysexits.h."""

_SCRIPT: Final = script("renew")
_DIGEST: Final = digest(_SCRIPT)

_log = structlog.get_logger("leases")


class Leased(Protocol):
    """A writer, as this thread sees it."""

    job_id: JobId
    epoch: Epoch
    heard_at: float

    def look(self) -> None:
        """Called on the event loop when somebody asks something of the job."""
        ...

    def on_renewed(self, renewed: Appended) -> None:
        """Called on the event loop."""
        ...


class Beginning:
    """Claims its log, and has no writer yet: there is nothing to look after but the lease."""

    def __init__(self, job_id: JobId, epoch: Epoch) -> None:
        self.job_id = job_id
        self.epoch = epoch
        self.heard_at = time.monotonic()

    def look(self) -> None:
        """The answer to its claim says what was asked of the job."""

    def on_renewed(self, renewed: Appended) -> None:
        """As for `look`."""


class Leases:
    """Make it on the event loop that it watches; `start` and `stop` the thread."""

    def __init__(self, connection: redis.Redis, keys: Keys, terms: Terms) -> None:
        self._connection = connection
        self._keys = keys
        self._terms = terms
        self._loop = asyncio.get_running_loop()
        self._held: dict[JobId, Leased] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
        self._watch = LoopWatch(self._loop)
        self._loaded = False
        self._is_cut_off = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._connection.close()

    def hold(self, writer: Leased) -> None:
        self._held[writer.job_id] = writer

    def let_go(self, writer: Leased) -> None:
        if self._held.get(writer.job_id) is writer:
            del self._held[writer.job_id]

    def look(self, job_id: JobId) -> None:
        """Somebody asks something of the job."""
        writer = self._held.get(job_id)
        if writer is not None:
            writer.look()

    def look_all(self) -> None:
        """Somebody may have asked something of any of them."""
        for writer in self._held.values():
            writer.look()

    def _run(self) -> None:
        while not self._stopped.wait(RENEW_EVERY_S):
            self._watch.tick()
            silent_since = time.monotonic() - RENEW_EVERY_S
            silent = [writer for writer in list(self._held.values()) if writer.heard_at < silent_since]
            try:
                self._renew(silent)
            except (RedisError, OSError) as error:
                self._is_cut_off = True
                _log.warning("leases_not_renewed", jobs=len(silent), error=str(error))
            except Exception:  # noqa: BLE001  the border of the thread: without it every silent job looks dead
                _log.exception("leases_crashed", jobs=len(silent))
            else:
                self._say_if_back(len(silent))

    def _say_if_back(self, renewed: int) -> None:
        if self._is_cut_off and renewed:
            self._is_cut_off = False
            _log.info("leases_renewed_again", jobs=renewed)

    def _renew(self, writers: Sequence[Leased]) -> None:
        if not writers:
            return
        if not self._loaded:
            self._connection.script_load(_SCRIPT)
            self._loaded = True
        with self._connection.pipeline(transaction=False) as pipe:
            for writer in writers:
                keys = append_keys(self._keys, writer.job_id)
                pipe.evalsha(_DIGEST, len(keys), *keys, *renew_arguments(self._terms, writer.epoch))
            replies = pipe.execute(raise_on_error=False)
        for writer, reply in zip(writers, replies, strict=True):
            self._tell(writer, reply)

    def _tell(self, writer: Leased, reply: Any) -> None:
        if isinstance(reply, NoScriptError):
            self._loaded = False
        elif isinstance(reply, Exception):
            _log.warning("lease_not_renewed", job=writer.job_id, error=str(reply))
        else:
            self._loop.call_soon_threadsafe(writer.on_renewed, answers.appended(reply))


class LoopWatch:
    """Whether an event loop answers. `tick` from another thread, now and then."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._loop_thread = threading.get_ident()
        self._asked_at = time.monotonic()
        self._waits = False
        self._report_at_s = BLOCKED_S

    def tick(self) -> None:
        blocked_s = time.monotonic() - self._asked_at if self._waits else 0.0
        if blocked_s > self._report_at_s:
            self._report(blocked_s)
        if blocked_s > BLOCKED_LIMIT_S:
            os._exit(CRASHED)
        if not self._waits:
            self._waits = True
            self._asked_at = time.monotonic()
            self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        self._waits = False
        self._report_at_s = BLOCKED_S

    def _report(self, blocked_s: float) -> None:
        self._report_at_s = 2 * blocked_s
        frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001  the documented way to another thread's stack
        where = traceback.format_stack(frame) if frame is not None else []
        task = asyncio.current_task(self._loop)
        name = task.get_name() if task is not None else "none"
        _log.error("loop_blocked", seconds=round(blocked_s, 1), task=name, stack="".join(where[-12:]))
