"""`jobcast.toml` as typed values; a wrong one is a sentence: where it stands, the value, what is allowed.

`jobcast.example.toml` shows all that the file may hold.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from launch.environment import Environment, SettingsError, wrong

LONGEST_SHOWN: Final = 60
TABLES: Final = ("modules", "backends")


class Table:
    """One table of the file. `name` is the way to it, such as `backends.gpt`; empty for the file itself."""

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        self.name = name
        self._values = values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def only(self, allowed: Sequence[str]) -> None:
        """Raises `SettingsError` for the first other key, without its value: that may be a secret."""
        for key in self:
            if key not in allowed:
                raise SettingsError(f"{self.path(key)} is not known; allowed are: {', '.join(allowed)}.")

    def path(self, key: str) -> str:
        shown = (
            key[:LONGEST_SHOWN] if key.isidentifier() or key.replace("-", "_").isidentifier() else repr(key)
        )
        return f"{self.name}.{shown}" if self.name else shown

    def text(self, key: str, *, longest: int = 200) -> str | None:
        """Printable, and without spaces at its ends; None where it is absent."""
        allowed = f"a text of 1 to {longest} printable characters"
        found: str | None = self._value(key, lambda value: is_word(value, longest), allowed)
        return found

    def texts(self, key: str, *, most: int = 50, longest: int = 200) -> tuple[str, ...]:
        allowed = f"a list of at most {most} texts of 1 to {longest} printable characters"
        found = self._value(
            key,
            lambda value: (
                isinstance(value, list) and len(value) <= most and all(is_word(one, longest) for one in value)
            ),
            allowed,
        )
        return tuple(found or ())

    def seconds(self, key: str, *, low: float, high: float) -> float | None:
        found = self._value(
            key,
            lambda value: type(value) in {int, float} and low <= value <= high,
            f"a number of seconds from {low:g} to {high:g}",
        )
        return None if found is None else float(found)

    def integer(self, key: str, *, low: int, high: int) -> int | None:
        allowed = f"a whole number from {low} to {high}"
        found: int | None = self._value(
            key, lambda value: type(value) is int and low <= value <= high, allowed
        )
        return found

    def flag(self, key: str, *, default: bool) -> bool:
        found = self._value(key, lambda value: isinstance(value, bool), "true or false")
        return default if found is None else found

    def table(self, key: str) -> "Table":
        """Empty where it is absent."""
        values = self._values.get(key, {})
        if not isinstance(values, dict):
            raise SettingsError(f"{self.path(key)} must be a table, not {type(values).__name__}.")
        return Table(self.path(key), values)

    def hidden_text(self, key: str) -> str | None:
        """What may be a secret by mistake: no message of ours shows it."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, str):
            raise SettingsError(f"{self.path(key)} must be a text.")
        return value

    def values(self) -> dict[str, object]:
        """As they are."""
        return dict(self._values)

    def refused(self, key: str, allowed: str) -> SettingsError:
        shown = repr(self._values.get(key))[:LONGEST_SHOWN]
        return SettingsError(f"{self.path(key)} is {shown}, but must be {allowed}.")

    def _value(self, key: str, is_allowed: Callable[[Any], bool], allowed: str) -> Any:
        value = self._values.get(key)
        if value is not None and not is_allowed(value):
            raise self.refused(key, allowed)
        return value


def is_word(value: object, longest: int) -> bool:
    """Whether it is a text that can be shown, and begins and ends with a character one sees."""
    return (
        isinstance(value, str)
        and 1 <= len(value) <= longest
        and value.isprintable()
        and value == value.strip()
    )


def config_path(environment: Environment) -> Path:
    return environment.path("JOBCAST_CONFIG", "jobcast.toml")


def read_config(environment: Environment) -> Table:
    """The whole file; empty where there is none. Raises `SettingsError`."""
    path = config_path(environment)
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if environment.has("JOBCAST_CONFIG"):
            raise wrong("JOBCAST_CONFIG", str(path), "the path of a readable file") from None
        return Table("", {})
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error
    if unknown := sorted(config.keys() - set(TABLES)):
        raise SettingsError(f"{path} has {unknown[0][:60]!r}, but only knows: {', '.join(TABLES)}.")
    return Table("", config)
