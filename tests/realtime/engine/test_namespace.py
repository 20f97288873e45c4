"""Socket.IO over a session: the namespace, requests and their answers."""

import json

import pytest

from realtime.engine import engine_io
from realtime.engine import socket_io as engine
from tests.realtime.engine.wire import Served
from tests.waiting import eventually


def nested(depth: int) -> str:
    """Arrays in one another, as the payload of an event: the event itself is one, too."""
    return '421["ask",' + "[" * (depth - 1) + "]" * (depth - 1) + "]"


async def test_the_namespace_is_opened_with_an_id_and_credentials_are_taken(answers: Served) -> None:
    for packet in ("40", '40{"token":"x"}', "40/,", "40/,{}"):
        async with answers.wire() as wire:
            await wire.send(packet)
            answer = await wire.receive() or ""
            assert json.loads(answer.removeprefix("40")).keys() == {"sid"}


async def test_the_namespace_is_opened_over_polling(answers: Served) -> None:
    polling = await answers.polling()
    assert await polling.post('40\x1e421["ask",{"a":1}]') == (200, "ok")
    packets = await polling.packets()
    if len(packets) == 1:
        packets += await polling.packets()
    assert packets[0].startswith('40{"sid"')
    assert packets[1] == '431[{"a":1}]'


@pytest.mark.parametrize("packet", ["40/random", "40/random,", '40/random,{"token":"x"}', "40/random?a=b,"])
async def test_another_namespace_is_refused_and_the_connection_lives(answers: Served, packet: str) -> None:
    async with answers.wire() as wire:
        await wire.send(packet)
        assert await wire.receive() == '44/random,{"message":"Invalid namespace"}'
        await wire.send("40")
        assert (await wire.receive() or "").startswith('40{"sid"')


@pytest.mark.parametrize("packet", ["4abc", "40[]", '40"x"', "40{", "4"])
async def test_what_is_no_handshake_closes(answers: Served, packet: str) -> None:
    async with answers.wire() as wire:
        await wire.send(packet)
        assert await wire.closes()
        assert wire.close_code == 1008


async def test_a_second_handshake_closes(answers: Served) -> None:
    async with answers.wire() as wire:
        await wire.send("40", "40")
        assert await wire.closes()


async def test_after_leaving_the_namespace_requests_close(answers: Served) -> None:
    async with answers.wire() as wire:
        await wire.send("40", "41", '421["ask",{}]')
        assert await wire.closes()


async def test_after_leaving_the_namespace_it_can_be_opened_again(answers: Served) -> None:
    async with answers.wire() as wire:
        ids = set()
        for _ in range(3):
            await wire.send("40")
            ids.add(await wire.receive())
            assert await wire.ask("ask", {"a": 1}) == {"a": 1}
            await wire.send("41")
    assert len(ids) == 3


