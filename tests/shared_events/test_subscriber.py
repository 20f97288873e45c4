"""What a subscriber makes of the bytes that it reads, however they are cut."""

import asyncio
from collections.abc import Callable

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse, ResponseError

from shared_events.subscriber import BEHIND_BYTES, BUFFER_BYTES, Subscriber


def push(kind: bytes, channel: bytes, data: bytes) -> bytes:
    parts = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in (kind, channel, data))
    return b"*3\r\n" + parts


class Fed:
    """A subscriber that needs no connection, and what it handed over, in order."""

    def __init__(
        self, redis: Redis | None = None, *, on_message: Callable[[bytes, bytes], None] | None = None
    ) -> None:
        self.told: list[object] = []
        self.subscriber = Subscriber(
            redis or Redis(),
            on_message=on_message or (lambda channel, data: self.told.append((channel, data))),
            on_subscribed=self.told.append,
            on_batch=self.told.append,
        )

    @property
    def messages(self) -> list[object]:
        return [one for one in self.told if not isinstance(one, bool)]

    def read(self, data: bytes) -> None:
        """As one read of the socket."""
        self.subscriber.get_buffer(-1)[: len(data)] = data
        self.subscriber.buffer_updated(len(data))


async def test_a_batch_ends_after_the_messages_of_its_read() -> None:
    fed = Fed()
    fed.read(push(b"message", b"a", b"1") + push(b"message", b"b", b"2"))
    fed.read(push(b"message", b"a", b"3"))
    assert fed.told == [(b"a", b"1"), (b"b", b"2"), False, (b"a", b"3"), False]


async def test_a_long_read_says_that_there_is_probably_more() -> None:
    fed = Fed()
    whole = push(b"message", b"a", b"x" * BUFFER_BYTES)
    fed.read(whole[:BUFFER_BYTES])
    fed.read(whole[BUFFER_BYTES:])
    fed.read(push(b"message", b"a", b"y" * BEHIND_BYTES))
    assert [one for one in fed.told if isinstance(one, bool)] == [True, False, True]
    assert fed.messages == [(b"a", b"x" * BUFFER_BYTES), (b"a", b"y" * BEHIND_BYTES)]


async def test_the_same_is_heard_wherever_the_reads_are_cut() -> None:
    stream = push(b"message", b"a", b"\r\n$3\r\n\0") + b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
    stream += push(b"message", b"b", b"")
    for cut in range(1, len(stream)):
        fed = Fed()
        fed.read(stream[:cut])
        fed.read(stream[cut:])
        assert fed.messages == [(b"a", b"\r\n$3\r\n\0"), b"c", (b"b", b"")]


async def test_the_same_is_heard_byte_by_byte() -> None:
    fed = Fed()
    for byte in push(b"message", b"a", b"1") * 2:
        fed.read(bytes([byte]))
    assert fed.messages == [(b"a", b"1")] * 2


async def test_pushes_of_resp3_are_messages_too() -> None:
    fed = Fed()
    fed.read(b">" + push(b"message", b"a", b"1")[1:])
    assert fed.messages == [(b"a", b"1")]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"nonsense\r\n", InvalidResponse),
        (b"$-7\r\n", InvalidResponse),
        (b"*0\r\n", InvalidResponse),
        (b":1\r\n", InvalidResponse),
        (b"-NOPERM no permissions to access a channel\r\n", ResponseError),
    ],
)
async def test_what_is_no_message_ends_it_with_an_error_of_redis(said: bytes, error: type) -> None:
    fed = Fed()
    fed.read(push(b"message", b"a", b"1") + said + push(b"message", b"a", b"2"))
    assert isinstance(fed.subscriber.ended.result(), error)
    fed.read(push(b"message", b"a", b"3"))
    assert fed.told == [(b"a", b"1")]


async def test_what_a_callback_raises_is_why_it_ended() -> None:
    def raises(channel: bytes, data: bytes) -> None:
        raise ValueError(data)

    fed = Fed(on_message=raises)
    fed.read(push(b"message", b"a", b"1"))
    assert repr(fed.subscriber.ended.result()) == "ValueError(b'1')"


async def test_an_end_wakes_who_waits_to_send(redis: Redis) -> None:
    subscriber = Fed(redis).subscriber
    await subscriber.open()
    subscriber.pause_writing()
    sending = asyncio.create_task(subscriber.send("SUBSCRIBE", "a"))
    await asyncio.sleep(0)
    assert not sending.done()
    await subscriber.close()
    await asyncio.wait_for(sending, 30)
    assert "closed" in str(subscriber.ended.result())


async def test_closed_while_it_opens_it_stays_closed(redis: Redis) -> None:
    subscriber = Fed(redis).subscriber
    opening = asyncio.create_task(subscriber.open())
    subscriber.connection_lost(None)
    with pytest.raises(RedisConnectionError):
        await opening
    assert not subscriber.is_open
    await subscriber.close()
