"""The job contract between the side that enqueues and the side that runs; neither imports the other.

A job is enqueued by the dotted name `RUN_JOB` with one keyword argument: `request`, a `JobRequest`
as plain JSON types.
"""

from typing import Any, Final, Literal

from shared_events.events import Wire

RUN_JOB: Final = "workers.job.run_job"
"""The only function that a worker lets a queue entry name."""

Priority = Literal["high", "normal", "low"]
PRIORITIES: Final[tuple[Priority, ...]] = ("high", "normal", "low")
"""In the order in which workers look for work."""

JOB_TIMEOUT_S: Final = 3600
"""A job that runs longer is ended as failed with the code `timeout`."""


class JobRequest(Wire, frozen=True):
    """An accepted job, as the worker gets it."""

    job_id: str
    agent: str
    input: Any
    owner: str
    backend: str | None = None
    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None


class ControlRequest(Wire, frozen=True):
    """What a user asks of a job that already runs."""

    request: Literal["cancel"]
    reason: str | None = None
    by: str | None = None


class AgentEntry(Wire, frozen=True):
    """An agent as its worker announces it. `input_schema` is JSON Schema 2020-12."""

    name: str
    description: str
    input_schema: dict[str, Any]


class BackendEntry(Wire, frozen=True):
    """A backend that jobs may choose. `models` are suggestions; the first is the default."""

    name: str
    kind: str
    models: list[str]
    description: str = ""


class Announcement(Wire, frozen=True):
    """What one worker process can do. The first backend is the default."""

    agents: list[AgentEntry]
    backends: list[BackendEntry]
