"""The error of a server that does not answer."""

from typing import Final

from shared_events.errors import JobcastError

HINT: Final = "Is `make run` running? If with another PORT, say so here too, or: python -m cli --url URL …"


class Unreachable(JobcastError):
    code = "unavailable"
    retryable = True
