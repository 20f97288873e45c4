"""The embedded Redis, with the real server program."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from launch.embedded import binary as embedded_binary
from launch.embedded.binary import version_of
from launch.exit_codes import WRONG_SETTING
from launch.settings import Settings, read_settings
from launch.startup import StartupError
from tests.launch.conftest import Program, Start, all_gone
from tests.waiting import wait_until

STARTS_A_SERVER = """
import subprocess, sys
subprocess.Popen([sys.executable, "-m", "launch.redis"]).wait()
"""
BECOMES_A_WATCHED_SERVER = """
import os, sys
from pathlib import Path
from launch.embedded.server import prepare
from launch.tether import tie_to
command = prepare(Path(os.environ["DATA_DIR"]), Path(os.environ["SOCKET"]))
tie_to(os.getppid(), watched=True)
os.execv(command[0], command)
"""


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return read_settings({"DATA_DIR": str(data_dir), "JOBCAST_CONFIG": os.devnull})


@pytest.fixture
def client(settings: Settings) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(settings.queue_redis_url, decode_responses=True) as client:
        yield client


def serve(start: Start, settings: Settings) -> Program:
    return start("-m", "launch.redis", DATA_DIR=str(settings.data_dir))


def answers(client: "redis.Redis") -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def kill_once_written(server: Program, settings: Settings, written: bytes) -> None:
    """While it syncs, once a second, the server holds back up to two seconds of writes."""
    wait_until(lambda: written in log_file(settings).read_bytes())
    server.send(signal.SIGKILL)
    server.wait()


def log_file(settings: Settings) -> Path:
    return max((settings.data_dir / "redis" / "appendonlydir").glob("*.incr.aof"))


def test_it_answers_on_a_socket_for_this_user_alone(
    start: Start, settings: Settings, client: "redis.Redis"
) -> None:
    serve(start, settings)
    wait_until(lambda: answers(client))
    assert settings.embedded_socket is not None
    assert stat.S_IMODE(settings.embedded_socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(settings.embedded_socket.parent.stat().st_mode) == 0o700
    assert client.config_get("port") == {"port": "0"}
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_what_was_written_survives_a_kill(start: Start, settings: Settings, client: "redis.Redis") -> None:
    server = serve(start, settings)
    wait_until(lambda: answers(client))
    client.set("kept", "yes")
    kill_once_written(server, settings, b"kept")
    serve(start, settings)
    wait_until(lambda: answers(client))
    assert client.get("kept") == "yes"


@pytest.mark.parametrize("damage", ["cut", "zeros", "garbage"])
def test_a_damaged_end_costs_no_more_than_the_last_write(
    start: Start, settings: Settings, client: "redis.Redis", damage: str
) -> None:
    """Of these the server itself mends the first alone; with the others it does not start."""
    server = serve(start, settings)
    wait_until(lambda: answers(client))
    client.set("first", "kept")
    client.set("last", "x" * 100)
    kill_once_written(server, settings, b"x" * 100)
    log = log_file(settings)
    sound = log.read_bytes()
    log.write_bytes(
        {"cut": sound[:-7], "zeros": sound + b"\0" * 4096, "garbage": sound + b"$oops\r\n"}[damage]
    )
    again = serve(start, settings)
    wait_until(lambda: answers(client))
    assert client.get("first") == "kept"
    assert (client.get("last") is None) == (damage == "cut")
    again.says("A crash damaged the end of ")
    assert list(log.parent.glob("*.cut-at-*"))


def test_an_orderly_end_needs_no_repair(start: Start, settings: Settings, client: "redis.Redis") -> None:
    server = serve(start, settings)
    wait_until(lambda: answers(client))
    server.send(signal.SIGTERM)
    assert server.wait() == 0
    assert not (settings.data_dir / "redis" / "server.pid").exists()


def test_a_socket_file_without_a_server_is_no_obstacle(
    start: Start, settings: Settings, client: "redis.Redis"
) -> None:
    server = serve(start, settings)
    wait_until(lambda: answers(client))
    server.send(signal.SIGKILL)
    server.wait()
    assert settings.embedded_socket is not None
    assert settings.embedded_socket.exists()
    serve(start, settings)
    wait_until(lambda: answers(client))


def test_a_second_server_is_refused(start: Start, settings: Settings, client: "redis.Redis") -> None:
    serve(start, settings)
    wait_until(lambda: answers(client))
    second = serve(start, settings)
    assert second.wait() == WRONG_SETTING
    assert second.output == (
        f"jobcast: An embedded Redis is running already on {settings.embedded_socket}: "
        "stop it or choose another DATA_DIR.\n"
    )
    assert answers(client)


@pytest.mark.parametrize(
    "code", [STARTS_A_SERVER, STARTS_A_SERVER.replace('"-m", "launch.redis"', '"-c", WATCHED')]
)
def test_it_ends_when_its_parent_is_killed(
    start: Start, settings: Settings, client: "redis.Redis", code: str
) -> None:
    """By the kernel's means, and by the watcher that other systems need."""
    code = f"WATCHED = {BECOMES_A_WATCHED_SERVER!r}{code}"
    parent = start("-c", code, DATA_DIR=str(settings.data_dir), SOCKET=str(settings.embedded_socket))
    wait_until(lambda: answers(client))
    family = parent.family()
    parent.send(signal.SIGKILL)
    parent.wait()
    wait_until(lambda: all_gone(family))
    assert not answers(client)


def test_a_redis_given_by_url_leaves_nothing_to_do_but_wait(start: Start, data_dir: Path) -> None:
    waiting = start("-m", "launch.redis", REDIS_URL="redis://localhost", DATA_DIR=str(data_dir))
    waiting.says("A Redis was given by URL: no embedded server is started.\n")
    waiting.send(signal.SIGTERM)
    assert waiting.wait() == 0
    assert not data_dir.exists()


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", (7, 0)),
        ("Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64", (9, 1)),
        ("Redis server v=5.0.14", (5, 0)),
        ("usage: something else", (0, 0)),
    ],
)
def test_the_version_of_a_server_program_is_read(
    tmp_path: Path, answer: str, version: tuple[int, int]
) -> None:
    assert version_of(str(_program(tmp_path / "redis-server", answer))) == version


def test_the_machines_server_is_taken_when_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    _program(tmp_path / "redis-server", "Redis server v=6.0.16")
    assert embedded_binary.find_server().parent != tmp_path
    _program(tmp_path / "redis-server", "Redis server v=6.2.0")
    assert embedded_binary.find_server() == tmp_path / "redis-server"
    _program(tmp_path / "valkey-server", "Valkey server v=8.0.1")
    assert embedded_binary.find_server() == tmp_path / "valkey-server"


def test_a_machine_without_any_server_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(StartupError, match="set REDIS_URL"):
        embedded_binary.find_server()


def _program(path: Path, answer: str) -> Path:
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(0o755)
    return path
