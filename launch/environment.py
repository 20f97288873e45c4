"""Environment variables as typed values; a wrong one is a sentence: its name, the value, what is allowed."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from launch.startup import StartupError

_REDIS_SCHEMES: Final = ("redis", "rediss", "unix")


class SettingsError(StartupError):
    """A setting is wrong; the message is one sentence for the person who set it."""

    code = "wrong_setting"


class Environment:
    """Values by name; an empty value counts as absent."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def has(self, name: str) -> bool:
        return bool(self._environ.get(name, "").strip())

    def text(self, name: str, default: str) -> str:
        return self._environ.get(name, "").strip() or default

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        allowed = f"a whole number from {low} to {high}"
        value = self.text(name, str(default))
        if not re.fullmatch(r"\d{1,9}", value, re.ASCII) or not low <= int(value) <= high:
            raise wrong(name, value, allowed)
        return int(value)

    def number(self, name: str, default: float, *, low: float, high: float) -> float:
        allowed = f"a number of seconds from {low:g} to {high:g}"
        value = self.text(name, f"{default:g}")
        if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", value, re.ASCII) or not low <= float(value) <= high:
            raise wrong(name, value, allowed)
        return float(value)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default).lower()
        if value not in allowed:
            raise wrong(name, value, "one of " + ", ".join(allowed))
        return value

    def pattern(self, name: str, default: str, pattern: str, allowed: str) -> str:
        value = self.text(name, default)
        if not re.fullmatch(pattern, value, re.ASCII):
            raise wrong(name, value, allowed)
        return value

    def path(self, name: str, default: str) -> Path:
        try:
            return Path(self.text(name, default)).expanduser().absolute()
        except RuntimeError:
            raise wrong(name, self.text(name, default), "a path whose ~ stands for a known home") from None

    def redis_url(self, name: str) -> str | None:
        if not self.has(name):
            return None
        value = self.text(name, "")
        # A password may stand in the URL: the message shows the scheme alone.
        parts = split_url(value)
        scheme = parts.scheme if parts else ""
        if scheme not in _REDIS_SCHEMES:
            raise wrong(name, f"{scheme}://…" if scheme else "…", "a redis://, rediss:// or unix:// URL")
        return value

    def http_url(self, name: str, default: str) -> str:
        return checked_http_url(name, self.text(name, default))


def split_url(url: str) -> SplitResult | None:
    """The parts of a URL; None for one with a broken host or port, which urllib reports one by one."""
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def is_http_url(url: str) -> bool:
    """Whether it is `http(s)://` and a host, without a user, and of characters that one sees."""
    parts = split_url(url)
    is_whole = parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)
    return is_whole and url.isprintable() and " " not in url and "@" not in urlsplit(url).netloc


def checked_http_url(name: str, value: str) -> str:
    """Without a slash at its end. Raises `SettingsError`, which shows no more of it than the host."""
    url = value.strip().rstrip("/")
    if not is_http_url(url):
        parts = split_url(url)
        shown = f"{parts.scheme}://{parts.hostname or ''}…" if parts and parts.scheme else "…"
        raise wrong(name, shown, "an http:// or https:// URL without a user")
    return url


def wrong(name: str, value: str, allowed: str) -> SettingsError:
    return SettingsError(f"{name} is {value!r}, but must be {allowed}.")
