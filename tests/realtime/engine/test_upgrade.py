"""From polling to a websocket: what a probe does, and what ends it, or the session."""

import asyncio

import pytest

from tests.realtime.engine.test_polling import waiting_poll
from tests.realtime.engine.wire import Served, answering
from tests.waiting import eventually


async def test_after_the_probe_the_poll_ends_and_the_websocket_takes_over(echo: Served) -> None:
    polling = await echo.polling()
    poll = await waiting_poll(echo, polling)
    async with polling.websocket() as wire:
        await wire.send("2probe")
        assert await wire.receive() == "3probe"
        assert await poll == (200, "6")
        await wire.send("5", "4hello")
        assert await wire.receive() == "4hello"


async def test_a_poll_during_the_probe_ends_at_once_with_a_noop(echo: Served) -> None:
    polling = await echo.polling()
    async with polling.websocket() as wire:
        await wire.send("2probe")
        assert await wire.receive() == "3probe"
        assert await polling.packets() == ["6"]
        assert await polling.packets() == ["6"]


async def test_no_noop_goes_over_the_websocket(echo: Served) -> None:
    """It was put for a poll that was not waiting, and came as the websocket's first packet."""
    polling = await echo.polling()
    async with polling.websocket() as wire:
        await wire.send("2probe")
        assert await wire.receive() == "3probe"
        await wire.send("5", "4hello")
        assert await wire.receive() == "4hello"


async def test_what_is_sent_during_the_probe_goes_the_old_way(echo: Served) -> None:
    polling = await echo.polling()
    async with polling.websocket() as wire:
        await wire.send("2probe")
        assert await wire.receive() == "3probe"
        assert await polling.post("4hello") == (200, "ok")
        assert await polling.packets() == ["4hello"]


async def test_what_waits_at_the_upgrade_comes_first_over_the_websocket(echo: Served) -> None:
    polling = await echo.polling()
    await polling.post("\x1e".join(f"4{number}" for number in range(100)))
    async with polling.websocket() as wire:
        await wire.send("2probe")
        assert await wire.receive() == "3probe"
        await wire.send("5", "4last")
        assert [await wire.receive() for _ in range(101)] == [
            *(f"4{number}" for number in range(100)),
            "4last",
        ]


async def test_after_the_upgrade_http_is_refused_and_the_session_lives(echo: Served) -> None:
    polling = await echo.polling()
    async with polling.websocket() as wire:
        await wire.send("2probe", "5")
        assert await wire.receive() == "3probe"
        await wire.send("4one")
        assert await wire.receive() == "4one"
        assert (await polling.poll())[0] == 400
        assert (await polling.post("4x"))[0] == 400
        await wire.send("4two")
        assert await wire.receive() == "4two"


@pytest.mark.parametrize(
    "packets", [["2probe"], ["2probe", "5"]], ids=["during the probe", "after the upgrade"]
)
async def test_a_second_websocket_is_closed_and_the_session_lives(echo: Served, packets: list[str]) -> None:
    polling = await echo.polling()
    async with polling.websocket() as wire, polling.websocket() as second:
        await wire.send(*packets)
        assert await wire.receive() == "3probe"
        assert await second.closes()
        await wire.send(*(["5"] if len(packets) == 1 else []), "4hello")
        assert await wire.receive() == "4hello"


@pytest.mark.parametrize(
    "packets",
    [
        ["4hello"],
        ["5"],
        ["2"],
        ["2probe", "4hello"],
        ["2probe", "2probe"],
        ["x"],
        [b"\x00"],
        ["4" + "x" * 70_000],
    ],
    ids=str,
)
async def test_a_probe_that_fails_is_closed_and_the_session_goes_on_polling(
    echo: Served, packets: list[str | bytes]
) -> None:
    polling = await echo.polling()
    async with polling.websocket() as wire:
        await wire.send(*packets)
        assert await wire.closes()
        assert await polling.post("4still") == (200, "ok")
        assert await polling.packets() == ["4still"]
    assert echo.eio.violations == 0


@pytest.mark.parametrize("probed", [False, True])
async def test_after_an_abandoned_probe_another_one_succeeds(echo: Served, probed: bool) -> None:
    polling = await echo.polling()
    async with polling.websocket() as wire:
        if probed:
            await wire.send("2probe")
            assert await wire.receive() == "3probe"
    await eventually(lambda: not echo.eio.websockets)
    poll = await waiting_poll(echo, polling)
    async with polling.websocket() as wire:
        await wire.send("2probe")
        assert await wire.receive() == "3probe"
        assert await poll == (200, "6")
        await wire.send("5", "4hello")
        assert await wire.receive() == "4hello"


async def test_a_probe_that_never_ends_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.engine.socket_io.SWEEP_EVERY_S", 0.01)
    monkeypatch.setattr("realtime.engine.socket_io.UPGRADE_WITHIN_S", 0.0)
    async with answering() as served:
        polling = await served.polling()
        async with polling.websocket() as wire:
            assert await wire.closes()
            await polling.post("40")
            assert (await polling.packets())[0].startswith('40{"sid"')


@pytest.mark.parametrize("after", ["the websocket", "the probe", "the upgrade"])
async def test_a_farewell_over_polling_during_an_upgrade_ends_both(echo: Served, after: str) -> None:
    polling = await echo.polling()
    async with polling.websocket() as wire:
        if after != "the websocket":
            await wire.send("2probe")
            assert await wire.receive() == "3probe"
        if after == "the upgrade":
            await wire.send("5", "1")
        else:
            await polling.post("1")
        assert await wire.closes()
    await eventually(lambda: not echo.eio.websockets)
    assert len(echo.eio.outlets) == 0


async def test_messages_that_flow_during_the_upgrade_arrive_once_and_in_order(echo: Served) -> None:
    polling = await echo.polling()
    connection = echo.eio.sockets[polling.opening["sid"]]
    received: list[str] = []
    sent = [f"4{number}" for number in range(600)]
    upgraded = asyncio.Event()

    async def poll() -> None:
        while not upgraded.is_set():
            received.extend(packet for packet in await polling.packets() if packet != "6")

    async def put() -> None:
        for packet in sent:
            connection.put(packet)
            await asyncio.sleep(0)

    reading, putting = asyncio.create_task(poll()), asyncio.create_task(put())
    async with polling.websocket() as wire:
        await wire.send("2probe")
        assert await wire.receive() == "3probe"
        upgraded.set()
        await reading
        await wire.send("5")
        while len(received) < len(sent):
            received.append(await wire.receive() or "")
    await putting
    assert received == sent
