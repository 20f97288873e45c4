"""Each peer's packets and messages, once the markers are filled: what the peer's own library would send."""

import json
from typing import Any

import hiredis
import msgspec
import pytest

from bench import template
from bench.fanout.dialect import dialect
from bench.numbered_jobs import EPOCH, numbered_job
from bench.orders import Peer

JOB = numbered_job(7)
PEERS_WITH_CHECKPOINTS = (Peer.JOBCAST, Peer.PYTHON, Peer.NODE)


def filled(text: str) -> str:
    return (
        text.replace(template.TIME, f"{5:019d}")
        .replace(template.JOB, f"{7:012d}")
        .replace(template.SEQUENCE, "1000001")
    )


def packet(text: str) -> Any:
    assert text.startswith("420["), "an Engine.IO message, a Socket.IO event, acknowledgement 0"
    return json.loads(filled(text)[3:])


def command(event: bytes) -> list[bytes]:
    reader = hiredis.Reader()
    reader.feed(filled(event.decode("latin-1")).encode("latin-1"))
    found: list[bytes] = reader.gets()
    return found


@pytest.mark.parametrize("peer", Peer)
def test_everyone_is_asked_for_a_job_alike(peer: Peer) -> None:
    assert packet(dialect(peer).subscribe) == ["job:subscribe", {"jobId": JOB}]


@pytest.mark.parametrize("peer", PEERS_WITH_CHECKPOINTS)
def test_who_resumes_says_where_it_stands(peer: Peer) -> None:
    resume = dialect(peer).resume
    assert resume is not None
    name, request = packet(resume)
    epoch = {"epoch": EPOCH} if peer is Peer.JOBCAST else {}
    assert (name, request) == ("job:subscribe", {"jobId": JOB, **epoch, "lastSequence": 1000001})


def test_the_limit_knows_no_checkpoints() -> None:
    assert dialect(Peer.LIMIT).resume is None


def test_python_socketio_hears_what_its_manager_publishes() -> None:
    name, channel, message = command(dialect(Peer.PYTHON).event)
    sent = json.loads(message)
    assert (name, channel) == (b"PUBLISH", b"socketio")
    assert (sent["method"], sent["event"], sent["room"]) == ("emit", "model:chunk", JOB)
    [chunk] = sent["data"]
    assert (chunk["jobId"], chunk["sequence"], chunk["ts"]) == (JOB, 1000001, f"{5:019d}")


def test_node_hears_what_its_emitter_publishes() -> None:
    name, channel, message = command(dialect(Peer.NODE, "word").event)
    _, sent, options = msgspec.msgpack.decode(message)
    assert (name, channel, options["rooms"]) == (b"PUBLISH", f"socket.io#/#{JOB}#".encode(), [JOB])
    event, chunk = sent["data"]
    assert (event, chunk["chunk"], chunk["sequence"]) == ("model:chunk", "word", "1000001")
