"""One event as Redis is told it, with markers that a publisher overwrites again and again. Pure.

19 × `T` stand for the time of publishing (`time.monotonic_ns`), 12 × `J` for the job's number, 7 × `S` for
the sequence, 7 × `P` for the one before it. Each has as many characters as what it is replaced by, so the
lengths in the command stay right.
"""

from typing import Final

from bench.numbered_jobs import EPOCH, numbered_job
from shared_events.answers import Rest
from shared_events.keys import Keys
from shared_events.scripts import Terms, append_arguments, append_keys, digest, script

TIME: Final = "T" * 19
JOB: Final = "J" * 12
SEQUENCE: Final = "S" * 7
PREVIOUS: Final = "P" * 7

_JOB_ID: Final = numbered_job(JOB)
TEXT: Final = " token"


def payload(text: str = TEXT) -> str:
    """Of a chunk of `text`, which needs no escapes in JSON."""
    return (
        f'{{"jobId":"{_JOB_ID}","chunk":"{text}","sequence":{SEQUENCE},"timestamp":1760000000000,'
        f'"ts":"{TIME}","metadata":{{"step":"writing","model":"m","tokens_per_sec":42.1}}}}'
    )


def event(text: str = TEXT) -> str:
    return f'["model:chunk",{payload(text)}]'


def published(keys: Keys, text: str = TEXT) -> bytes:
    """The event on the bus alone, as `lua/append.lua` publishes it; no log knows of it."""
    return command("PUBLISH", keys.channel(_JOB_ID), f"{EPOCH} {SEQUENCE} 1\n{event(text)}")


def appended(keys: Keys, text: str = TEXT) -> bytes:
    """The event written to its job's log, and published by that. Redis must have loaded the script."""
    names = append_keys(keys, _JOB_ID)
    arguments = append_arguments(Terms(), EPOCH, 0, [event(text).encode()], None, Rest.GOES_ON)
    arguments[1] = PREVIOUS
    return command("EVALSHA", digest(script("append")), len(names), *names, *arguments)


def command(*arguments: str | bytes | int) -> bytes:
    """A command in RESP, as clients of Redis send it."""
    parts = [one if isinstance(one, bytes) else str(one).encode() for one in arguments]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
