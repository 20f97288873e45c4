"""The gate: closed while a job is paused, and never for ever."""

import asyncio

import pytest

from tests.waiting import eventually
from workers import pausing as module
from workers.pausing import Pause


class Watched:
    """A gate, and what it called."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.pause = Pause(on_change=self._changed, on_overdue=lambda: self.calls.append("overdue"))

    def _changed(self) -> None:
        self.calls.append(f"paused: {self.pause.reason}" if self.pause.paused else "goes on")


@pytest.fixture
async def watched() -> Watched:
    return Watched()


async def waiting_at(pause: Pause) -> asyncio.Task[None]:
    """Somebody who waits at the closed gate."""
    waiting = asyncio.create_task(pause.gate())
    await asyncio.sleep(0)
    assert not waiting.done()
    return waiting


async def test_a_gate_is_open_until_it_is_closed(watched: Watched) -> None:
    await watched.pause.gate()
    assert not watched.pause.paused


async def test_everybody_waits_until_the_pause_ends(watched: Watched) -> None:
    watched.pause.begin("lunch")
    waiting = [await waiting_at(watched.pause) for _ in range(3)]
    watched.pause.end()
    await asyncio.gather(*waiting)
    assert watched.calls == ["paused: lunch", "goes on"]


async def test_what_changes_nothing_is_not_told(watched: Watched) -> None:
    watched.pause.end()
    watched.pause.begin("lunch")
    watched.pause.begin("lunch")
    assert watched.calls == ["paused: lunch"]
    watched.pause.close()


async def test_the_last_reason_counts(watched: Watched) -> None:
    watched.pause.begin("lunch")
    watched.pause.begin(None)
    assert watched.calls == ["paused: lunch", "paused: None"]
    watched.pause.close()


async def test_a_pause_that_lasts_too_long_is_told_though_its_reason_changed(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_LIMIT_S", 0.02)
    watched.pause.begin("lunch")
    monkeypatch.setattr(module, "PAUSE_LIMIT_S", 1000)
    watched.pause.begin("dinner")
    await eventually(lambda: "overdue" in watched.calls)


@pytest.mark.parametrize("end", [Pause.end, Pause.close])
async def test_a_pause_that_ended_is_never_overdue(
    watched: Watched, end: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_LIMIT_S", 0.0)
    watched.pause.begin("lunch")
    assert callable(end)
    end(watched.pause)
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, later.set)
    await later.wait()
    assert "overdue" not in watched.calls


async def test_a_gate_that_closes_down_lets_everybody_through_and_says_nothing(watched: Watched) -> None:
    watched.pause.begin("lunch")
    waiting = await waiting_at(watched.pause)
    watched.pause.close()
    await waiting
    assert watched.calls == ["paused: lunch"]
