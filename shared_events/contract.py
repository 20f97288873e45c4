"""The job contract between the side that enqueues and the side that runs; neither imports the other.

A job is enqueued by the dotted name `RUN_JOB` with one keyword argument: `job_id`. What it is asked to
do, a `JobRequest`, lies beside its log.
"""

from typing import Any, Final, Literal

from shared_events.events import Wire

RUN_JOB: Final = "workers.job.run_job"
"""The only function that a worker lets a queue entry name."""

Priority = Literal["high", "normal", "low"]
PRIORITIES: Final[tuple[Priority, ...]] = ("high", "normal", "low")
"""In the order in which workers look for work."""

PAUSE_LIMIT_S: Final = 600.0
"""A job that is paused for longer is cancelled."""


EXTERNAL: Final = "external"
"""The agent of jobs that no worker runs: a process outside publishes their events."""
PUBLISHER_LEASE_S: Final = 60.0
"""A publisher that says nothing for so long is lost."""
UNBEGUN_S: Final = 600.0
"""So long an external job waits for its publisher to begin."""


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
    """What a user asks of a job that was accepted."""

    request: Literal["cancel", "pause", "resume"]
    reason: str | None = None
    by: str | None = None
    id: str = ""
    """Tells a request from the same one, asked again later."""


class AgentEntry(Wire, frozen=True):
    """An agent as its worker announces it. `input_schema` is JSON Schema 2020-12.

    `queue`: where its jobs are enqueued, whatever their priority; None is the queue of their priority.
    """

    name: str
    description: str
    input_schema: dict[str, Any]
    queue: str | None = None
    """Where its jobs go instead of the queue of their priority."""


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
