"""Contract with python-socketio and python-engineio, in raw packets: what a hostile client tries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from realtime.engine import socket_io as engine
from realtime.fan_out import hub
from shared_events.ids import new_epoch, new_job_id
from shared_events.log import JobLog
from tests.making import chunk, started_job, write
from tests.realtime.conftest import Node
from tests.realtime.engine.wire import Wire
from tests.waiting import eventually


@asynccontextmanager
async def opened(node: Node) -> AsyncIterator[Wire]:
    """An Engine.IO connection whose namespace is not open yet."""
    url = f"{node.url}/socket.io/?EIO=4&transport=websocket"
    async with node.session.ws_connect(url, autoping=False) as websocket:
        wire = Wire(websocket)
        greeting = await wire.receive()
        assert greeting is not None
        assert greeting.startswith("0{")
        yield wire


@pytest.fixture
async def wire(node: Node) -> AsyncIterator[Wire]:
    async with opened(node) as one:
        await one.send("40")
        answer = await one.receive()
        assert answer is not None
        assert answer.startswith('40{"sid"')
        yield one


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param('42["connect",{},{}]', id="the server's own connect handler"),
        pytest.param('42["disconnect","x"]', id="the server's own disconnect handler"),
        pytest.param('42["__disconnect_final","x"]', id="an internal event"),
        pytest.param('42["job:chunk",{}]', id="an unknown event"),
        pytest.param('42["job:cancel",{},{}]', id="two payloads"),
        pytest.param("42[1,{}]", id="a name that is no string"),
        pytest.param("42[]", id="no name"),
        pytest.param("42{}", id="no array"),
        pytest.param("42", id="nothing"),
        pytest.param("42[[[", id="broken JSON"),
        pytest.param("42" + "[" * 60_000, id="deep JSON"),
        pytest.param("43" + "9" * 1000 + "[]", id="an ack that nobody asked for"),
        pytest.param('451-["job:cancel",{"_placeholder":true,"num":0}]', id="a binary event"),
        pytest.param("44", id="a connect error"),
        pytest.param("49", id="a packet type that does not exist"),
        pytest.param("4", id="an empty message"),
        pytest.param(b"\x00\x01", id="binary"),
        pytest.param('42["job:cancel",' + '"' + "x" * 70_000 + '"]', id="more than 64 KiB"),
        pytest.param('42/admin,["job:cancel",{}]', id="another namespace"),
    ],
)
async def test_what_no_honest_client_sends_closes_the_connection(
    node: Node, wire: Wire, packet: str | bytes
) -> None:
    await wire.send(packet)
    assert await wire.closes()
    assert await node.is_ready()


async def test_an_event_before_the_namespace_is_open_closes_the_connection(node: Node) -> None:
    async with opened(node) as wire:
        await wire.send('421["job:cancel",{"jobId":"x"}]')
        assert await wire.closes()


async def test_a_connection_without_a_namespace_is_closed(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CONNECT_WITHIN_S", 0.0)
    async with opened(node) as wire:
        assert await wire.closes()


async def test_a_foreign_namespace_is_refused(node: Node) -> None:
    async with opened(node) as wire:
        await wire.send("40/admin,")
        answer = await wire.receive()
        assert answer is not None
        assert answer.startswith("44/admin,")


async def test_the_ack_comes_before_what_follows_from_it(wire: Wire, log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "a")
    answer = await wire.ask("job:subscribe", {"jobId": job_id, "epoch": epoch, "lastSequence": 0})
    assert answer == {
        "ok": True, "jobId": job_id, "status": "queued", "epoch": epoch, "sequence": 2, "mode": "delta",
    }  # fmt: skip
    assert (await wire.receive() or "").startswith('42["job:status",')
    assert (await wire.receive() or "").startswith('42["model:chunk",')


async def test_the_wire_carries_the_bytes_of_the_log(wire: Wire, log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    await wire.ask("job:subscribe", {"jobId": job_id, "epoch": epoch, "lastSequence": 1})
    await write(log, job_id, epoch, chunk(job_id, 2, 'ü "🙂"'))
    packet = await wire.receive()
    assert [(packet or "")[2:].encode()] == (await log.read_after(job_id, 1)).events


async def test_too_many_requests_at_once_are_refused_and_the_connection_lives(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MAX_PENDING_REQUESTS", 0)
    answer = await wire.ask("job:cancel", {"jobId": "x"})
    assert (answer["ok"], answer["error"]["code"], answer["error"]["retryable"]) == (False, "too_many", True)


async def test_who_asks_without_end_and_reads_nothing_is_cut_off(
    node: Node, wire: Wire, monkeypatch: Any
) -> None:
    """Unread answers used to pile up without bound."""
    monkeypatch.setattr("realtime.fan_out.outlet.HIGH_WATER_BYTES", -1)
    for _ in range(engine.MAX_UNREAD_ANSWERS + 1):
        await wire.send('421["job:cancel",{"jobId":"x"}]')
    assert await wire.closes()


async def test_a_page_that_comes_back_on_a_slow_line_is_not_closed(wire: Wire, monkeypatch: Any) -> None:
    """What its first jobs had to say filled the line: it was closed for the others, again and again."""
    monkeypatch.setattr("realtime.fan_out.outlet.HIGH_WATER_BYTES", -1)
    for number in range(hub.MAX_FOLLOWED):
        await wire.send(f'42{number}["job:subscribe",{{"jobId":"{new_job_id()}"}}]')
    answers = [await wire.receive() or "" for _ in range(hub.MAX_FOLLOWED)]
    assert all("too_many" in answer for answer in answers)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", ""])
async def test_a_foreign_origin_is_refused(node: Node, origin: str) -> None:
    for transport in ("polling", "websocket"):
        url = f"{node.url}/socket.io/?EIO=4&transport={transport}"
        headers = {"Origin": origin or "file://"}
        async with node.session.get(url, headers=headers) as response:
            assert response.status == 400


async def test_the_own_origin_is_welcome(node: Node) -> None:
    url = f"{node.url}/socket.io/?EIO=4&transport=polling"
    async with node.session.get(url, headers={"Origin": node.url}) as response:
        assert response.status == 200
        assert (await response.text()).startswith("0{")


async def visit(node: Node, job_id: str) -> None:
    """Come, follow, and leave without a word."""
    async with opened(node) as wire:
        await wire.send("40")
        await wire.receive()
        await wire.ask("job:subscribe", {"jobId": job_id})


def working_tasks() -> int:
    return len(asyncio.all_tasks())


async def test_connections_leave_nothing_behind(node: Node, log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch, "a")
    await visit(node, job_id)  # the first visitor starts engineio's own service
    before = working_tasks()
    for _ in range(10):
        await visit(node, job_id)
    await eventually(lambda: working_tasks() <= before)
    async with node.session.get(node.url + "/metrics") as response:
        text = await response.text()
    assert "jobcast_connections 0.0" in text
    assert "jobcast_followers 0.0" in text
