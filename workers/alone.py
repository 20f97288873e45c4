"""A job in a process of its own: for agents that ask for it, and for jobs that may have killed a worker."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from io import FileIO
from typing import Final

import msgspec
import structlog

from shared_events.ids import JobId
from workers.agent_run import AGENT_STOP_S
from workers.outcome import HandedBack, Outcome

KILL_AFTER_S: Final = AGENT_STOP_S + 3.0
"""From the order to hand back until the process is killed."""
LONGEST_REPORT: Final = 4096

_decoder: Final[msgspec.json.Decoder[Outcome]] = msgspec.json.Decoder(Outcome)

_log = structlog.get_logger("alone")


class Alone:
    """The parent's side. `await run()` once; the others while it runs, or before.

    A signal would kill a process that does not listen yet, so it says when it does: with a line break,
    before its report.
    """

    def __init__(self, job_id: JobId) -> None:
        self._job_id = job_id
        self._process: asyncio.subprocess.Process | None = None
        self._listens = False
        self._is_cancelled = False
        self._hands_back = False

    async def run(self) -> Outcome | None:
        """What the process says of its attempt; None if it died without a word."""
        pipe, self._process = await self._start()
        try:
            if self._hands_back:
                self.kill()
            report = await self._read(pipe)
            status = await self._process.wait()
        finally:
            pipe.close()
            await self._end()
        if self._hands_back and not self._listens:
            return HandedBack()  # it had not begun
        return self._understand(report, status)

    def cancel(self) -> None:
        self._is_cancelled = True
        if self._listens:
            self._send(signal.SIGUSR1)

    def hand_back(self) -> None:
        self._hands_back = True
        self._send(signal.SIGTERM if self._listens else signal.SIGKILL)
        asyncio.get_running_loop().call_later(KILL_AFTER_S, self.kill)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    async def _start(self) -> tuple[FileIO, asyncio.subprocess.Process]:
        read_end, write_end = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "workers.solo", self._job_id, str(write_end)),
                pass_fds=(write_end,),
                stdin=asyncio.subprocess.DEVNULL,
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        return FileIO(read_end), process

    async def _read(self, pipe: FileIO) -> bytes:
        """All that comes until the other end is closed; the beginning of it, if it is long."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            report = b""
            while data := await reader.read(LONGEST_REPORT):
                report = (report + data)[:LONGEST_REPORT]
                self._hear()
            return report
        finally:
            transport.close()

    def _hear(self) -> None:
        if self._listens:
            return
        self._listens = True
        if self._is_cancelled:
            self._send(signal.SIGUSR1)

    async def _end(self) -> None:
        self.kill()
        if self._process is not None:
            await self._process.wait()

    def _send(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _understand(self, report: bytes, status: int) -> Outcome | None:
        try:
            return _decoder.decode(report)
        except msgspec.DecodeError:
            _log.warning("process_died", job=self._job_id, status=status)
            return None
