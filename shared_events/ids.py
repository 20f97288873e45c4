"""The ids of the protocol: how they look, how they are made, how a stranger's id is refused."""

import re
import secrets
from typing import Final, NewType

JobId = NewType("JobId", str)
Epoch = NewType("Epoch", str)
"""The random id of one writer (one attempt); never a counter, never reused."""

_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_UUID: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_JOB_ID: Final = re.compile(f"[0-9a-z]{{20}}|{_UUID}", re.ASCII)
_EPOCH: Final = re.compile(r"[0-9a-z]{12}", re.ASCII)

MAX_SEQUENCE: Final = 2**53 - 1
"""JavaScript's largest exact integer: no sequence on the wire is larger."""


def new_job_id() -> JobId:
    """20 characters of 0-9a-z (103 random bits): safe in URLs, key names and shells."""
    return JobId(_random(20))


def new_epoch() -> Epoch:
    """12 characters of 0-9a-z (62 random bits)."""
    return Epoch(_random(12))


def is_job_id(value: object) -> bool:
    """As `new_job_id` makes them, or a lower-case UUID."""
    return isinstance(value, str) and _JOB_ID.fullmatch(value) is not None


def is_epoch(value: object) -> bool:
    return isinstance(value, str) and _EPOCH.fullmatch(value) is not None


def is_sequence(value: object) -> bool:
    """A whole number from 0 to `MAX_SEQUENCE`; `True` is not a number here."""
    return type(value) is int and 0 <= value <= MAX_SEQUENCE


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
