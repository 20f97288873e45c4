import os
import socket

import pytest

from launch import preflight
from launch.preflight import check_port, check_redis, given_urls
from launch.settings import read_settings
from launch.startup import StartupError


@pytest.mark.parametrize(
    ("environ", "uses"),
    [
        ({}, {}),
        ({"DATA_DIR": "/tmp/a b"}, {}),
        ({"REDIS_URL": "redis://a"}, {"events": "redis://a"}),
        ({"QUEUE_REDIS_URL": "redis://a"}, {"the queue": "redis://a"}),
        (
            {"QUEUE_REDIS_URL": "redis://a", "EVENT_REDIS_URL": "redis://b"},
            {"the queue": "redis://a", "events": "redis://b"},
        ),
    ],
)
def test_every_redis_that_was_given_is_asked_once(environ: dict[str, str], uses: dict[str, str]) -> None:
    assert given_urls(read_settings({"JOBCAST_CONFIG": os.devnull, **environ})) == uses


def test_a_redis_that_accepts_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "REDIS_TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(StartupError, match="does not answer"):
        check_redis("events", f"redis://127.0.0.1:{mute.getsockname()[1]}")


@pytest.mark.parametrize(
    "url", ["redis://h:secret@127.0.0.1:1/0", "rediss://:secret@127.0.0.1:1", "unix:///no/s"]
)
def test_a_refusal_shows_the_address_and_no_password(url: str) -> None:
    with pytest.raises(StartupError) as caught:
        check_redis("events", url)
    assert url.rpartition("@")[2].removeprefix("unix://") in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_port_that_needs_another_user_or_another_machine_is_one_sentence() -> None:
    with pytest.raises(StartupError, match=r"192\.0\.2\.1:80 cannot be listened on: Cannot assign"):
        check_port("192.0.2.1", 80)


def test_the_port_of_the_last_run_is_free_at_once(free_port: int) -> None:
    """A connection that the server closed first stays in TIME_WAIT for a minute."""
    with socket.create_server(("127.0.0.1", free_port)) as server:
        client = socket.create_connection(("127.0.0.1", free_port))
        accepted, _ = server.accept()
        accepted.close()
        client.close()
    check_port("127.0.0.1", free_port)
