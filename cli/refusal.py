"""What the command says when it cannot do what is asked: one sentence, and an exit code."""

from typing import IO, Any, Final

import click

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_UNREACHABLE: Final = 3
EXIT_INTERRUPTED: Final = 130


class Refusal(click.ClickException):
    """One sentence on stderr."""

    def __init__(self, message: str, exit_code: int = EXIT_FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"jobcast: {self.format_message()}", err=file is None, file=file)
