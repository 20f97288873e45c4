"""How deep JSON may be nested. Pure."""

from collections.abc import Iterable
from typing import Any


def too_deep(data: Any, most: int) -> bool:
    """Whether more than `most` arrays and objects in `data` lie in one another; does not recurse."""
    level = _containers([data])
    for _ in range(most):
        if not level:
            return False
        level = _containers(
            value for one in level for value in (one.values() if isinstance(one, dict) else one)
        )
    return bool(level)


def _containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, (dict, list))]
