"""Backends: what reading a provider's streams costs, Jobcast beside httpx and the official SDKs."""

from collections.abc import Iterator
from typing import Final

import msgspec

from bench.measurement import Measurement
from bench.options import PACED_RATE, Options
from bench.orders import Provider, Reader, ReaderOrder, Ready, WasRead
from bench.paced import paced_server
from bench.processes import Processes

PROGRAM: Final = "backends"
WITHIN_S: Final = 300.0


class Reading(msgspec.Struct, frozen=True):
    """`streams` answers of `tokens` each, at `rate` tokens a second; None is as fast as they are read."""

    reader: Reader
    provider: Provider
    streams: int
    tokens: int
    rate: float | None

    @property
    def variant(self) -> str:
        pace = "unpaced" if self.rate is None else f"× {self.rate:g}/s"
        return f"{self.provider}, {self.streams} {pace}"


def all_readings(options: Options, number: int) -> Iterator[Reading]:
    """What is measured in the round `number`: who goes first changes with every round."""
    readers = list(Reader) if number % 2 else list(reversed(Reader))
    for provider in Provider:
        for reader in readers:
            yield Reading(reader, provider, options.read_unpaced, options.read_tokens, None)
        for reader in readers:
            yield Reading(reader, provider, options.read_paced, options.paced_events, PACED_RATE)


def measure_reading(reading: Reading, processes: Processes, *, number: int) -> Measurement:
    with paced_server(processes, reading.rate) as paced:
        order = ReaderOrder(reading.reader, reading.provider, paced.port, reading.streams, reading.tokens)
        with processes.ordered("bench.reading.client", order, measured=True) as client:
            client.read(Ready)
            before_s = paced.process.cpu_s
            client.go()
            read = client.read(WasRead, WITHIN_S)
            server_s = paced.process.cpu_s - before_s
    numbers = _numbers(read, server_s, reading.streams * reading.tokens)
    return Measurement(PROGRAM, reading.reader, number, read.wrong == 0, numbers, reading.variant)


def _numbers(read: WasRead, server_s: float, chunks: int) -> dict[str, float]:
    return {
        "chunks": chunks,
        "chunks_per_s": chunks / read.seconds,
        "chunks_per_core_s": chunks / read.cpu_s,
        "us_per_chunk": read.cpu_s / chunks * 1e6,
        "reader_busy": read.cpu_s / read.seconds,
        "server_busy": server_s / read.seconds,
        "grown_bytes": read.grown_bytes,
        "wrong": read.wrong,
    }
