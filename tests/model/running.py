"""Runs a machine, always the same way for the same settings."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from structlog.testing import capture_logs

from tests.model.differential import Differential
from tests.model.limits import narrow
from tests.model.machine import JobMachine
from tests.model.met import Met
from tests.model.server import Server


def run_jobs(server: Server, *, examples: int, steps: int) -> Met:
    """What was met in that many worlds of that many steps. Raises what the machine finds, made small."""
    met = Met()
    _run(type("Jobs", (JobMachine,), {"server": server, "met": met}), examples, steps, shrinks=True)
    return met


def run_differential(real: Server, *, examples: int, steps: int, shrinks: bool = True) -> Met:
    """As `run_jobs`, for the model beside the real server."""
    met = Met()
    _run(type("Pair", (Differential,), {"real": real, "met": met}), examples, steps, shrinks=shrinks)
    return met


def _run(machine: type[RuleBasedStateMachine], examples: int, steps: int, *, shrinks: bool) -> None:
    fixed = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink] if shrinks else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with pytest.MonkeyPatch.context() as patch, capture_logs():
        narrow(patch)
        run_state_machine_as_test(machine, settings=fixed)
