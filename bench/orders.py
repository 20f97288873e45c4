"""What the bench tells the processes that it starts, and what they answer: one line of JSON each."""

import sys
from enum import StrEnum
from typing import TypeVar

import msgspec

Order = TypeVar("Order", bound=msgspec.Struct)


class System(StrEnum):
    JOBCAST = "jobcast"
    STOCK = "python-socketio"


class Runner(StrEnum):
    """Who runs the jobs of the program `streams`."""

    JOBCAST = "jobcast"
    ASYNCIO = "httpx-sse"
    RQ = "rq pool"


class Peer(StrEnum):
    """Whose server is measured by the programs with a native load client."""

    JOBCAST = "jobcast"
    PYTHON = "python-socketio"
    NODE = "socket.io, Node"
    LIMIT = "C, one send a frame"


class Reader(StrEnum):
    """Who reads the streams of the program `backends`."""

    JOBCAST = "jobcast"
    CONTEXT = "jobcast, JobContext"
    HTTPX = "httpx"
    SDK = "official SDK"


class Provider(StrEnum):
    """Whose wire format is read."""

    OPENAI_CHAT = "OpenAI chat"
    OPENAI_RESPONSES = "OpenAI Responses"
    ANTHROPIC = "Anthropic"
    OLLAMA = "Ollama"


class Load(msgspec.Struct, frozen=True):
    """What is published. `rate`: events a second and job; None is as fast as it goes."""

    jobs: tuple[str, ...]
    events_per_job: int
    rate: float | None = None

    @property
    def events(self) -> int:
        return len(self.jobs) * self.events_per_job


class PublisherOrder(msgspec.Struct, frozen=True):
    system: System
    redis_url: str
    load: Load


class ClientOrder(msgspec.Struct, frozen=True):
    """`followers` connections, spread evenly over the jobs; all must have every event in time.

    `first_sequence` is that of a job's first chunk.
    """

    port: int
    followers: int
    load: Load
    first_sequence: int
    timeout_s: float


class Ready(msgspec.Struct, frozen=True):
    """The process has made its preparations."""


class Published(msgspec.Struct, frozen=True):
    """`started_us` by `payload.clock_us`; `cpu_s` is what the publishing process used."""

    started_us: int
    seconds: float
    cpu_s: float


class Received(msgspec.Struct, frozen=True):
    """What all followers got. `finished_us`: when the last of them had everything (or time was up).

    `delivered`: events; `frames`: how many messages brought them (a merged chunk is one, and brings
    several). `skipped`: events that a snapshot stood for. `disordered`: events that came twice, late or
    after a hole. `lost`: connections that ended early.
    """

    delivered: int
    frames: int
    skipped: int
    disordered: int
    lost: int
    finished_us: int
    cpu_s: float
    p50_ms: float | None
    p99_ms: float | None


class PacedOrder(msgspec.Struct, frozen=True):
    """A server of streams. `rate`: tokens a second and stream; None is as fast as they are read."""

    rate: float | None


class Listening(msgspec.Struct, frozen=True):
    port: int


class Standing(msgspec.Struct, frozen=True):
    """How a paced server does. `broken`: streams whose client left; `late_ms`: its own worst delay."""

    live: int
    sent: int
    broken: int
    late_ms: float


class Said(msgspec.Struct, frozen=True):
    """The number of each finished stream, and its tokens."""

    streams: list[tuple[int, int]]


class StockOrder(msgspec.Struct, frozen=True):
    """Streams to be run in one process: the first when it is told to go, all others at the next go."""

    redis_url: str
    base_url: str
    jobs: tuple[str, ...]


class ReaderOrder(msgspec.Struct, frozen=True):
    """`streams` answers of `tokens` each, read at once by one process from the server at `port`."""

    reader: Reader
    provider: Provider
    port: int
    streams: int
    tokens: int


class WasRead(msgspec.Struct, frozen=True):
    """What reading them took; so many answers were `wrong`, not what the server said."""

    seconds: float
    cpu_s: float
    grown_bytes: int
    wrong: int


class AppendOrder(msgspec.Struct, frozen=True):
    """Jobs to be written side by side, each by `calls` appends of `batch` events."""

    redis_url: str
    jobs: tuple[str, ...]
    calls: int
    batch: int


class Appended(msgspec.Struct, frozen=True):
    """What all appends took. `cpu_s` is that of the appending process."""

    seconds: float
    cpu_s: float


def read_order(kind: type[Order]) -> Order:
    """The order on the command line of this process."""
    return msgspec.json.decode(sys.argv[1], type=kind)


def answer(reply: msgspec.Struct) -> None:
    print(msgspec.json.encode(reply).decode(), flush=True)


def wait_for_go() -> None:
    """Until the bench says go. Ends this process if the bench has gone."""
    if not sys.stdin.readline():
        sys.exit("the bench has ended")
