"""A language model's server for the bench: `python -m bench.paced_server ORDER`. Made to be no bottleneck.

It streams answers in each of `bench.wire_formats`. A prompt `stream 17` is answered with the words of that
stream (`bench.paced_text`), a token and a write at a time, until `POST /finish` ends all streams, old and
new; `stream 17 of 400` ends by itself after so many tokens. `GET /standing` tells how it goes, `GET /said`
how many tokens each finished stream has said.
"""

import asyncio
import re
import socket
from typing import Final, cast

import msgspec

from bench.orders import Listening, PacedOrder, Said, Standing, answer, read_order, wait_for_go
from bench.paced_text import WORDS, place_of, text_of
from bench.pacer import Pacer
from bench.wire_formats import FORMATS, NUMBER, WireFormat, framed, head

SEND_BUFFER_BYTES: Final = 16 * 1024
"""A client that does not keep up is waited for, as a provider's far end of a connection would wait."""
BLOCK: Final = 32
"""So many tokens go out in a write where nothing paces them."""
BLOCKS_AT_ONCE: Final = 8
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ASKED: Final = re.compile(rb"stream (\d+)(?: of (\d+))?")


class Script:
    """All that is said in one wire format, encoded once."""

    def __init__(self, wire: WireFormat) -> None:
        self.opening = head(wire) + b"".join(map(framed, wire.opening()))
        # Longer than the row by a block, which so needs not begin anew in its middle.
        self._tokens = [wire.token(place) for place in range(WORDS + BLOCK)]
        self._framed = list(map(framed, self._tokens))
        self._wire = wire

    def tokens(self, place: int, count: int, *, index: int) -> bytes:
        """So many tokens from `place` of the row on, the first of which is number `index` of its answer."""
        first = self._wire.first_number
        if first is None:
            return b"".join(self._framed[place : place + count])
        numbered = enumerate(self._tokens[place : place + count], first + index)
        return b"".join(framed(token.replace(NUMBER, b"%d" % number, 1)) for number, token in numbered)

    def closing(self, stream: int, tokens: int) -> bytes:
        return b"".join(map(framed, self._wire.closing(text_of(stream, tokens), tokens))) + b"0\r\n\r\n"


class Hall:
    """What all streams share. `pacer` None: each speaks as fast as it is heard."""

    def __init__(self, pacer: Pacer | None) -> None:
        self.pacer = pacer
        self.scripts = {wire.path.encode(): Script(wire) for wire in FORMATS}
        self.finishing = False
        self.sent = 0
        self.broken = 0
        self.live: set[Stream] = set()
        self.said: list[tuple[int, int]] = []

    def finish(self) -> None:
        self.finishing = True
        for stream in tuple(self.live):
            stream.turn()

    def standing(self) -> Standing:
        late_ms = self.pacer.late_s * 1000 if self.pacer else 0.0
        return Standing(live=len(self.live), sent=self.sent, broken=self.broken, late_ms=late_ms)


class Stream(asyncio.Protocol):
    """One connection, which may ask several times, one after the other."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._script = next(iter(hall.scripts.values()))
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._number = 0
        self._place = 0
        self._tokens = 0
        self._most: int | None = None
        self._writable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        if self in self._hall.live:
            self._hall.broken += 1
            self._leave()

    def data_received(self, data: bytes) -> None:
        self._rest += data
        head, end, body = self._rest.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if end and len(body) >= (int(length[1]) if length else 0):
            self._rest = b""
            self._answer(head.split(b" ", 2)[1], body)

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        if self._hall.pacer is None or self._hall.finishing:
            self.turn()

    def turn(self) -> None:
        """The next token, unless the client has yet to take the earlier ones."""
        if not self._writable or self not in self._hall.live:
            return
        if self._hall.finishing or self._tokens == self._most:
            self._end()
        elif self._hall.pacer is None:
            self._pour()
        else:
            self._say(1)

    def _answer(self, path: bytes, body: bytes) -> None:
        match path:
            case b"/standing":
                self._reply(self._hall.standing())
            case b"/said":
                self._reply(Said(self._hall.said))
            case b"/finish":
                self._hall.finish()
                self._reply(self._hall.standing())
            case _ if (script := self._hall.scripts.get(path)) and (asked := _ASKED.search(body)):
                self._script = script
                self._begin(int(asked[1]), int(asked[2]) if asked[2] else None)
            case _:
                self._write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    def _begin(self, number: int, most: int | None) -> None:
        self._number, self._place, self._tokens, self._most = number, place_of(number), 0, most
        self._hall.live.add(self)
        self._write(self._script.opening)
        if self._hall.pacer is None or self._hall.finishing:
            self.turn()
        else:
            self._hall.pacer.add(self)

    def _pour(self) -> None:
        """As much as the connection takes, with a look at the others now and then."""
        for _ in range(BLOCKS_AT_ONCE):
            if not self._writable or self._tokens == self._most:
                break
            self._say(BLOCK if self._most is None else min(BLOCK, self._most - self._tokens))
        if self._writable:
            asyncio.get_running_loop().call_soon(self.turn)

    def _end(self) -> None:
        self._hall.said.append((self._number, self._tokens))
        self._leave()
        self._write(self._script.closing(self._number, self._tokens))

    def _leave(self) -> None:
        self._hall.live.discard(self)
        if self._hall.pacer is not None:
            self._hall.pacer.remove(self)

    def _say(self, tokens: int) -> None:
        self._write(self._script.tokens(self._place, tokens, index=self._tokens))
        self._tokens += tokens
        self._hall.sent += tokens
        self._place = (self._place + tokens) % WORDS

    def _reply(self, reply: msgspec.Struct) -> None:
        body = msgspec.json.encode(reply)
        self._write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


async def run(order: PacedOrder) -> None:
    pacer = None if order.rate is None else Pacer(order.rate)
    hall = Hall(pacer)
    server = await asyncio.get_running_loop().create_server(
        lambda: Stream(hall), "127.0.0.1", 0, backlog=4096
    )
    if pacer is not None:
        pacer.start()
    answer(Listening(server.sockets[0].getsockname()[1]))
    await asyncio.to_thread(wait_for_go)  # which never comes: the bench ends it


if __name__ == "__main__":
    asyncio.run(run(read_order(PacedOrder)))
