"""The worker's tables: a line for each load, medians over the rounds, ratios round by round."""

import pytest

from bench.measurement import Measurement
from bench.orders import Runner
from bench.sheet import sheets


def measured(
    runner: Runner, number: int, *, streams: int, rate: float = 50.0, **numbers: float
) -> Measurement:
    found = {"streams": streams, "rate": rate, **numbers}
    return Measurement("streams", runner, number, True, found, f"{streams} × {rate:g}")


def test_a_line_has_the_medians_of_its_rounds() -> None:
    rounds = [
        measured(Runner.JOBCAST, 1 + n, streams=200, chunks_per_s=value) for n, value in enumerate((1, 9, 4))
    ]
    [sheet] = sheets(rounds)
    [line] = sheet.lines
    assert (line.system, line.variant) == ("jobcast", "200 × 50")
    assert line.values[0] == 4
    assert set(line.values[1:]) == {None}


def test_every_load_has_a_line_of_its_own() -> None:
    [sheet] = sheets([measured(Runner.JOBCAST, 1, streams=n, chunks_per_s=n) for n in (200, 500)])
    assert [line.values[0] for line in sheet.lines] == [200, 500]


def test_a_ratio_is_that_of_the_paced_run_with_most_streams() -> None:
    [sheet] = sheets(
        [
            measured(Runner.JOBCAST, 1, streams=500, chunks_per_core_s=50),
            measured(Runner.JOBCAST, 1, streams=200, chunks_per_core_s=20),
            measured(Runner.JOBCAST, 1, streams=900, rate=0, chunks_per_core_s=90),
            measured(Runner.ASYNCIO, 1, streams=200, chunks_per_core_s=5),
        ]
    )
    assert sheet.remarks == ["chunks per core-s: 10 times better than httpx-sse"]


def test_of_memory_less_is_better() -> None:
    [sheet] = sheets(
        [
            measured(Runner.JOBCAST, 1, streams=500, bytes_per_stream=10),
            measured(Runner.RQ, 1, streams=16, bytes_per_stream=1500),
        ]
    )
    assert sheet.remarks == ["memory per stream: 150 times better than rq pool"]


def test_the_memory_in_redis_is_remarked_on_once_for_each_load() -> None:
    found = {"ended_redis_bytes_per_event": 40, "event_bytes": 180, "events_per_job": 300}
    [sheet] = sheets(
        [
            measured(
                Runner.JOBCAST,
                number,
                streams=200,
                live_redis_bytes_per_event=value,
                live_redis_bytes_per_job=value * 300,
                **found,
            )
            for number, value in enumerate((90, 110, 300))
        ]
    )
    assert sheet.remarks == [
        "Redis bytes per event, jobcast, 200 × 50: 110 live (32 KiB a job), 40 ended; 300 events of 180 bytes"
    ]


@pytest.mark.parametrize("measurements", [[], [Measurement("publish", Runner.JOBCAST, 1, True, {})]])
def test_other_programs_have_no_sheet(measurements: list[Measurement]) -> None:
    assert sheets(measurements) == []
