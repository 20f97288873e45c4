"""RQ's commands to a worker (`rq.command`), heard in a thread: stop a job, shut down."""

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Final

import structlog
from redis.client import PubSub
from redis.exceptions import RedisError
from rq.command import parse_payload
from rq.worker.base import BaseWorker

from workers.rq_async.threads import delays_s

LISTEN_S: Final = 0.1
"""So long a stop of the thread may take."""
PROBE_EVERY_S: Final = 10.0
DEAF_AFTER_S: Final = 25.0
"""A subscription on which not even a probe was answered for this long is made anew."""

_log = structlog.get_logger("worker")


class Commands:
    """Calls `stop_job(job_id)` and `shut_down()`, in its thread."""

    def __init__(
        self, worker: BaseWorker, *, stop_job: Callable[[str], None], shut_down: Callable[[], None]
    ) -> None:
        self._worker = worker
        self._stop_job = stop_job
        self._shut_down = shut_down
        self._stop = Event()
        self._thread = Thread(target=self._run, name="rq commands", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        delays = delays_s()
        while not self._stop.is_set():
            try:
                self._listen()
                delays = delays_s()
            except RedisError as error:
                _log.debug("commands_unheard", error=str(error))
                self._stop.wait(next(delays))
            except Exception:  # noqa: BLE001  the border of the thread
                _log.exception("commands_crashed")
                self._stop.wait(next(delays))

    def _listen(self) -> None:
        """Until told to stop, or nothing is heard any more. Raises `RedisError`."""
        with self._worker.connection.pubsub() as pubsub:
            pubsub.subscribe(self._worker.pubsub_channel_name)
            heard_at = probed_at = time.monotonic()
            while not self._stop.is_set() and time.monotonic() - heard_at < DEAF_AFTER_S:
                message = pubsub.get_message(timeout=LISTEN_S)
                if message is not None:
                    heard_at = time.monotonic()
                    self._handle(message)
                probed_at = _probe(pubsub, max(probed_at, heard_at))

    def _handle(self, message: dict[str, Any]) -> None:
        if message["type"] != "message":
            return
        try:
            payload = parse_payload(message)
            command, job_id = payload["command"], payload.get("job_id")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("command_not_understood", error=repr(error))
            return
        if command == "stop-job":
            self._stop_job(str(job_id))
        elif command == "shutdown":
            self._shut_down()


def _probe(pubsub: PubSub, last_at: float) -> float:
    """Ask for an answer if there was none for a while; when that was last done."""
    if time.monotonic() - last_at < PROBE_EVERY_S:
        return last_at
    pubsub.ping()
    return time.monotonic()
