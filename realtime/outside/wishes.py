"""What users ask of a job, as its publisher is told. Pure."""

from typing import Any, Final

import msgspec
import structlog

from shared_events.contract import ControlRequest

_decoder: Final = msgspec.json.Decoder(ControlRequest)

_log = structlog.get_logger("outside")


def understood(control: str) -> ControlRequest | None:
    """None for nothing, and for what is no request: that must not end whoever reads it."""
    try:
        return _decoder.decode(control) if control else None
    except msgspec.DecodeError as error:
        _log.error("request_not_understood", error=str(error))
        return None


def told(wish: ControlRequest | None) -> dict[str, Any]:
    """The field `control` of an answer: `{cancel: {reason?, by?}}`, `{pause: {…}}`, or `{}` to go on."""
    if wish is None or wish.request == "resume":
        return {}
    details = {"reason": wish.reason, "by": wish.by}
    return {wish.request: {name: value for name, value in details.items() if value is not None}}
