"""What users are told of what an agent returned or raised. Pure."""

from typing import Any, Final

import msgspec

from agents.errors import AgentError
from agents.surrogates import well_formed
from shared_events.errors import JobcastError
from shared_events.events import ErrorInfo

LONGEST_MESSAGE: Final = 4000
"""Characters of an error's message that users are shown."""


def plain_result(result: Any) -> Any:
    """What an agent returned as JSON types. Raises `AgentError`."""
    try:
        return msgspec.to_builtins(result)
    except (TypeError, RecursionError) as error:
        raise AgentError(f"The agent's result cannot be said in JSON: {error}.") from error


def info_of(error: JobcastError) -> ErrorInfo:
    """`error`, whatever its author made of it. Raises what its `__str__` raises."""
    message = well_formed(str(error))[:LONGEST_MESSAGE]
    return ErrorInfo(code=str(error.code), message=message, retryable=bool(error.retryable))


def shown_of(error: BaseException) -> ErrorInfo | None:
    """The words of an error of ours; None for any other, whose words are for the log."""
    if not isinstance(error, JobcastError):
        return None
    try:
        return info_of(error)
    except Exception:  # noqa: BLE001  a class of the author's, which cannot even be printed
        return None


def hidden_of(error: BaseException) -> ErrorInfo:
    """What is said in place of words that are not for users."""
    message = f"The agent failed with {type(error).__name__}; the worker's log says where."
    return ErrorInfo(code=AgentError.code, message=message, retryable=False)