async def test_who_leaves_the_namespace_and_does_not_come_back_is_closed(
    answers: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with answers.wire() as wire:
        await wire.send("40")
        await wire.receive()
        monkeypatch.setattr(engine, "CONNECT_WITHIN_S", 0.0)
        assert await wire.ask("ask", {}) == {}
        await wire.send("41")
        assert await wire.closes()


async def test_an_answer_that_comes_after_leaving_is_not_sent(answers: Served) -> None:
    """It once was, and what followed from it was attached to the next session."""
    async with answers.wire() as wire:
        await wire.send("40", '421["ask",{"wait":1}]')
        await wire.receive()
        (connection,) = answers.eio.sockets.values()
        await eventually(lambda: connection.pending == 1)
        await wire.send("41", "40")
        assert (await wire.receive() or "").startswith("40")
        answers.gate.set()
        await eventually(lambda: connection.pending == 0)
        assert await wire.ask("ask", {"a": 2}) == {"a": 2}
    assert answers.followed == [{"a": 2}]


async def test_leaving_a_namespace_that_is_not_open_is_nothing(answers: Served) -> None:
    async with answers.wire() as wire:
        await wire.send("41", "41/custom,", "40")
        assert (await wire.receive() or "").startswith("40")


@pytest.mark.parametrize("ack_id", ["0", "7", "456", "9007199254740991", "9" * 100])
async def test_an_answer_has_the_id_of_its_request(answers: Served, ack_id: str) -> None:
    async with answers.wire() as wire:
        await wire.send("40", f'42{ack_id}["ask",{{"a":"ü"}}]')
        await wire.receive()
        assert json.loads((await wire.receive() or "").removeprefix(f"43{ack_id}")) == [{"a": "ü"}]


@pytest.mark.parametrize("ack_id", ["abc", "9" * 101, "-1", "1.5", "²"])
async def test_what_is_no_id_closes(answers: Served, ack_id: str) -> None:
    async with answers.wire() as wire:
        await wire.send("40", f'42{ack_id}["ask",{{}}]')
        assert await wire.closes()


async def test_a_request_without_an_id_gets_no_answer(answers: Served) -> None:
    async with answers.wire() as wire:
        await wire.send("40", '42["ask",{}]', '421["ask",{"a":1}]')
        await wire.receive()
        assert await wire.receive() == '431[{"a":1}]'


async def test_json_may_be_nested_32_deep_and_no_deeper(answers: Served) -> None:
    async with answers.wire() as wire:
        await wire.send("40", nested(engine.MAX_DEPTH))
        await wire.receive()
        assert (await wire.receive() or "").startswith("431[")
        await wire.send(nested(engine.MAX_DEPTH + 1))
        assert await wire.closes()


async def test_requests_beyond_those_that_may_be_under_way_are_refused(
    answers: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MAX_PENDING_REQUESTS", 3)
    async with answers.wire() as wire:
        await wire.send("40", *['42["ask",{"wait":1}]'] * 3)
        await wire.receive()
        answer = await wire.ask("ask", {"a": 1})
    assert (answer["ok"], answer["error"]["code"]) == (False, "too_many")


async def test_a_page_may_ask_for_all_its_jobs_at_once(answers: Served) -> None:
    async with answers.wire() as wire:
        await wire.send("40", *(f'42{number}["ask",{{}}]' for number in range(256)))
        await wire.receive()
        answers_in_order = [await wire.receive() for _ in range(256)]
    assert answers_in_order == [f"43{number}[{{}}]" for number in range(256)]


async def test_a_connection_may_have_another_namespace_that_is_served(answers: Served) -> None:
    async with answers.wire() as wire:
        await wire.send("40/agents,", '42/agents,7["tell",{"a":1}]')
        assert (await wire.receive() or "").startswith('40/agents,{"sid"')
        assert await wire.receive() == '43/agents,7[{"told":{"a":1}}]'


@pytest.mark.parametrize("packet", ['421["tell",{}]', '42/agents,1["ask",{}]', '421["ask",{}]', "40/agents,"])
async def test_the_events_of_one_namespace_are_not_taken_in_another(answers: Served, packet: str) -> None:
    async with answers.wire() as wire:
        await wire.send("40/agents,", packet)
        assert await wire.closes()
        assert wire.close_code == 1008


@pytest.mark.parametrize(("first", "second"), [("/agents,", ""), ("", "/agents,")])
async def test_a_connection_has_one_namespace_at_a_time(answers: Served, first: str, second: str) -> None:
    async with answers.wire() as wire:
        await wire.send(f"40{first}", f"40{second}")
        await wire.receive()
        refused = await wire.receive() or ""
        assert refused.startswith(f"44{second}")
        assert "connection of its own" in refused
        await wire.send(f"41{first}", f"40{second}")
        assert (await wire.receive() or "").startswith(f"40{second}")


async def test_answers_wait_rather_than_let_an_honest_publisher_flood(
    answers: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_io, "FLOOD_BURST", 20.0)
    monkeypatch.setattr(engine_io, "FLOOD_RATE", 400.0)
    async with answers.wire() as wire:
        await wire.send("40/agents,")
        await wire.receive()
        for number in range(100):
            await wire.send(f'42/agents,{number}["tell",{{}}]')
            assert (await wire.receive() or "").startswith(f"43/agents,{number}")


async def test_who_does_not_wait_for_answers_is_closed_all_the_same(
    answers: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_io, "FLOOD_BURST", 20.0)
    async with answers.wire() as wire:
        await wire.send("40/agents,", *['42/agents,1["tell",{}]'] * 30)
        assert await wire.closes()
