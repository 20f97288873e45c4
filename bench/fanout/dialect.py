"""How each peer is asked for a job, and how an event is put onto its bus. Pure.

The packets have the markers of `bench.template`, filled by the native programs.
"""

import json

import msgspec

from bench import template
from bench.numbered_jobs import EPOCH, numbered_job
from bench.orders import Peer
from shared_events.keys import Keys

_JOB = numbered_job(template.JOB)


class Dialect(msgspec.Struct, frozen=True):
    """`subscribe`, `resume`: Socket.IO packets; no `resume` where there are no checkpoints. `event`: RESP."""

    subscribe: str
    resume: str | None
    event: bytes


def dialect(peer: Peer, text: str = template.TEXT) -> Dialect:
    """With chunks of `text`."""
    subscribe = _subscribe({"jobId": _JOB})
    match peer:
        case Peer.JOBCAST:
            return Dialect(subscribe, _resume({"epoch": EPOCH}), template.published(Keys(), text))
        case Peer.PYTHON:
            return Dialect(subscribe, _resume({}), _python_event(text))
        case Peer.NODE:
            return Dialect(subscribe, _resume({}), _node_event(text))
        case Peer.LIMIT:
            return Dialect(subscribe, None, template.published(Keys(), text))


def _subscribe(request: dict[str, str]) -> str:
    return f"420{json.dumps(['job:subscribe', request], separators=(',', ':'))}"


def _resume(more: dict[str, str]) -> str:
    # The marker is no JSON: it stands where a number belongs.
    packet = _subscribe({"jobId": _JOB, **more})
    return f'{packet.removesuffix("}]")},"lastSequence":{template.SEQUENCE}}}]'


def _python_event(text: str) -> bytes:
    """What `AsyncRedisManager.emit` publishes."""
    fields = {"binary": False, "namespace": "/", "room": _JOB, "skip_sid": None, "callback": None}
    rest = json.dumps({**fields, "host_id": "0" * 32})
    message = f'{{"method":"emit","event":"model:chunk","data":[{template.payload(text)}],{rest[1:]}'
    return template.command("PUBLISH", "socketio", message)


def _node_event(text: str) -> bytes:
    """What `@socket.io/redis-emitter` publishes. Numbers of MessagePack have no digits: text has."""
    chunk = json.loads(template.payload(text).replace(template.SEQUENCE, f'"{template.SEQUENCE}"'))
    packet = {"type": 2, "data": ["model:chunk", chunk], "nsp": "/"}
    options = {"rooms": [_JOB], "flags": {}, "except": []}
    message = msgspec.msgpack.encode(["bench", packet, options])
    return template.command("PUBLISH", f"socket.io#/#{_JOB}#", message)
