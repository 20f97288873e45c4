"""The errors of running a job.

JobcastError
└── WorkerError
    ├── OutputTooLarge     the agent published more than a job may
    ├── UnencodableOutput  the agent published what JSON cannot say
    ├── StorageFull        Redis has had no room for the events for long
    └── AgentFailed        raised into RQ, so that its registries show the failure
"""

from shared_events.errors import JobcastError


class WorkerError(JobcastError):
    code = "agent_error"


class OutputTooLarge(WorkerError):
    code = "output_too_large"


class UnencodableOutput(WorkerError):
    code = "agent_error"


class StorageFull(WorkerError):
    code = "storage"
    retryable = True


class AgentFailed(WorkerError):
    """The job has ended as failed, and its followers know; RQ is told the same."""
