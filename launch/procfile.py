"""The Procfile: which processes make up Jobcast. One plain command a line, as honcho and Heroku read it."""

from pathlib import Path

from honcho.environ import parse_procfile

from launch.startup import StartupError


def read_procfile(path: Path) -> dict[str, str]:
    """Command lines by process name, in the file's order. Raises `StartupError`."""
    try:
        commands = dict(parse_procfile(path.read_text(encoding="utf-8")).processes)
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"{path} cannot be read: {error}.") from error
    except AssertionError:
        raise StartupError(f"{path} names a process twice.") from None
    if not commands:
        raise StartupError(f"{path} names no process.")
    return commands
