"""The error of a server that does not answer."""

from shared_events.errors import JobcastError


class Unreachable(JobcastError):
    code = "unavailable"
    retryable = True
