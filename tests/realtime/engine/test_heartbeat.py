"""The heartbeat: who is asked when, and who is gone."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.engine.heartbeat import Heartbeat
from tests.realtime.engine.wire import Served, answering, echoing
from tests.waiting import eventually

INTERVAL_S, TIMEOUT_S = 25.0, 20.0


class Client:
    """A `Beating` that counts."""

    def __init__(self) -> None:
        self.pings = 0
        self.gone = 0

    def ping(self) -> None:
        self.pings += 1

    def silent(self) -> None:
        self.gone += 1


def beating(monkeypatch: pytest.MonkeyPatch, now: float) -> Heartbeat:
    monkeypatch.setattr("realtime.engine.heartbeat.time.monotonic", lambda: now)
    return Heartbeat(interval_s=INTERVAL_S, timeout_s=TIMEOUT_S)


def test_a_ping_is_sent_after_the_interval_and_an_answer_expected_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heartbeat, client = beating(monkeypatch, 100), Client()
    heartbeat.expect(client)
    heartbeat.beat(124.9)
    assert client.pings == 0
    heartbeat.beat(125)
    heartbeat.beat(144.9)
    assert (client.pings, client.gone) == (1, 0)
    heartbeat.beat(145)
    assert (client.pings, client.gone) == (1, 1)


def test_who_answers_is_asked_again_and_only_one_answer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat, client = beating(monkeypatch, 0), Client()
    heartbeat.expect(client)
    assert not heartbeat.answered(client)
    heartbeat.beat(25)
    assert heartbeat.answered(client)
    assert not heartbeat.answered(client)
    heartbeat.beat(24)
    assert (client.pings, client.gone) == (1, 0)
    heartbeat.beat(25)
    assert (client.pings, client.gone) == (2, 0)


def test_who_has_closed_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat, client = beating(monkeypatch, 0), Client()
    heartbeat.expect(client)
    heartbeat.forget(client)
    heartbeat.beat(100)
    assert (client.pings, client.gone) == (0, 0)
    heartbeat.expect(client)
    heartbeat.beat(25)
    heartbeat.forget(client)
    heartbeat.beat(100)
    assert (client.pings, client.gone) == (1, 0)


@given(st.lists(st.floats(0, 200), max_size=30).map(sorted))
def test_nothing_is_overslept(times: list[float]) -> None:
    """What comes while the task sleeps is due after it has woken."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        heartbeat, now, clients = (
            Heartbeat(interval_s=25, timeout_s=20),
            0.0,
            [Client() for _ in times],
        )
        arriving = list(zip(times, clients, strict=True))
        while arriving or heartbeat._to_ping or heartbeat._to_answer:
            wakes = now + heartbeat._rest(now)
            while arriving and arriving[0][0] <= wakes:
                at, client = arriving.pop(0)
                monkeypatch.setattr("realtime.engine.heartbeat.time.monotonic", lambda at=at: at)
                heartbeat.expect(client)
            now = wakes
            heartbeat.beat(now)
            late = [
                now - due
                for waiting in (heartbeat._to_ping, heartbeat._to_answer)
                for due in waiting.values()
            ]
            assert all(by < 0 for by in late)
    assert all((client.pings, client.gone) == (1, 1) for client in clients)


@pytest.fixture
async def seconds() -> AsyncIterator[Served]:
    """Pings after a second, answers within one."""
    async with echoing(ping_interval=1, ping_timeout=1) as served:
        yield served


async def test_over_a_websocket_pings_are_answered_and_a_silent_client_is_cut(seconds: Served) -> None:
    async with seconds.wire() as wire:
        for _ in range(2):
            assert await wire.receive() == "2"
            await wire.send("3")
        assert await wire.receive() == "2"
        assert await wire.closes()
    assert seconds.eio.closed == {"ping timeout": 1}


async def test_over_polling_pings_are_answered_and_a_silent_client_is_gone(seconds: Served) -> None:
    polling = await seconds.polling()
    for _ in range(2):
        assert await polling.packets() == ["2"]
        assert await polling.post("3") == (200, "ok")
    assert await polling.packets() == ["2"]
    assert await polling.packets() == ["1"]
    assert await polling.ended()


async def test_a_session_that_nobody_polls_is_gone_on_the_second(seconds: Served) -> None:
    polling = await seconds.polling()
    await asyncio.sleep(2)  # the time itself is the claim
    assert await polling.ended()


async def test_two_pongs_for_one_ping_close(seconds: Served) -> None:
    async with seconds.wire() as wire:
        assert await wire.receive() == "2"
        await wire.send("3", "3")
        assert await wire.closes()
    assert seconds.eio.violations == 1


async def test_a_session_keeps_its_heartbeat_across_the_upgrade(seconds: Served) -> None:
    polling = await seconds.polling()
    async with polling.websocket() as wire:
        await wire.send("2probe", "5")
        assert [await wire.receive() for _ in range(2)] == ["3probe", "2"]
        await wire.send("3")
        assert await wire.receive() == "2"


async def test_who_never_opens_the_namespace_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.engine.socket_io.SWEEP_EVERY_S", 0.01)
    monkeypatch.setattr("realtime.engine.socket_io.CONNECT_WITHIN_S", 0.0)
    async with answering() as served, served.wire() as wire:
        polling = await served.polling()
        assert await wire.closes()
        await eventually(lambda: not served.eio.sockets)
        assert await polling.ended()
    assert served.eio.closed == {"no_connect": 2}
