"""Silence: who renews a lease is alive, whatever clocks say; who does not is found in time."""

from typing import Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from shared_events.answers import Look
from shared_events.ids import JobId
from tests.model.mutation import Mutant
from workers.silence import CONFIRM_S, Silence

LEASE_S: Final = 15.0
HOUR_S: Final = 3600
JOB: Final = JobId("j" * 20)
OTHER: Final = JobId("k" * 20)
EXAMPLES: Final = settings(
    max_examples=200, derandomize=True, database=None, deadline=None, phases=[Phase.generate]
)
CLOCK_STEPS: Final = st.sampled_from([0, 0, 0, HOUR_S, -HOUR_S])
PAUSES: Final = st.sampled_from([0.5, 1.0, 2.0, 4.0]) | st.floats(0.5, 40.0)
LOOKS: Final = st.lists(st.tuples(PAUSES, CLOCK_STEPS), min_size=1, max_size=12)
"""Seconds until the next look, and by how much the clock of Redis is set meanwhile."""

MUTANTS: Final = {
    "it trusts the clock of Redis": Mutant(
        "workers.silence:Silence._is_silent", "unchanged_s >= CONFIRM_S", "True"
    ),
    "it trusts the clock at the first look": Mutant(
        "workers.silence:Silence._is_silent",
        "seen is None or seen.lease != look.lease",
        "not look.expired and (seen is None or seen.lease != look.lease)",
    ),
    "it forgets that the lease changed": Mutant(
        "workers.silence:Silence._is_silent", "seen is None or seen.lease != look.lease", "seen is None"
    ),
    "it waits for the clock of Redis": Mutant(
        "workers.silence:Silence._is_silent", "unchanged_s >= self._lease_s or ", ""
    ),
    "it waits for a whole lease always": Mutant(
        "workers.silence:Silence._is_silent", " or (look.expired and unchanged_s >= CONFIRM_S)"
    ),
}


def look(lease_ms: int, *, redis_ms: int = 0) -> Look:
    return Look(
        lease=str(lease_ms),
        expired=lease_ms < redis_ms,
        closed=False,
        runs=True,
        status="running",
        losses=0,
        strays=0,
        control="",
        agent="chat",
        queue="normal",
        attempts=3,
    )


def judge(silence: Silence, now: float, seen: Look) -> bool:
    return silence.judge({JOB: seen}, now) == [JOB]


def check_living() -> set[str]:
    """A writer that renewed since the last look is alive at the next one; what was met on the way."""
    met: set[str] = set()

    @EXAMPLES
    @given(LOOKS)
    def holds(looks: list[tuple[float, int]]) -> None:
        silence, now, offset_s = Silence(LEASE_S), 0.0, 10 * HOUR_S
        for pause_s, step_s in looks:
            now += pause_s
            renewed_ms = int((now - 0.4 + offset_s) * 1000)
            offset_s += step_s
            seen = look(renewed_ms + int(LEASE_S * 1000), redis_ms=int((now + offset_s) * 1000))
            met.add("run out" if seen.expired else "valid")
            assert not judge(silence, now, seen)

    holds()
    return met


def check_dead() -> set[str]:
    """A lease that nobody renews is found a lease after the first look, or as soon as that is confirmed."""
    met: set[str] = set()

    @EXAMPLES
    @given(LOOKS)
    def holds(looks: list[tuple[float, int]]) -> None:
        silence, now, redis_s = Silence(LEASE_S), 0.0, 10.0 * HOUR_S
        lease_ms = int((redis_s + LEASE_S) * 1000)
        judge(silence, now, look(lease_ms, redis_ms=int(redis_s * 1000)))
        for pause_s, step_s in looks:
            now, redis_s = now + pause_s, redis_s + pause_s + step_s
            seen = look(lease_ms, redis_ms=int(redis_s * 1000))
            enough_s = CONFIRM_S if seen.expired else LEASE_S
            assert judge(silence, now, seen) == (now >= enough_s)
            met.add(f"{'run out' if seen.expired else 'valid'}, {'found' if now >= enough_s else 'waits'}")

    holds()
    return met


def test_a_living_writer_is_never_silent_whatever_the_clock_of_redis_does() -> None:
    assert check_living() == {"run out", "valid"}


def test_a_dead_writer_is_found_after_a_lease_or_once_its_end_is_confirmed() -> None:
    assert check_dead() == {"run out, found", "run out, waits", "valid, found", "valid, waits"}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_both() -> None:
        check_living()
        check_dead()

    MUTANTS[name].apply(monkeypatch)
    with pytest.raises((AssertionError, AttributeError)):
        check_both()


@pytest.mark.parametrize("forgotten", [None, [JOB]])
def test_a_job_that_was_forgotten_gets_a_whole_lease_again(forgotten: list[JobId] | None) -> None:
    silence = Silence(LEASE_S)
    assert not judge(silence, 0.0, look(1))
    silence.forget(forgotten)
    assert not judge(silence, LEASE_S, look(1))
    assert judge(silence, 2 * LEASE_S, look(1))


def test_only_the_jobs_named_are_forgotten() -> None:
    silence = Silence(LEASE_S)
    silence.judge({JOB: look(1), OTHER: look(1)}, 0.0)
    silence.forget([JOB, JobId("unknown")])
    assert silence.judge({JOB: look(1), OTHER: look(1)}, LEASE_S) == [OTHER]
