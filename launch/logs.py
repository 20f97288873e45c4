"""How all processes log: one line an event, for people or as JSON; never a prompt, a token or a key."""

import logging
import sys
from typing import Final

import structlog
from structlog.types import Processor

from launch.log_throttle import LogThrottle, Seldom
from launch.settings import Settings

_NOISY: Final = ("aiohttp.access", "asyncio", "rq")
_VERY_NOISY: Final = ("rq.registry",)
"""It warns of what a sweeper has long seen to."""


def configure_logs(settings: Settings) -> None:
    """Send structlog and the standard library's loggers through one formatter to stderr."""
    first, last = _for_people() if settings.log_format == "console" else _as_json()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=first,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    handler.addFilter(Seldom())
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _VERY_NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    structlog.configure(
        processors=[LogThrottle(), *first, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _for_people() -> tuple[list[Processor], Processor]:
    stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
    return [*_names(), stamp], structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        pad_event_to=24,
        # Not the default, which shows local variables: prompts and keys are among them.
        exception_formatter=structlog.dev.plain_traceback,
    )


def _as_json() -> tuple[list[Processor], Processor]:
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return [*_names(), stamp, structlog.processors.format_exc_info], structlog.processors.JSONRenderer()


def _names() -> list[Processor]:
    return [structlog.stdlib.add_logger_name, structlog.stdlib.add_log_level]
