"""The token that lets a process outside publish one job. Only its digest is kept. Pure."""

import hashlib
import hmac
import secrets

_RANDOM_BYTES = 32


def new_token() -> str:
    """256 random bits as 43 characters of A-Za-z0-9_-."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def digest(token: str) -> str:
    """What is kept of a token, in the meta hash of its job."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two digests are equal, in a time that does not tell where they differ."""
    return bool(one) and hmac.compare_digest(one, other)
