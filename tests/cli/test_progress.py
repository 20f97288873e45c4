"""Which of a job's many reports of progress get a line."""

import pytest

from cli.progress import ProgressPace


@pytest.mark.parametrize(
    ("progress", "step", "now", "told"),
    [
        (20.4, "reading", 101.0, None),
        (29.4, "reading", 101.9, None),
        (29.6, "reading", 100.1, 30),
        (10, "reading", 100.1, 10),
        (21, "reading", 102.0, 21),
        (20.4, "reading", 200.0, None),
        (20, "writing", 100.0, 20),
    ],
)
def test_after_twenty_per_cent_of_reading(progress: float, step: str, now: float, told: int | None) -> None:
    pace = ProgressPace()
    assert pace.tells(20, "reading", 100.0) == 20
    assert pace.tells(progress, step, now) == told


def test_what_was_not_told_moves_nothing() -> None:
    pace = ProgressPace()
    said = [pace.tells(per_cent, None, per_cent / 100) for per_cent in range(101)]
    assert [one for one in said if one is not None] == list(range(0, 101, 10))
