"""`python -m cli try`: runs an agent in the terminal, without a server, Redis or a worker."""

import asyncio
import os
import signal
import sys
import time
import traceback
from typing import Any

import click
import msgspec

from agents import (
    Agent,
    AgentLoadError,
    AgentStuck,
    Backend,
    InvalidBackend,
    InvalidInput,
    Trial,
    TrialRun,
    find_agent,
    make_backends,
    shown_of,
)
from cli.blame import blamed
from cli.input_fields import input_fields
from cli.refusal import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, Refusal
from cli.screen import Screen, printable
from cli.timing import Timing
from launch.discovery import with_found_backends
from launch.logs import configure_logs
from launch.settings import Settings, read_settings
from launch.startup import StartupError
from shared_events.contract import JobRequest
from shared_events.events import Event, JobStatus
from shared_events.fold import JobView
from shared_events.ids import new_job_id


def try_target(target: str, given: Any, *, backend: str | None, model: str | None, verbose: bool) -> int:
    """Run the agent that `target` means; the exit code. Raises `Refusal`."""
    settings = _settings(verbose=verbose)
    agent = _agent(target, settings)
    _check_input(agent, given)
    backends = _backends(settings, backend)
    request = JobRequest(
        job_id=new_job_id(), agent=agent.name, input=given, owner="dev", backend=backend, model=model
    )
    return asyncio.run(_Trying(agent, request, backends, verbose=verbose).run())


def _settings(*, verbose: bool) -> Settings:
    try:
        settings = asyncio.run(with_found_backends(read_settings()))
    except StartupError as error:
        raise Refusal(str(error), EXIT_USAGE) from error
    configure_logs(settings if verbose else msgspec.structs.replace(settings, log_level="warning"))
    return settings


def _agent(target: str, settings: Settings) -> Agent:
    try:
        return find_agent(target, settings.modules)
    except AgentLoadError as error:
        raise Refusal(str(error), EXIT_USAGE) from error


def _check_input(agent: Agent, given: Any) -> None:
    try:
        agent.fitting(given)
    except InvalidInput as error:
        fields = "; ".join(map(str, input_fields(agent.entry().input_schema)))
        takes = f"It takes: {fields}. KEY=VALUE gives a text, KEY:=VALUE any JSON." if fields else ""
        raise Refusal(f"{error} {takes}".strip(), EXIT_USAGE) from error


def _backends(settings: Settings, chosen: str | None) -> dict[str, Backend]:
    try:
        backends = make_backends(settings)
    except InvalidBackend as error:
        raise Refusal(str(error), EXIT_USAGE) from error
    if chosen is not None and chosen not in backends:
        raise Refusal(f"There is no backend {chosen[:60]!r}. Known: {', '.join(backends)}.", EXIT_USAGE)
    return backends


class _Trying:
    """`await run()` once: the exit code."""

    def __init__(
        self, agent: Agent, request: JobRequest, backends: dict[str, Backend], *, verbose: bool
    ) -> None:
        self._agent = agent
        self._request = request
        self._backends = backends
        self._verbose = verbose
        self._screen = Screen()
        self._timing = Timing(time.monotonic)
        self._task: asyncio.Task[None] | None = None
        self._unread = False
        """Whoever read the text has closed the pipe."""

    async def run(self) -> int:
        trial = Trial(self._request.job_id, self._show)
        timeout_s = self._agent.policy.timeout_s
        run = TrialRun(self._agent, self._request, self._backends, trial, timeout_s=timeout_s)
        self._task = asyncio.create_task(run.run(), name="trial")
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._task.cancel)
        try:
            await self._task
        except asyncio.CancelledError:
            self._sum_up(trial)
            return EXIT_FAILED if self._unread else EXIT_INTERRUPTED
        except AgentStuck as error:
            _leave(error, EXIT_INTERRUPTED if trial.status is JobStatus.RUNNING else EXIT_FAILED)
        finally:
            for backend in self._backends.values():
                await backend.aclose()
        self._sum_up(trial)
        return 0 if trial.status is JobStatus.COMPLETED else EXIT_FAILED

    def _show(self, event: Event, view: JobView) -> None:
        self._timing.take(event)
        try:
            if not view.ended:
                self._screen.show(event, view)
        except (OSError, SystemExit):  # the latter is how rich takes a broken pipe; the agent cannot help it
            self._unread = True
            if self._task is not None:
                self._task.cancel()

    def _sum_up(self, trial: Trial) -> None:
        self._screen.ended(trial.view)
        if figures := self._timing.figures(trial.usage):
            click.echo(", ".join(figures), err=True)
        if trial.error is not None:
            self._explain(trial.error)

    def _explain(self, error: BaseException) -> None:
        """To its author: more than users are told."""
        if self._verbose:
            click.echo(printable("".join(traceback.format_exception(error))), err=True, nl=False)
        elif shown_of(error) is None:
            click.echo(f"raised {printable(blamed(error))}", err=True)
        retry = self._agent.policy.retry
        if retry.attempts > 1 and retry.is_retryable(error):
            click.echo(f"A worker would try again, {retry.attempts} times in all.", err=True)


def _leave(error: AgentStuck, code: int) -> None:
    """Without waiting for an agent that does not end."""
    click.echo(f"jobcast: {error}", err=True)
    sys.stdout.flush()
    os._exit(code)
