"""Quantiles. Pure."""

from collections.abc import Sequence


def quantile(ordered: Sequence[float], share: float) -> float:
    """The element of the sorted `ordered`, which is not empty, below which lies `share` of them."""
    return ordered[int(share * (len(ordered) - 1))]
