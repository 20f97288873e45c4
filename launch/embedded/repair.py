"""Mends the embedded server's append-only file after a crash, so that the server starts.

The server itself mends a write that was cut off, but not garbage at the end, such as the zeros that a power
failure may leave. What is cut off here is kept in a file beside it.
"""

import os
import re
import subprocess
from pathlib import Path


def repair_after_crash(directory: Path, server: Path) -> str | None:
    """Checks what a server that had no orderly end wrote last; a sentence says what was mended."""
    # The server removes its pid file at an orderly end.
    crashed = (directory / "server.pid").exists()
    log = _last_log(directory) if crashed else None
    sound_bytes = _sound_bytes(log, server) if log else None
    if log is None or sound_bytes is None or sound_bytes >= log.stat().st_size:
        return None
    rest = _cut(log, sound_bytes)
    return f"A crash damaged the end of {log}: its last {rest.stat().st_size} bytes were moved to {rest}."


def _last_log(directory: Path) -> Path | None:
    """The file that was being appended to; earlier ones were complete before the manifest named them."""
    manifest = directory / "appendonlydir" / "appendonly.aof.manifest"
    if not manifest.exists():
        before_7_0 = directory / "appendonly.aof"
        return before_7_0 if before_7_0.exists() else None
    names = re.findall(r"^file (\S+) seq \d+ type i$", manifest.read_text(), re.MULTILINE)
    return manifest.with_name(names[-1]) if names else None


def _sound_bytes(log: Path, server: Path) -> int | None:
    """How far the file can be read, as the server's checker says; None when it does not say.

    The checker is the server program under another name.
    """
    checker = "redis-check-aof" if "redis" in server.name else "valkey-check-aof"
    answer = subprocess.run([checker, str(log)], executable=server, capture_output=True, check=False).stdout
    sound = re.search(rb"\bok_up_to=(\d+)", answer)
    return int(sound[1]) if sound else None


def _cut(log: Path, sound_bytes: int) -> Path:
    rest = log.with_name(f"{log.name}.cut-at-{sound_bytes}")
    with log.open("r+b") as file:
        file.seek(sound_bytes)
        rest.write_bytes(file.read())
        file.truncate(sound_bytes)
        os.fsync(file.fileno())
    return rest
