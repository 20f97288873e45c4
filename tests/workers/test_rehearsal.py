"""Whether the start would succeed, tried in a process of its own, whatever an author's module does there."""

from collections.abc import Awaitable
from pathlib import Path

import pytest

from workers import rehearsal
from workers.rehearsal import Report, rehearse

GOOD = """
from agents import JobContext, agent

@agent("good")
async def good(job: JobContext) -> None: ...
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the module that `jobcast.toml` names."""
    config = tmp_path / "jobcast.toml"
    config.write_text('modules = ["rehearsed"]\n')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("JOBCAST_CONFIG", str(config))
    monkeypatch.setenv("OLLAMA_HOST", "off")
    return tmp_path / "rehearsed.py"


def rehearsed(module: Path, text: str) -> Awaitable[Report]:
    module.write_text(text)
    return rehearse()


async def test_a_start_that_would_succeed_says_what_would_be_announced(module: Path) -> None:
    report = await rehearsed(module, GOOD + "print('{')")
    assert report.error == ""
    assert report.announcement is not None
    assert [agent.name for agent in report.announcement.agents] == [
        "chat",
        "refine",
        "research",
        "document",
        "good",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (", "rehearsed.py, line 1"),
        (GOOD + "raise ValueError('no')", "ValueError: no"),
        (GOOD + "import sys; sys.exit(3)", "SystemExit: 3"),
        ("", "has no agent"),
    ],
)
async def test_a_start_that_would_fail_says_why_and_what_it_came_from(
    module: Path, text: str, said: str
) -> None:
    report = await rehearsed(module, text)
    assert said in report.error
    assert report.announcement is None
    assert report.sources[str(module)] is not None


async def test_a_module_that_ends_its_process_is_said_to(module: Path) -> None:
    report = await rehearsed(module, "import os; os._exit(9)")
    assert report == Report(error="Loading it ended the process with exit code 9.")


async def test_a_module_that_never_loads_is_given_up(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "LONGEST_S", 2.0)
    report = await rehearsed(module, "while True: pass")
    assert report == Report(error="It did not load within 2 s.")


async def test_a_thread_that_a_module_leaves_running_does_not_hold_it_up(module: Path) -> None:
    text = f"{GOOD}\nimport threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()"
    assert (await rehearsed(module, text)).error == ""


async def test_a_wrong_setting_is_said(module: Path) -> None:
    module.with_name("jobcast.toml").write_text("modules = 3")
    assert (await rehearsed(module, GOOD)).error.startswith("modules is 3, but must be a list")
