"""A number within the bounds of a JSON Schema. Pure."""

import math
from collections.abc import Mapping
from typing import Any


def number_within(schema: Mapping[str, Any], *, wish: int, whole: bool) -> float:
    """`wish`, or what is near it and allowed; where there is nothing, a number that does not fit."""
    if whole or "multipleOf" in schema:
        return _multiple(schema, wish, schema.get("multipleOf", 1))
    low: float = schema.get("minimum", -math.inf)
    high: float = schema.get("maximum", math.inf)
    above: float = schema.get("exclusiveMinimum", -math.inf)
    below: float = schema.get("exclusiveMaximum", math.inf)
    value = min(max(wish + 0.5, low), high)
    if above < value < below:
        return value
    low, high = max(low, above), min(high, below)
    if math.isinf(high):
        return low + max(1.0, abs(low))
    return high - max(1.0, abs(high)) if math.isinf(low) else low + (high - low) / 2


def _multiple(schema: Mapping[str, Any], wish: int, step: float) -> float:
    """The multiple of `step` that is next to `wish` within the bounds."""
    low = max(
        _steps_up(schema.get("minimum"), step),
        _steps_down(schema.get("exclusiveMinimum"), step, -math.inf) + 1,
    )
    high = min(
        _steps_down(schema.get("maximum"), step, math.inf),
        _steps_up(schema.get("exclusiveMaximum"), step, math.inf) - 1,
    )
    return int(min(max(math.ceil(wish / step), low), high)) * step


def _steps_up(bound: float | None, step: float, default: float = -math.inf) -> float:
    return default if bound is None else math.ceil(bound / step)


def _steps_down(bound: float | None, step: float, default: float) -> float:
    return default if bound is None else math.floor(bound / step)
