"""Wrong usage is one sentence and exit code 2, before any server is asked."""

import pytest
from click.testing import CliRunner

from cli.__main__ import cli


@pytest.mark.parametrize(
    "url",
    ["foo", "127.0.0.1:8000", "http://", "ftp://127.0.0.1/", "http://127.0.0.1:99999", "http://[::1"],
)
@pytest.mark.parametrize("in_environment", [False, True])
def test_what_is_no_url_of_a_server_is_said_to_be_none(url: str, *, in_environment: bool) -> None:
    options, variables = ([], {"JOBCAST_URL": url}) if in_environment else (["--url", url], {})
    result = CliRunner().invoke(cli, [*options, "cancel", "0" * 20], env=variables)
    said = f"jobcast: {url!r} is not the URL of a server, such as http://127.0.0.1:8000.\n"
    assert (result.exit_code, result.output) == (2, said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["submit", "chat", "prompt"], "'prompt' is not KEY=VALUE."),
        (["submit", "chat", "=x"], "'=x' is not KEY=VALUE."),
        (["submit", "chat", 'messages:=[{"role"'], "'[{\"role\"' is not JSON: "),
        (["follow", "xyz"], "'xyz' is not a job id: 20 characters of 0-9 and a-z, or a UUID."),
    ],
)
def test_what_cannot_be_understood_is_wrong_usage(words: list[str], said: str) -> None:
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 2
    assert result.output.startswith(f"jobcast: {said}")


def test_a_wrong_setting_is_wrong_usage() -> None:
    result = CliRunner().invoke(cli, ["follow", "0" * 20], env={"PORT": "99999"})
    said = "jobcast: PORT is '99999', but must be a whole number from 1 to 65535.\n"
    assert (result.exit_code, result.output) == (2, said)
