"""`python -m cli`: submit jobs and follow them from a terminal."""

import asyncio
import signal
from typing import Any

import click

from cli.catalogue import show_catalogue
from cli.follower import Client, RequestRefused, Wish, connected
from cli.given import given_input
from cli.refusal import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_UNREACHABLE, EXIT_USAGE, Refusal
from cli.screen import Screen
from cli.unreachable import Unreachable
from launch.checkout import verify_checkout
from launch.environment import split_url
from launch.settings import read_url
from launch.startup import StartupError
from shared_events.events import JobStatus
from shared_events.fold import JobView
from shared_events.ids import is_job_id


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--url", envvar="JOBCAST_URL", help="The server.  [default: from HOST and PORT]")
@click.pass_context
def cli(context: click.Context, url: str | None) -> None:
    """Jobcast from the terminal: submit AI jobs and watch them live."""
    try:
        verify_checkout()
        context.obj = _server(url) if url else read_url()
    except StartupError as error:
        raise Refusal(str(error), EXIT_USAGE) from error


@cli.command()
@click.argument("agent")
@click.argument("fields", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--follow", "-f", is_flag=True, help="Show the job's text until it ends.")
@click.option("--backend", help="One of the configured backends.")
@click.option("--model", help="A model of the backend, e.g. count-100@20 of scripted.")
@click.option("--priority", type=click.Choice(["high", "normal", "low"]), help="Which queue.")
@click.pass_obj
def submit(url: str, /, agent: str, fields: tuple[str, ...], follow: bool, **options: str | None) -> None:
    """Submit a job for AGENT. Each KEY=VALUE is a text of its input, KEY:=VALUE is JSON, KEY=- reads stdin.

    \b
    python -m cli submit chat prompt="Why is the sky blue?" --follow
    python -m cli submit chat prompt=- --follow < question.txt
    python -m cli submit chat messages:='[{"role": "user", "content": "Hello"}]'
    """
    request = {"agent": agent, "input": given_input(fields)}
    request |= {name: value for name, value in options.items() if value is not None}
    _run(_submit(url, request, follow=follow))


@cli.command()
@click.argument("job_id", metavar="JOB")
@click.pass_obj
def follow(url: str, job_id: str) -> None:
    """Follow JOB from its beginning until it ends."""
    if not is_job_id(job_id):
        raise Refusal(f"{job_id!r} is not a job id: 20 characters of 0-9 and a-z, or a UUID.", EXIT_USAGE)
    _run(_follow(url, job_id))


@cli.command()
@click.argument("job_id", metavar="JOB")
@click.pass_obj
def cancel(url: str, job_id: str) -> None:
    """Stop JOB."""
    _run(_control(url, "cancel", job_id))


@cli.command()
@click.argument("job_id", metavar="JOB")
@click.pass_obj
def pause(url: str, job_id: str) -> None:
    """Let JOB wait, ten minutes at most; then it is cancelled."""
    _run(_control(url, "pause", job_id))


@cli.command()
@click.argument("job_id", metavar="JOB")
@click.pass_obj
def resume(url: str, job_id: str) -> None:
    """Let a paused JOB go on."""
    _run(_control(url, "resume", job_id))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="As the server answers GET /v1/agents.")
@click.option("--verbose", "-v", is_flag=True, help="With descriptions of fields, and all models.")
@click.pass_obj
def agents(url: str, *, as_json: bool, verbose: bool) -> None:
    """List the server's agents with their inputs, and its backends."""
    _run(show_catalogue(url, as_json=as_json, verbose=verbose))


@cli.command("try")
@click.argument("agent")
@click.argument("fields", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--json-input", metavar="JSON", help="The whole input as JSON; - reads stdin.")
@click.option("--backend", help="One of the configured backends.")
@click.option("--model", help="A model of the backend, e.g. count-100@20 of scripted.")
@click.option("--verbose", "-v", is_flag=True, help="With whole tracebacks, and all that is logged.")
def try_(agent: str, fields: tuple[str, ...], json_input: str | None, **options: Any) -> None:
    """Run AGENT here, without a server: module:name, a module with one agent, or a name such as chat.

    \b
    python -m cli try my_agents:haiku prompt=rain
    python -m cli try chat prompt="Why is the sky blue?" --model count-30@10
    """
    # Here, so that what the other commands need is there also where `agents` would be somebody else's.
    from cli.trying import try_target  # noqa: PLC0415

    raise SystemExit(try_target(agent, given_input(fields, json_input), **options))


def _server(url: str) -> str:
    parts = split_url(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Refusal(f"{url!r} is not the URL of a server, such as http://127.0.0.1:8000.", EXIT_USAGE)
    return url


def _run(work: Any) -> None:
    try:
        asyncio.run(work)
    except RequestRefused as error:
        raise Refusal(f"{error.refusal}: {error}") from error
    except Unreachable as error:
        raise Refusal(str(error), EXIT_UNREACHABLE) from error
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise Refusal("Stopped watching; the job goes on.", EXIT_INTERRUPTED) from None


async def _submit(url: str, request: dict[str, Any], *, follow: bool) -> None:
    async with connected(url) as client:
        accepted = await client.ask("job:submit", request)
        job_id = accepted["jobId"]
        if token := accepted.get("publish", {}).get("token"):
            click.echo(f"Publish it within ten minutes, with the token {token}", err=True)
        if follow:
            screen = Screen()
            screen.accepted(job_id)
            await _show(client, job_id, screen)
        else:
            click.echo(job_id)


async def _follow(url: str, job_id: str) -> None:
    async with connected(url) as client:
        await _show(client, job_id, Screen())


async def _control(url: str, wish: Wish, job_id: str) -> None:
    async with connected(url) as client:
        click.echo(await client.control(wish, job_id))


async def _show(client: Client, job_id: str, screen: Screen) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, asyncio.current_task().cancel)  # type: ignore[union-attr]
    view = JobView(job_id)
    async for event, now in client.follow(job_id, view):
        screen.show(event, now)
    screen.ended(view)
    if view.status is not JobStatus.COMPLETED:
        raise SystemExit(EXIT_FAILED)


if __name__ == "__main__":
    cli(prog_name="jobcast")
