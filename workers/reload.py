"""Reload in development: notices that agents or `jobcast.toml` have changed, and can be loaded."""

import asyncio
import os
import time
from pathlib import Path
from typing import Final

import structlog

from launch.startup import StartupError
from shared_events.contract import Announcement
from workers.changes import Changes, Stamps, as_read, stamps_of
from workers.rehearsal import rehearse
from workers.sources import blamed_sources, loaded_sources

LOOK_EVERY_S: Final = 0.3

_log = structlog.get_logger("reload")


async def next_state(config_path: Path, started_at: float) -> tuple[list[str], Announcement]:
    """Waits for a change that can be loaded: the changed files, and what the agents and backends are then.

    `started_at`, in Unix seconds: when this process may have begun to read. A change that cannot be loaded is
    one warning, and the next one is waited for.
    """
    further: set[str] = set()

    def look() -> Stamps:
        return stamps_of({str(config_path), *loaded_sources(), *further})

    changes = Changes(_as_read(await asyncio.to_thread(look), started_at))
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        changed = changes.see(await asyncio.to_thread(look))
        if not changed:
            continue
        report = await rehearse()
        if report.announcement is not None:
            return _names(changed), report.announcement
        further.update(report.sources)
        changes.know(report.sources)
        _log.warning("not_reloaded", changed=_names(changed), error=report.error, goes_on="as before")


def wait_for_change(config_path: Path, started_at: float, error: StartupError) -> None:
    """Says why this process cannot begin, and returns when something has changed that it may be for."""
    _log.warning("not_loaded", error=str(error), waits="for a change of the code or of jobcast.toml")
    paths = {str(config_path), *loaded_sources(), *blamed_sources(error)}
    changes = Changes(_as_read(stamps_of(paths), started_at))
    while not changes.see(stamps_of(paths)):
        time.sleep(LOOK_EVERY_S)


def _as_read(stamps: Stamps, started_at: float) -> Stamps:
    return as_read(stamps, since_ns=int(started_at * 1e9), now_ns=time.time_ns())


def _names(paths: list[str]) -> list[str]:
    """As one would call them from here."""
    here = f"{Path.cwd()}{os.sep}"
    return [path.removeprefix(here) for path in paths]
