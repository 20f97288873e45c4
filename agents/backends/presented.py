"""A backend under the name, and with the default model, that its configuration gives it."""

from collections.abc import AsyncGenerator, Sequence

import msgspec

from agents.backends.protocol import Backend, ChatRequest, Delta


class Presented:
    """Implements `Backend`. `model`, if given, is what a request without one asks for."""

    def __init__(
        self, backend: Backend, *, name: str, model: str | None = None, models: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.kind = backend.kind
        self.models = tuple(models)
        self.description = backend.description
        self._backend = backend
        self._model = model

    def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """See `Backend`."""
        if request.model is None and self._model is not None:
            request = msgspec.structs.replace(request, model=self._model)
        return self._backend.stream(request)

    async def aclose(self) -> None:
        await self._backend.aclose()
