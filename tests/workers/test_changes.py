"""What counts as a change of files: with literals, and one look at real ones."""

from pathlib import Path

from workers.changes import Changes, Stamp, Stamps, as_read, stamps_of

OLD = Stamp(10, 1, 1)
NEW = Stamp(20, 1, 1)
NEWER = Stamp(30, 1, 1)


def seen(changes: Changes, *looks: Stamps) -> list[list[str]]:
    return [changes.see(look) for look in looks]


def test_what_stays_as_it_was_read_is_no_change() -> None:
    assert seen(Changes({"a": OLD}), {"a": OLD}, {"a": OLD}) == [[], []]


def test_a_change_is_told_once_when_two_looks_see_the_same() -> None:
    looks: list[Stamps] = [{"a": NEW}, {"a": NEWER}, {"a": NEWER}, {"a": NEWER}]
    assert seen(Changes({"a": OLD}), *looks) == [[], [], ["a"], []]


def test_an_edit_that_is_taken_back_meanwhile_is_none() -> None:
    assert seen(Changes({"a": OLD}), {"a": NEW}, {"a": OLD}, {"a": OLD}) == [[], [], []]


def test_a_file_that_comes_or_goes_is_a_change() -> None:
    looks: list[Stamps] = [{"a": None, "b": NEW}, {"a": None, "b": NEW}]
    assert seen(Changes({"a": OLD, "b": None}), *looks) == [[], ["a", "b"]]


def test_a_file_that_was_imported_late_is_taken_as_it_is() -> None:
    looks: list[Stamps] = [{"a": OLD, "b": NEW}, {"a": OLD, "b": NEW}, {"a": OLD, "b": NEWER}]
    assert seen(Changes({"a": OLD}), *looks, looks[-1]) == [[], [], [], ["b"]]


def test_a_file_that_another_process_read_has_changed_since() -> None:
    """It came into being between a rehearsal that missed it and the next look, and was taken as it was."""
    changes = Changes({"a": OLD})
    changes.know({"a": NEWER, "b": None})
    assert seen(changes, {"a": OLD, "b": NEW}, {"a": OLD, "b": NEW}) == [[], ["b"]]


def test_what_was_modified_while_it_may_have_been_read_counts_as_changed() -> None:
    stamps = {"before": Stamp(10, 1, 1), "meanwhile": Stamp(20, 1, 1), "future": Stamp(99, 1, 1)}
    read = as_read(stamps, since_ns=15, now_ns=30)
    assert read == {**stamps, "meanwhile": None}
    assert seen(Changes(read), stamps, stamps) == [[], ["meanwhile"]]


def test_only_files_have_a_stamp(tmp_path: Path) -> None:
    file, directory, missing = tmp_path / "a.py", tmp_path, tmp_path / "b.py"
    file.write_text("x")
    stamps = stamps_of(map(str, (file, directory, missing)))
    stamp = stamps[str(file)]
    assert stamp is not None
    assert stamp.size == 1
    assert (stamps[str(directory)], stamps[str(missing)]) == (None, None)
