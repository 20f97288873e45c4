"""What hostile websockets do. Each returns what became of it."""

import asyncio
import random
from typing import Any, Final

from tests.e2e.hostile.target import FOR_EVER_S, SMALL_WINDOW_BYTES, Target, closed, event
from tests.realtime.engine.wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    RawWebSocket,
    frame,
)

FLOOD: Final = 4000
NESTED: Final = b'42["job:subscribe",' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"]"
RULES: Final[tuple[tuple[int, bytes], ...]] = (
    *((TEXT, packet) for packet in (b"", b"9", b"3", b"2", b"0{}", b"6", b"x", b"4", b"49", b"4x", b"bAAAA")),
    *((TEXT, packet) for packet in (b"40", b"40{}", b"40[]", b"41", b"1", b"44", b'44"x"', b"43", b"431[]")),
    *(
        (TEXT, b"42" + data)
        for data in (b"", b"{}", b"[]", b"[1]", b'["job:subscribe"', b'["a",1,2]', b"null")
    ),
    *(
        (TEXT, event(name, {}))
        for name in ("connect", "disconnect", "connect_error", "job:completed", "*", "")
    ),
    *((TEXT, event(name, {})) for name in ("server:draining", "__class__", "job:snapshot", "message")),
    (TEXT, b'42999999999999999999999["job:subscribe",{}]'),
    (TEXT, b'451-["job:subscribe",{"_placeholder":true,"num":0}]'),
    (TEXT, b'4599999999-["x"]'),
    (TEXT, NESTED),
    (TEXT, b"\xff\xfe"),
    (TEXT, b'42["job:subscribe",{"jobId":"\\ud800"}]'),
    (BINARY, b"\x00"),
    (BINARY, b""),
    (CONTINUATION, b"42"),
    (PING, b"x" * 126),
    (CLOSE, b"\x00"),
    (CLOSE, b"\x03\xe8\xff\xff"),
    (7, b"?"),
    (15, b""),
)
IDS: Final[tuple[Any, ...]] = (
    "",
    "x",
    "0" * 20,
    "../../etc",
    "*",
    None,
    1,
    [],
    {},
    "é" * 20,
    "0" * 60000,
    "00000000-0000-4000",
)


async def floods_packets(target: Target) -> str:
    async with target.client() as client:
        for number in range(FLOOD):
            client.send(TEXT, event("job:subscribe", {"jobId": target.job}, number))
        return await closed(client)


async def floods_pings(target: Target) -> str:
    async with target.client() as client:
        for _ in range(FLOOD):
            client.send(random.choice((PING, PONG)), b"x" * 100)
        return await closed(client)


async def never_connects(target: Target) -> str:
    async with target.websocket() as websocket:
        return await closed(websocket)


async def breaks_the_rules(target: Target) -> str:
    """One frame that no client sends, or a request for what there is not, in the middle of others."""
    async with target.client() as client:
        client.send(TEXT, event("job:subscribe", {"jobId": target.job}))
        if random.random() < 0.2:
            client.send(TEXT, event("job:subscribe", {"jobId": random.choice(IDS), "lastSequence": -1}))
            client.send(TEXT, event("job:cancel", {"jobId": random.choice(IDS)}))
        opcode, payload = random.choice(RULES)
        client.send(opcode, payload, flags=random.choice((0x80, 0x80, 0x80, 0xC0, 0x00)))
        return await closed_within(client, 1.0)


async def sends_giants(target: Target) -> str:
    async with target.client() as client:
        size = random.choice((70_000, 1 << 20, 16 << 20))
        if random.random() < 0.5:
            client.writer.write(frame(TEXT, b"4" * 70_000))
        else:
            client.writer.write(bytes((0x81, 0xFF)) + (size << 20).to_bytes(8, "big") + bytes(100))
        return await closed(client)


async def sends_half_a_frame(target: Target) -> str:
    async with target.client() as client:
        client.send(TEXT, event("job:subscribe", {"jobId": target.job}))
        if random.random() < 0.5:
            client.writer.write(frame(TEXT, b"4" * 60_000)[: random.choice((1, 3, 7, 50_000))])
        else:
            client.send(TEXT, b"4" * 60_000, flags=0)  # and never the end of it
        await asyncio.sleep(random.choice((0.2, FOR_EVER_S)))
        return "hung up"


async def never_reads(target: Target) -> str:
    """Follows everything, some of it hidden."""
    async with target.client(window_bytes=SMALL_WINDOW_BYTES) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for number, job_id in enumerate(target.jobs):
            client.send(TEXT, event("job:subscribe", {"jobId": job_id}, number))
            if random.random() < 0.3:
                client.send(TEXT, event("job:visibility", {"jobId": job_id, "visible": False}, number))
        await asyncio.sleep(random.choice((3.0, FOR_EVER_S)))
        return "hung up"


async def asks_and_never_reads(target: Target) -> str:
    async with target.client(window_bytes=SMALL_WINDOW_BYTES) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        while not client.writer.transport.is_closing():
            client.send(TEXT, event("job:cancel", {"jobId": "x" * 20}))
            await asyncio.sleep(0.006)
        return "cut"


async def reads_a_little(target: Target) -> str:
    """About a kilobyte a second, after having asked for everything."""
    async with target.client(window_bytes=SMALL_WINDOW_BYTES) as client:
        for number, job_id in enumerate(target.jobs):
            client.send(TEXT, event("job:subscribe", {"jobId": job_id}, number))
        while await client.reader.read(100):  # noqa: ASYNC110  to take its time is the attack
            await asyncio.sleep(0.1)
        return "closed"


async def joins_and_leaves(target: Target) -> str:
    async with target.client() as client:
        for number in range(300):
            name = random.choice(("job:subscribe", "job:subscribe", "job:unsubscribe"))
            client.send(TEXT, event(name, {"jobId": target.job}, number))
            await asyncio.sleep(0.005)
        return await closed_within(client, 0.1)


async def hides_and_shows(target: Target) -> str:
    async with target.client() as client:
        for number, job_id in enumerate(target.jobs * 40):
            client.send(TEXT, event("job:subscribe", {"jobId": job_id}, number))
            client.send(TEXT, event("job:visibility", {"jobId": job_id, "visible": number % 2 == 0}, number))
            await asyncio.sleep(0.01)
        return await closed_within(client, 0.1)


async def closed_within(client: RawWebSocket, seconds: float) -> str:
    """As `closed`, but the client hangs up when it takes too long."""
    try:
        async with asyncio.timeout(seconds):
            return await closed(client)
    except TimeoutError:
        return "hung up"
