"""Which backend answers: one after another is asked until one has begun; from then on it is that one.

A retryable error before the first delta leads to the next. After it nothing is ever changed silently.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Self

import msgspec
import structlog

from agents.backends.protocol import Backend, ChatRequest, Delta
from agents.errors import BackendError, BackendRejected

_log = structlog.get_logger("backend")


class Candidate(msgspec.Struct, frozen=True):
    """A backend, and which model of it; None leaves that to the request."""

    backend: Backend
    model: str | None = None

    @property
    def default_model(self) -> str | None:
        return self.model or next(iter(self.backend.models), None)


class Choice:
    """Asks the `candidates`, in their order. `of` finds them."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates
        self._settled = False
        self.model: str | None = None
        """The model that answers; before it has begun, the one that is asked first."""
        self.backend = candidates[0].backend.name

    @classmethod
    def of(cls, backends: Mapping[str, Backend], *, chosen: str | None, preferred: Sequence[str]) -> Self:
        """Only the `chosen` one; else those of `preferred` that there are; else the first.

        `preferred` has `name` or `name/model`. Raises `BackendRejected` for a chosen one that is not there.
        """
        if chosen is not None or not backends:
            return cls([Candidate(_known(backends, chosen or ""))])
        split = [entry.partition("/") for entry in preferred]
        there = [Candidate(backends[name], model or None) for name, _, model in split if name in backends]
        return cls(there or [Candidate(next(iter(backends.values())))])

    async def ask(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """The answer of the first that begins one. Raises `BackendError`."""
        for index, candidate in enumerate(self._candidates):
            asked = _for(candidate, request, named=index == 0 and not self._settled)
            self.model, self.backend = asked.model or candidate.default_model, candidate.backend.name
            begun = False
            try:
                async with aclosing(candidate.backend.stream(asked)) as deltas:
                    async for delta in deltas:
                        if not begun:
                            begun = True
                            self._settle(candidate, asked.model)
                        yield delta
                return
            except BackendError as error:
                if begun or not error.retryable or candidate is self._candidates[-1]:
                    raise
                _log.warning("backend_passed_over", backend=candidate.backend.name, code=error.code)

    def _settle(self, candidate: Candidate, model: str | None) -> None:
        """From here on, also for the turns that go on with this answer, it is this one."""
        self._settled = True
        self._candidates = (Candidate(candidate.backend, model),)


def _for(candidate: Candidate, request: ChatRequest, *, named: bool) -> ChatRequest:
    """What to ask it. A model that the request names is one of the first backend: no other would know it."""
    model = (request.model or candidate.model) if named else candidate.model
    return request if model == request.model else msgspec.structs.replace(request, model=model)


def _known(backends: Mapping[str, Backend], name: str) -> Backend:
    if name not in backends:
        raise BackendRejected(f"There is no backend {name[:60]!r}. Known: {', '.join(backends)}.")
    return backends[name]
