"""The errors of the language that all parts share.

JobcastError
├── InvalidEvent       bytes that are no event of the protocol
├── UnknownJob         no log under that id: never submitted, or expired
├── UnreadableLog      what is kept under that id is no log: somebody else has written there
├── JobClosed          the job has already ended
├── Fenced             another writer owns the job: stop, publish nothing
├── LogUnavailable     Redis did not answer within the retries
└── BusUnavailable     the bus did not confirm a subscription in time
"""

from typing import ClassVar


class JobcastError(Exception):
    """Base of all errors that Jobcast raises itself; the message says what is allowed."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False


class InvalidEvent(JobcastError):
    code = "invalid_event"


class UnknownJob(JobcastError):
    code = "not_found"


class UnreadableLog(JobcastError):
    code = "unreadable_log"


class JobClosed(JobcastError):
    code = "already_finished"


class Fenced(JobcastError):
    code = "fenced"


class LogUnavailable(JobcastError):
    code = "log_unavailable"
    retryable = True


class BusUnavailable(JobcastError):
    code = "bus_unavailable"
    retryable = True
