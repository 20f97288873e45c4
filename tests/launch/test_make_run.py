"""`python -m launch`, where `make run` ends: real processes and signals, stand-ins for web and worker."""

import signal
import socket
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from launch.exit_codes import WRONG_SETTING
from launch.processes import IMPATIENT_AFTER_S
from tests.launch.conftest import Program, Start, all_gone, is_alive, is_gone
from tests.waiting import wait_until

REDIS = "redis: python -m launch.redis\n"
WEB = "web: python tests/launch/standins/web.py\n"
WORKER = "worker: python tests/launch/standins/worker.py\n"
STUBBORN = "worker: sh -c 'trap \"\" TERM; echo worker is up; while :; do sleep 1000; done'\n"

Launch = Callable[..., Program]


@pytest.fixture
def launch(start: Start, data_dir: Path, free_port: int, tmp_path: Path) -> Launch:
    """Starts the launcher with the lines of a Procfile, on a free port and a directory of its own."""

    def launch_procfile(*lines: str, **environ: str) -> Program:
        procfile = tmp_path / "Procfile"
        procfile.write_text("".join(lines))
        surroundings = {"DATA_DIR": str(data_dir), "PORT": str(free_port), **environ}
        return start("-m", "launch", "--procfile", procfile, **surroundings)

    return launch_procfile


@pytest.fixture
def running(launch: Launch) -> Program:
    """All three processes, ready."""
    program = launch(REDIS, WEB, WORKER)
    program.says("Jobcast is ready")
    program.says("worker is up")
    return program


def running_command(program: Program, word: str) -> psutil.Process:
    """The kept process, not its keeper, that has `word` in its command line."""
    found = wait_until(lambda: [process for process in _kept(program) if word in _command_line(process)])
    return found[0]


def _kept(program: Program) -> list[psutil.Process]:
    """What the keepers keep, which are the launcher's own children."""
    keepers = psutil.Process(program.pid).children()
    return [process for keeper in keepers for process in _children(keeper)]


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children())
    except psutil.NoSuchProcess:
        return []


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def test_it_prints_its_address_on_a_line_of_its_own(running: Program, free_port: int) -> None:
    running.says("No LLM key found")
    lines = running.output.splitlines()
    ready = lines.index(f"Jobcast is ready: http://127.0.0.1:{free_port}/")
    assert lines[ready + 1] == (
        "No LLM key found: answers come from the built-in script. "
        "Set OPENAI_API_KEY or OPENAI_BASE_URL for a real model."
    )
    assert any(line.endswith(" web    | web is up") for line in lines)


def test_with_a_key_it_does_not_speak_of_the_demo(launch: Launch) -> None:
    program = launch(WEB, OPENAI_API_KEY="k")
    program.says("Jobcast is ready")
    program.send(signal.SIGTERM)
    program.wait()
    assert "No LLM key" not in program.output


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_ends_everything_the_worker_first_and_redis_last(running: Program, signum: int) -> None:
    family = running.family()
    assert len(family) == 7
    running.send(signum)
    assert running.wait(timeout_s=30) == 0
    assert all_gone(family)
    assert "Redis answers: True" in running.output
    assert "web answers: True" in running.output
    assert "Traceback" not in running.output


@pytest.mark.parametrize("processes", range(1, 8))
def test_a_stop_at_any_moment_of_the_start_leaves_nothing(launch: Launch, processes: int) -> None:
    """honcho's own manager meets such a signal with a traceback, and leaves its processes behind."""
    program = launch(REDIS, WEB, WORKER)
    wait_until(lambda: len(program.family()) > processes or "ready" in program.output)
    family = program.family()
    program.send(signal.SIGINT)
    assert program.wait(timeout_s=30) in {0, -signal.SIGINT}
    wait_until(lambda: all_gone(family))
    assert "Traceback" not in program.output


STARTS_THE_LAUNCHER = "import subprocess, sys; subprocess.Popen([sys.executable, *sys.argv[1:]]).wait()"
IGNORES_HANG_UPS = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def test_with_nohup_a_closed_terminal_stops_nothing(
    start: Start, data_dir: Path, free_port: int, tmp_path: Path
) -> None:
    (tmp_path / "Procfile").write_text(WEB)
    launcher = ["-m", "launch", "--procfile", tmp_path / "Procfile"]
    program = start("-c", IGNORES_HANG_UPS, *launcher, DATA_DIR=str(data_dir), PORT=str(free_port))
    program.says("Jobcast is ready")
    program.send(signal.SIGHUP)
    running_command(program, "web.py").kill()
    wait_until(lambda: program.output.count("web is up") == 2)


def test_nothing_is_left_when_make_is_killed(
    start: Start, data_dir: Path, free_port: int, tmp_path: Path
) -> None:
    (tmp_path / "Procfile").write_text(WEB)
    launcher = ["-m", "launch", "--end-with-parent", "--procfile", tmp_path / "Procfile"]
    make = start("-c", STARTS_THE_LAUNCHER, *launcher, DATA_DIR=str(data_dir), PORT=str(free_port))
    make.says("Jobcast is ready")
    family = make.family()
    make.send(signal.SIGKILL)
    wait_until(lambda: all_gone(family))


