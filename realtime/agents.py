"""What the workers announce, as this node knows it: checks submits without importing an agent."""

import time
from typing import Any, Final

import jsonschema
import msgspec
from redis.asyncio import Redis

from realtime.errors import InvalidRequest, NoWorker, UnknownAgent, UnknownBackend
from realtime.requests import Submit
from shared_events.catalogue import Catalogue, read_catalogue
from shared_events.contract import AgentEntry
from shared_events.keys import Keys

CACHE_S: Final = 2.0


class AgentDirectory:
    """The catalogue of `shared_events.catalogue`, read at most every `CACHE_S`."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._catalogue = Catalogue({}, {})
        self._read_at = -CACHE_S
        self._validators: dict[bytes, Any] = {}

    async def catalogue(self) -> Catalogue:
        """Raises Redis' errors."""
        if time.monotonic() - self._read_at >= CACHE_S:
            self._catalogue = await read_catalogue(self._redis, self._keys)
            self._read_at = time.monotonic()
        return self._catalogue

    async def check(self, request: Submit) -> None:
        """Raises `NoWorker`, `UnknownAgent`, `UnknownBackend` or `InvalidRequest`."""
        known = await self.catalogue()
        if not known.agents:
            raise NoWorker(
                "No worker is there: none has announced its agents within the last minute. Is one starting?"
            )
        agent = known.agents.get(request.agent)
        if agent is None:
            raise UnknownAgent(
                f"There is no agent {request.agent[:60]!r}. Known: {', '.join(sorted(known.agents))}."
            )
        if request.backend is not None and request.backend not in known.backends:
            listed = ", ".join(sorted(known.backends))
            raise UnknownBackend(f"There is no backend {request.backend[:60]!r}. Known: {listed}.")
        self._check_input(agent, request.input)

    async def queue(self, agent: str) -> str | None:
        """The queue that the agent's jobs go to, if it names one."""
        entry = (await self.catalogue()).agents.get(agent)
        return entry.queue if entry is not None else None

    def _check_input(self, agent: AgentEntry, given: Any) -> None:
        error = jsonschema.exceptions.best_match(self._validator(agent).iter_errors(given))
        if error is not None:
            where = "input" + "".join(f"[{part!r}]" for part in error.absolute_path)
            takes = ", ".join(agent.input_schema.get("properties", {}))
            hint = f" It takes: {takes[:300]}." if takes else ""
            raise InvalidRequest(
                f"{where} does not fit the agent {agent.name!r}: {error.message[:300]}.{hint}"
            )

    def _validator(self, agent: AgentEntry) -> Any:
        schema = msgspec.json.encode(agent.input_schema)
        if schema not in self._validators:
            if len(self._validators) > 256:
                self._validators.clear()
            self._validators[schema] = jsonschema.Draft202012Validator(agent.input_schema)
        return self._validators[schema]
