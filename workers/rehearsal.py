"""`python -m workers.rehearsal DESCRIPTOR`: whether a worker could start as things are; reported there."""

import asyncio
import os
import sys
import tempfile
import time
from typing import Final

import msgspec

from launch.discovery import with_found_backends
from launch.settings import read_settings
from launch.startup import StartupError
from launch.tether import end_with
from shared_events.contract import Announcement
from workers.announcement import announcement_of
from workers.changes import Stamps, as_read, stamps_of
from workers.sources import blamed_sources, loaded_sources

LONGEST_S: Final = 30.0
LARGEST_REPORT_BYTES: Final = 16 * 1024 * 1024


class Report(msgspec.Struct, frozen=True):
    """What a worker would announce; or else `error`, a sentence, and the files that it came from."""

    error: str = ""
    announcement: Announcement | None = None
    sources: Stamps = {}


async def rehearse() -> Report:
    """Try the start in a process of its own, whose output is dropped: authors' modules may say anything."""
    try:
        return await _rehearse()
    except OSError as error:
        return Report(error=f"It could not be tried: {error}.")


async def _rehearse() -> Report:
    with tempfile.TemporaryFile() as note:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "workers.rehearsal", str(note.fileno())),
            pass_fds=(note.fileno(),),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(LONGEST_S):
                exit_code = await process.wait()
        except TimeoutError:
            return Report(error=f"It did not load within {LONGEST_S:g} s.")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        note.seek(0)
        return _understood(note.read(LARGEST_REPORT_BYTES), exit_code)


def _understood(report: bytes, exit_code: int) -> Report:
    try:
        return msgspec.json.decode(report, type=Report)
    except msgspec.DecodeError:
        return Report(error=f"Loading it ended the process with exit code {exit_code}.")


def report() -> Report:
    """What becomes of the start here."""
    since_ns = time.time_ns()
    try:
        settings = asyncio.run(with_found_backends(read_settings()))
        return Report(announcement=announcement_of(settings))
    except StartupError as error:
        files = stamps_of(loaded_sources() | blamed_sources(error))
        return Report(error=str(error), sources=as_read(files, since_ns=since_ns, now_ns=time.time_ns()))


def main(descriptor: int) -> None:
    """Report and leave: a thread that a module has started holds nobody up."""
    end_with(os.getppid())
    sys.dont_write_bytecode = True
    os.pwrite(descriptor, msgspec.json.encode(report()), 0)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
