from pathlib import Path

import pytest

from launch.kept_process import keeper_command
from launch.procfile import read_procfile
from launch.startup import StartupError
from tests.launch.conftest import ROOT


def test_our_procfile_starts_redis_web_and_worker() -> None:
    assert read_procfile(ROOT / "Procfile") == {
        "redis": "python -m launch.redis",
        "web": "python -m realtime",
        "worker": "python -m workers",
    }


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "names no process"),
        (b"# web: x\n", "names no process"),
        (b"a: x\na: y\n", "twice"),
        (b"\xff", "read"),
    ],
)
def test_a_useless_procfile_is_one_sentence(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "Procfile").write_bytes(content)
    with pytest.raises(StartupError, match=complaint):
        read_procfile(tmp_path / "Procfile")


def test_a_command_may_set_and_use_variables() -> None:
    assert keeper_command("rq", 'X=1 rq worker --url "$URL"', grace_s=5, group_note=9)[-3:] == [
        "/bin/sh",
        "-c",
        'exec env X=1 rq worker --url "$URL"',
    ]
