"""The load client finds what it is there to find: an event that is missing, twice, late, or merged."""

import asyncio

import pytest

from bench.follower import Follower
from bench.payload import METADATA, chunk_text
from bench.websocket import TEXT
from shared_events.events import Event, JobSnapshot, JobStatus, JobStatusChanged, ModelChunk, encode_event

JOB = "0123456789abcdefghij"
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


class Wire(asyncio.Transport):
    """Remembers what the follower sends."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 8000)})
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.closed = True


class Following:
    """A follower of the chunks 2…5 of a job that has just been subscribed."""

    def __init__(self) -> None:
        self.completed = 0
        self.wire = Wire()
        self.follower = Follower(JOB, range(2, 6), timed=True, on_complete=self._complete)
        self.follower.connection_made(self.wire)
        self.follower.data_received(UPGRADED + text(b'0{"sid":"x"}') + text(b'40{"sid":"y"}'))
        self.follower.data_received(text(b'430[{"ok":true}]'))

    def hear(self, *events: Event | JobSnapshot) -> None:
        for event in events:
            self.follower.data_received(text(b"42" + encode_event(event)))

    def _complete(self) -> None:
        self.completed += 1


@pytest.fixture
async def following() -> Following:
    return Following()


def text(payload: bytes) -> bytes:
    """A server's text frame."""
    size = bytes((len(payload),)) if len(payload) < 126 else bytes((126,)) + len(payload).to_bytes(2)
    return bytes((0x80 | TEXT,)) + size + payload


def chunk(sequence: int, first: int | None = None) -> ModelChunk:
    return ModelChunk(
        job_id=JOB,
        sequence=sequence,
        timestamp=1,
        chunk=chunk_text(),
        from_sequence=first,
        metadata=METADATA,
    )


def snapshot(sequence: int) -> JobSnapshot:
    return JobSnapshot(
        job_id=JOB, epoch="e", sequence=sequence, reset=True, text="", status=JobStatus.RUNNING, attempt=1
    )


RUNNING = JobStatusChanged(
    job_id=JOB, sequence=1, timestamp=1, status=JobStatus.RUNNING, attempt=1, epoch="e"
)


async def test_it_subscribes_and_answers_pings(following: Following) -> None:
    following.follower.data_received(text(b"2"))
    sent = b"".join(following.wire.sent)
    assert following.follower.subscribed.done()
    assert b'420["job:subscribe",{"jobId":"0123456789abcdefghij"}]' in sent
    assert sent.endswith(b"3")


async def test_it_is_complete_with_the_last_chunk(following: Following) -> None:
    following.hear(RUNNING, chunk(2), chunk(3), chunk(4))
    assert following.completed == 0
    following.hear(chunk(5))
    follower = following.follower
    assert (following.completed, follower.delivered, follower.disordered) == (1, 4, 0)
    assert len(follower.latencies_us) == 4


async def test_a_frame_may_arrive_in_pieces(following: Following) -> None:
    for byte in text(b"42" + encode_event(RUNNING)) + text(b"42" + encode_event(chunk(2))):
        following.follower.data_received(bytes((byte,)))
    assert (following.follower.delivered, following.follower.disordered) == (1, 0)


@pytest.mark.parametrize(
    "sequences", [(2, 4, 5), (2, 2, 3, 4, 5), (2, 4, 3, 5)], ids=["hole", "double", "late"]
)
async def test_what_is_not_the_next_event_is_disordered(
    following: Following, sequences: tuple[int, ...]
) -> None:
    following.hear(RUNNING, *map(chunk, sequences))
    assert following.follower.disordered > 0
    assert following.completed == 1


async def test_a_merged_chunk_counts_for_the_events_that_it_stands_for(following: Following) -> None:
    following.hear(RUNNING, chunk(2), chunk(5, first=3))
    follower = following.follower
    assert (following.completed, follower.delivered, follower.frames, follower.disordered) == (1, 4, 2, 0)


async def test_a_snapshot_counts_for_the_chunks_that_it_skips(following: Following) -> None:
    following.hear(snapshot(0), RUNNING, chunk(2), snapshot(6))
    follower = following.follower
    assert (following.completed, follower.delivered, follower.skipped) == (1, 1, 3)


async def test_a_refused_upgrade_closes_the_connection_and_says_so() -> None:
    follower = Follower(JOB, range(1, 2), timed=False, on_complete=lambda: None)
    wire = Wire()
    follower.connection_made(wire)
    follower.data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    assert wire.closed
    follower.connection_lost(None)
    with pytest.raises(ConnectionError, match="403"):
        await follower.subscribed
