"""Counts tokens: adds up what providers report, estimates what nobody reported. Pure."""

from shared_events.events import Usage


def estimated_tokens(text: str) -> int:
    """About four characters a token: the rule of thumb for English."""
    return tokens_of(len(text))


def tokens_of(characters: int) -> int:
    """As `estimated_tokens`, of a text of so many characters."""
    return -(-characters // 4)


def added(first: Usage | None, second: Usage | None) -> Usage | None:
    """The usage of two answers together; estimated as soon as one of them is."""
    if first is None or second is None:
        return first or second
    return Usage(
        input_tokens=_sum(first.input_tokens, second.input_tokens),
        output_tokens=_sum(first.output_tokens, second.output_tokens),
        estimated=first.estimated or second.estimated,
    )


def _sum(first: int | None, second: int | None) -> int | None:
    return first if second is None else second + (first or 0)
