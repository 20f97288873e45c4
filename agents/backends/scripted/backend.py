"""The scripted backend: says the same words at the same pace to everybody, and says that it does.

For the demo without a key, and for every test that wants to know what comes.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from itertools import islice
from typing import Final

import msgspec

from agents.backends.protocol import ChatRequest, Delta, Finished, TextDelta
from agents.backends.schedule import Schedule
from agents.backends.scripted.prompting import prompted
from agents.backends.scripted.script import Script, json_script, script_of
from agents.backends.scripted.specimen import specimen
from agents.usage import estimated_tokens
from shared_events.events import Usage

MODELS: Final = ("essay", "count-1000@50")
BATCH: Final = 64
"""So many late chunks at most follow each other before the event loop gets its turn."""
HELD_UP_S: Final = 1.0
"""Whoever did not read for so long, as the job was paused, gets no rush of words after it."""


class Scripted:
    """See `script_of` for its models. `clock` in seconds."""

    name = "scripted"
    kind = "scripted"
    models = MODELS
    description = "Plays a script, no model: give OPENAI_API_KEY or OPENAI_BASE_URL for a real one."

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """See `Backend`. A token is a chunk. Raises `BackendRejected` for a model that it does not have.

        Asked to go on, it does so where its script was cut. A JSON schema gets a `specimen`, offered tools
        are left alone.
        """
        script = _script(request)
        length = script.length if request.max_tokens is None else min(script.length, request.max_tokens)
        schedule = Schedule(self._clock(), script.per_s)
        allowed = 0
        for index, text in enumerate(islice(script.chunks, length)):
            if index == allowed:
                schedule = schedule.begun_anew(index, self._clock(), if_late_s=HELD_UP_S)
                allowed = await self._wait(schedule, index)
            yield TextDelta(text)
        asked = estimated_tokens("".join(message.content for message in request.messages))
        usage = Usage(input_tokens=asked, output_tokens=length, estimated=True)
        yield Finished("stop" if length == script.length else "length", usage)

    async def aclose(self) -> None:
        """There is nothing to release."""

    async def _wait(self, schedule: Schedule, index: int) -> int:
        """Returns when chunk `index` is due: before which chunk to wait again."""
        await self._sleep(schedule.wait_s(index, self._clock()))
        return max(index + 1, min(schedule.due(self._clock()), index + BATCH))


def _script(request: ChatRequest) -> Script:
    script = prompted(partial(script_of, request.model or MODELS[0]), request.messages)
    if request.json_schema is None:
        return script
    text = msgspec.json.format(msgspec.json.encode(specimen(request.json_schema))).decode()
    return prompted(partial(json_script, text), request.messages)
