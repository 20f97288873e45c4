import os
import stat
from pathlib import Path

import pytest

from launch.data_dir import claim_data_dir, make_data_dir, make_private_directory
from launch.startup import StartupError


def test_it_is_made_with_its_parents_for_this_user_alone(tmp_path: Path) -> None:
    make_data_dir(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_one_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """DATA_DIR may be a directory that others use too."""
    tmp_path.chmod(0o755)
    make_data_dir(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_file_in_its_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match="cannot be written: File exists"):
        make_data_dir(tmp_path / "file")


def test_a_second_claim_names_the_first(tmp_path: Path) -> None:
    claim_data_dir(tmp_path)
    with pytest.raises(StartupError, match=f"as process {os.getpid()}"):
        claim_data_dir(tmp_path)


def test_a_claim_ends_when_its_last_holder_lets_go(tmp_path: Path) -> None:
    first = claim_data_dir(tmp_path)
    heir = os.dup(first)
    os.close(first)
    with pytest.raises(StartupError):
        claim_data_dir(tmp_path)
    os.close(heir)
    os.close(claim_data_dir(tmp_path))


def test_a_private_directory_is_made_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private_directory(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """In /tmp anybody may lay a directory, or a link, where ours is about to be."""
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    (tmp_path / "link").symlink_to(tmp_path)
    os.lchown(tmp_path / "link", 12345, 12345)
    for name in ("theirs", "link"):
        with pytest.raises(StartupError, match="belongs to another user"):
            make_private_directory(tmp_path / name)
