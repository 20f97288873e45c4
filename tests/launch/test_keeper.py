import os
import signal
import sys
from pathlib import Path

from launch.exit_codes import START_AGAIN, WRONG_SETTING
from tests.launch.conftest import Program, Start, all_gone, is_gone
from tests.waiting import wait_until

WRITES_ITS_PID = 'echo $$ >> "$TRACE"; exec sleep 1000'
COUNTS_SIGNALS = """
import os, signal, sys
def note(signum, frame):
    with open(os.environ["TRACE"], "a") as trace: print(signal.Signals(signum).name, file=trace)
for signum in (signal.SIGTERM, signal.SIGINT): signal.signal(signum, note)
print("listening", flush=True)
while True: signal.pause()
"""
STARTS_A_KEEPER = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-m", "launch.keeper", "--parent", str(os.getpid()), *sys.argv[1:]]).wait()
"""


def keep(start: Start, trace: Path, *command: str, grace: str = "10") -> Program:
    options = ["--parent", str(os.getpid()), "--grace", grace]
    return start("-m", "launch.keeper", *options, "it", "--", *command, TRACE=str(trace))


def lines(trace: Path) -> list[str]:
    return trace.read_text().split() if trace.exists() else []


def test_a_process_that_ends_is_started_again(start: Start, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    keeper = keep(start, trace, "sh", "-c", 'echo life >> "$TRACE"; exit 3')
    wait_until(lambda: len(lines(trace)) >= 3)
    keeper.says("it ended with exit code 3; it starts again in 0.")


def test_a_process_that_is_killed_is_back_at_once(start: Start, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    keeper = keep(start, trace, "sh", "-c", WRITES_ITS_PID)
    first = wait_until(lambda: lines(trace))[0]
    os.kill(int(first), signal.SIGKILL)
    wait_until(lambda: len(lines(trace)) == 2, timeout_s=10)
    keeper.says("it was ended by signal 9 (Killed)")


def test_a_wrong_setting_is_final_and_passed_on(start: Start, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    keeper = keep(start, trace, "sh", "-c", f'echo life >> "$TRACE"; exit {WRONG_SETTING}')
    assert keeper.wait() == WRONG_SETTING
    assert lines(trace) == ["life"]


def test_a_process_that_begins_anew_is_back_at_once_however_often(start: Start, tmp_path: Path) -> None:
    """A crash would be followed by a pause, which doubles."""
    trace = tmp_path / "trace"
    lives = f'echo life >> "$TRACE"; [ $(wc -l < "$TRACE") -lt 20 ] && exit {START_AGAIN}; exec sleep 1000'
    keeper = keep(start, trace, "sh", "-c", lives)
    wait_until(lambda: len(lines(trace)) == 20, timeout_s=20)
    assert "it starts again" not in keeper.output


def test_a_wrong_setting_is_not_final_for_who_is_editing_them(start: Start, tmp_path: Path) -> None:
    """Two saves in a row, the second one broken, ended everything."""
    trace = tmp_path / "trace"
    lives = (
        'echo life >> "$TRACE"; case $(wc -l < "$TRACE") in '
        f"1) exit {START_AGAIN};; 2|3) exit {WRONG_SETTING};; *) exec sleep 1000;; esac"
    )
    keeper = keep(start, trace, "sh", "-c", lives)
    wait_until(lambda: len(lines(trace)) == 4)
    assert keeper.output.count(f"it ended with exit code {WRONG_SETTING}; it starts again") == 2


def test_a_stop_reaches_the_process_once_even_when_the_whole_group_is_asked(
    start: Start, tmp_path: Path
) -> None:
    """A stock RQ worker takes a second SIGTERM for the order to drop its job."""
    trace = tmp_path / "trace"
    keeper = keep(start, trace, sys.executable, "-c", COUNTS_SIGNALS, grace="0.3")
    keeper.says("listening")
    os.killpg(keeper.pid, signal.SIGTERM)
    assert keeper.wait() == 0
    assert lines(trace) == ["SIGTERM"]
    assert "it did not stop in time and is killed." in keeper.output


def test_an_interrupt_is_passed_on_as_such(start: Start, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    keeper = keep(start, trace, sys.executable, "-c", COUNTS_SIGNALS)
    keeper.says("listening")
    keeper.send(signal.SIGINT)
    wait_until(lambda: lines(trace) == ["SIGINT"])


def test_a_stop_during_the_pause_starts_nothing_more(start: Start, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    keeper = keep(start, trace, "sh", "-c", 'echo life >> "$TRACE"; exit 1')
    wait_until(lambda: keeper.output.count("starts again") == 3)
    lives = len(lines(trace))
    keeper.send(signal.SIGTERM)
    assert keeper.wait() == 0
    assert len(lines(trace)) == lives


def test_a_killed_keeper_leaves_no_process(start: Start, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    keeper = keep(start, trace, "sh", "-c", WRITES_ITS_PID)
    wait_until(lambda: lines(trace))
    family = keeper.family()
    assert len(family) == 2
    keeper.send(signal.SIGKILL)
    keeper.wait()
    wait_until(lambda: all_gone(family))


def test_keeper_and_process_end_with_a_killed_parent(start: Start, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    parent = start("-c", STARTS_A_KEEPER, "it", "--", "sh", "-c", WRITES_ITS_PID, TRACE=str(trace))
    wait_until(lambda: lines(trace))
    family = parent.family()
    assert len(family) == 3
    parent.send(signal.SIGKILL)
    wait_until(lambda: all_gone(family))


def test_what_a_process_started_ends_with_it(start: Start, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    keep(start, trace, "sh", "-c", 'sleep 1000 & echo $! >> "$TRACE"; exit 1')
    wait_until(lambda: len(lines(trace)) >= 2)
    wait_until(lambda: is_gone(int(lines(trace)[0])))