def test_a_killed_launcher_leaves_nothing_and_the_next_one_starts_at_once(
    running: Program, launch: Launch
) -> None:
    family = running.family()
    running.send(signal.SIGKILL)
    running.wait()
    again = launch(REDIS, WEB, WORKER)
    again.says("Jobcast is ready")
    assert all_gone(family)


@pytest.mark.parametrize("word", ["-server", "web.py", "worker.py"])  # valkey-server or redis-server
def test_a_process_that_dies_comes_back_and_the_others_stay(running: Program, word: str) -> None:
    before = _kept(running)
    dead = running_command(running, word)
    dead.kill()
    wait_until(lambda: len(_kept(running)) == 3 and dead not in _kept(running))
    assert {process.pid for process in before} - {process.pid for process in _kept(running)} == {dead.pid}


def test_a_killed_keeper_comes_back_with_its_process(running: Program) -> None:
    web = running_command(running, "web.py")
    keeper = web.parent()
    assert keeper is not None
    keeper.kill()
    wait_until(lambda: not is_alive(web))
    wait_until(lambda: running.output.count("web is up") == 2)


def test_what_a_process_started_ends_even_when_the_keeper_was_killed(launch: Launch) -> None:
    """A pool of workers was left behind by it."""
    program = launch("worker: sh -c 'sleep 1000 & echo worker is up; wait'\n")
    program.says("worker is up")
    wait_until(lambda: len(program.family()) == 4)
    _, keeper, *kept = program.family()
    keeper.kill()
    wait_until(lambda: all_gone(kept))
    wait_until(lambda: program.output.count("worker is up") == 2)


def test_a_process_with_a_wrong_setting_ends_everything(launch: Launch) -> None:
    program = launch(REDIS, f"web: sh -c 'echo jobcast: PORT is wrong.; exit {WRONG_SETTING}'\n")
    assert program.wait() == WRONG_SETTING
    assert "web   | jobcast: PORT is wrong." in program.output
    assert "web cannot run with these settings; stopping." in program.output


def test_a_second_interrupt_does_not_wait_for_jobs(launch: Launch) -> None:
    program = launch(REDIS, STUBBORN, DRAIN_SECONDS="3600")
    program.says("worker is up")
    family = program.family()
    program.send(signal.SIGINT)
    program.send(signal.SIGINT)
    program.says("Stopping.")

    def is_over() -> bool:
        program.send(signal.SIGINT)
        return is_gone(program.pid)

    wait_until(is_over, timeout_s=IMPATIENT_AFTER_S + 5)
    assert program.wait() == 0
    wait_until(lambda: all_gone(family))


def refusal(program: Program) -> str:
    """The only line of output of a launch that was refused before anything was started."""
    assert program.wait() == WRONG_SETTING
    assert program.output.count("\n") == 1
    assert program.output.startswith("jobcast: ")
    return program.output


def test_a_taken_port_is_one_sentence(launch: Launch, free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)):
        sentence = refusal(launch(REDIS, WEB))
    assert f"127.0.0.1:{free_port} cannot be listened on: Address already in use." in sentence
    assert "PORT" in sentence


def test_an_unreachable_redis_is_one_sentence(launch: Launch, free_port: int) -> None:
    sentence = refusal(launch(REDIS, WEB, REDIS_URL=f"redis://user:secret@127.0.0.1:{free_port}/0"))
    assert f"at redis://127.0.0.1:{free_port}/0 does not answer: Connection refused." in sentence
    assert "secret" not in sentence


def test_a_wrong_setting_is_one_sentence(launch: Launch) -> None:
    assert "PORT is 'http'" in refusal(launch(REDIS, PORT="http"))


def test_a_data_dir_that_cannot_be_is_one_sentence(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sentence = refusal(launch(REDIS, DATA_DIR=str(tmp_path / "file" / "data")))
    assert f"DATA_DIR is '{tmp_path}/file/data', but cannot be written: Not a directory." in sentence


def test_a_second_launch_is_one_sentence(running: Program, launch: Launch) -> None:
    assert f"as process {running.pid}." in refusal(launch(REDIS, WEB))
    assert is_alive(psutil.Process(running.pid))


def test_a_missing_procfile_is_one_sentence(start: Start, data_dir: Path) -> None:
    program = start("-m", "launch", "--procfile", "no/such/file", DATA_DIR=str(data_dir))
    assert "no/such/file cannot be read" in refusal(program)


def test_an_output_that_nobody_reads_ends_it_quietly(launch: Launch, tmp_path: Path) -> None:
    """As with `make run | head`."""
    program = launch("web: sh -c 'while echo line; do :; done'\n")
    program.says("line")
    family = program.family()
    program.stop_reading()
    assert program.wait() == 0
    wait_until(lambda: all_gone(family))
