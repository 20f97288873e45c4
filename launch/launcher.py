"""Starts Jobcast: the settings, the checks that can be made beforehand, then the Procfile's processes."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from launch.checkout import checkout_root, verify_checkout
from launch.data_dir import claim_data_dir, make_data_dir
from launch.kept_process import Surroundings
from launch.preflight import check_surroundings
from launch.processes import Processes
from launch.procfile import read_procfile
from launch.ready import announce_when_ready
from launch.settings import Settings, read_settings
from launch.startup import one_sentence_on_failure
from launch.tether import end_with

DRAIN_MARGIN_S: Final = 15.0
"""A process that drains for DRAIN_SECONDS needs some more to hand its jobs on."""


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 after Ctrl-C or SIGTERM, 78 when a setting or the surroundings forbid the start."""
    with one_sentence_on_failure():
        options = _options(arguments)
        if options.end_with_parent:
            end_with(os.getppid())
        settings = read_settings()
        verify_checkout()
        commands = read_procfile(options.procfile)
        make_data_dir(settings.data_dir)
        lock = claim_data_dir(settings.data_dir)
        check_surroundings(settings)
    return _run(Processes(commands, _surroundings(settings, lock)), settings)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m launch", description="Run Jobcast on this machine.")
    parser.add_argument("--procfile", type=Path, default=checkout_root() / "Procfile", help="what to run")
    parser.add_argument(
        "--end-with-parent", action="store_true", help="end when the starting process is killed"
    )
    return parser.parse_args(arguments)


def _surroundings(settings: Settings, lock: int) -> Surroundings:
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "RQ_REDIS_URL": settings.queue_redis_url,
    }
    grace_s = settings.drain_notice_s + settings.drain_s + DRAIN_MARGIN_S
    return Surroundings(environ, grace_s, lock)


def _run(processes: Processes, settings: Settings) -> int:
    def on_signal(signum: int, _: FrameType | None) -> None:
        processes.ask_to_stop(signum)

    _answer_signals(on_signal)
    announce = (settings, processes.console.say)
    threading.Thread(target=announce_when_ready, args=announce, name="ready", daemon=True).start()
    exit_code = processes.run()
    # Everything has ended: one more Ctrl-C shall not make it look as if it had not.
    _answer_signals(signal.SIG_IGN)
    return exit_code


def _answer_signals(answer: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, answer)
    # nohup ignores it, so that a closed terminal stops nothing.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, answer)
