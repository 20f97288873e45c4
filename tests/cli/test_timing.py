"""Timing: when the text began, and how fast it came."""

from cli.timing import Timing
from shared_events.events import JobProgress, ModelChunk, Usage

CHUNK = ModelChunk(job_id="j", sequence=1, timestamp=1, chunk="x")
PROGRESS = JobProgress(job_id="j", sequence=1, timestamp=1, progress=1)


def timing(*at: float) -> Timing:
    """Of chunks at these seconds."""
    clock = iter([0.0, *at])
    made = Timing(lambda: next(clock))
    for _ in at:
        made.take(PROGRESS)
        made.take(CHUNK)
    return made


def test_tokens_count_from_the_first_text_to_the_last() -> None:
    usage = Usage(input_tokens=7, output_tokens=10)
    assert timing(0.5, 1.0, 2.5).figures(usage) == [
        "first text after 0.50 s",
        "7 tokens in, 10 out",
        "5.0 tokens/s",
    ]


def test_an_estimate_is_said_to_be_one() -> None:
    assert timing(0.5).figures(Usage(output_tokens=1, estimated=True))[1] == "about 0 tokens in, 1 out"


def test_what_is_not_known_is_not_said() -> None:
    assert timing().figures(None) == []
    assert timing(0.5).figures(None) == ["first text after 0.50 s"]
    assert timing(0.5).figures(Usage(output_tokens=9)) == ["first text after 0.50 s", "0 tokens in, 9 out"]
