"""Which backends this process has: those of the settings, an Ollama that is found, and the scripted one.

Asked for once a process, when it starts: whoever gets the settings afterwards has the same.
"""

from http import HTTPStatus
from typing import Final

import aiohttp
import msgspec

from launch.backend_settings import BackendSettings
from launch.settings import Settings

FOUND_WITHIN_S: Final = 0.5
FOUND_AGAIN_WITHIN_S: Final = 5.0
"""For a job whose worker has found it: an Ollama that loads a model may be slow to answer."""
MOST_MODELS: Final = 50
LONGEST_MODEL: Final = 200
LARGEST_ANSWER_BYTES: Final = 1024 * 1024
SCRIPTED: Final = BackendSettings(name="scripted", kind="scripted")


class _Model(msgspec.Struct):
    name: str


class _Tags(msgspec.Struct):
    """The answer to `GET /api/tags`."""

    models: list[_Model] | None = None


_decoder: Final = msgspec.json.Decoder(_Tags)


async def with_found_backends(settings: Settings, *, within_s: float = FOUND_WITHIN_S) -> Settings:
    """The settings, their backends complete: a local Ollama behind those that are named, the script last."""
    names = {one.name for one in settings.backends}
    found: list[BackendSettings] = []
    if settings.ollama_url is not None and "ollama" not in names:
        models = await models_of_ollama(settings.ollama_url, within_s=within_s)
        found += [ollama_at(settings.ollama_url, models)] if models else []
    found += [SCRIPTED] if "scripted" not in names else []
    # Without the address, so that nobody looks again.
    return msgspec.structs.replace(settings, backends=(*settings.backends, *found), ollama_url=None)


def ollama_at(url: str, models: tuple[str, ...]) -> BackendSettings:
    return BackendSettings(name="ollama", kind="ollama", base_url=url, model=models[0], models=models)


async def models_of_ollama(url: str, *, within_s: float = FOUND_WITHIN_S) -> tuple[str, ...]:
    """What the Ollama there offers; nothing if there is none, or it does not answer in time."""
    timeout = aiohttp.ClientTimeout(total=within_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{url}/api/tags", allow_redirects=False) as response,
        ):
            if response.status != HTTPStatus.OK:
                return ()
            # A larger answer is cut, and then no JSON.
            tags = _decoder.decode(await _beginning(response.content))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, RecursionError):
        return ()
    return tuple(model.name for model in tags.models or () if _is_name(model.name))[:MOST_MODELS]


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    body = b""
    while len(body) < LARGEST_ANSWER_BYTES and (data := await content.readany()):
        body += data
    return body[:LARGEST_ANSWER_BYTES]


def _is_name(name: str) -> bool:
    return 1 <= len(name) <= LONGEST_MODEL and name.isprintable()
