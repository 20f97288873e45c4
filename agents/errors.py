"""The errors of agents and of the models that they ask.

JobcastError
├── AgentError                  an agent is written or configured wrongly
│   ├── InvalidAgent            a name, signature, input type or policy that is not allowed
│   ├── AgentLoadError          a module with agents cannot be used
│   ├── PartTimeout             a part that another agent does took longer than its agent may
│   ├── InvalidInput            the input of a job or a part does not fit its agent
│   ├── InvalidReply            a model did not answer in the form that it was asked for
│   └── InvalidBackend          a backend is configured wrongly
└── BackendError                a model could not be asked, or its answer broke off
    ├── BackendAuth             the key was refused
    ├── BackendRateLimited      too many requests; `retry_after_s` may say when to come again
    ├── BackendUnavailable      not reachable, overloaded or broken
    ├── BackendRejected         the request itself was refused
    ├── BackendTimeout          silent for too long
    ├── BackendProtocolError    the answer is not what the protocol says
    └── BackendIncomplete       the answer ended without the protocol's end marker

`JobStopped` stands apart, as `asyncio.CancelledError` does: an author's `except Exception` must not
swallow it.

A `BackendError`'s message goes to users: it never holds an API key or a prompt.
"""

from shared_events.errors import JobcastError


class AgentError(JobcastError):
    code = "agent_error"


class InvalidAgent(AgentError):
    pass


class AgentLoadError(AgentError):
    pass


class PartTimeout(AgentError):
    code = "timeout"


class InvalidInput(AgentError, ValueError):
    code = "invalid_input"


class InvalidReply(AgentError):
    code = "invalid_reply"


class InvalidBackend(AgentError):
    pass


class JobStopped(BaseException):
    """Ends an agent in a thread: its job was cancelled. To clean up, catch it and raise it again."""


class BackendError(JobcastError):
    """Raise one of its children. `retry_after_s`: so long the provider asks to wait."""

    code = "agent_error"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class BackendAuth(BackendError):
    code = "backend_auth"


class BackendRateLimited(BackendError):
    code = "backend_rate_limited"
    retryable = True


class BackendUnavailable(BackendError):
    code = "backend_unavailable"
    retryable = True


class BackendRejected(BackendError):
    code = "backend_rejected"


class BackendTimeout(BackendError):
    code = "backend_timeout"
    retryable = True


class BackendProtocolError(BackendError):
    code = "backend_protocol"


class BackendIncomplete(BackendError):
    code = "backend_incomplete"
    retryable = True
