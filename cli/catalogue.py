"""`python -m cli agents`: what a server offers, as a table for people or as its own JSON."""

import json
from collections.abc import Iterable, Sequence
from typing import Final

import aiohttp
import click
import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.input_fields import input_fields
from cli.screen import printable
from cli.unreachable import HINT, Unreachable
from shared_events.contract import AgentEntry, Announcement, BackendEntry

ANSWER_WITHIN_S: Final = 10.0
LARGEST_ANSWER_BYTES: Final = 16 * 1024 * 1024
FEW_MODELS: Final = 4
WIDE: Final = 200
"""Columns where nobody has a terminal to be wide."""


async def show_catalogue(url: str, *, as_json: bool, verbose: bool) -> None:
    """Raises `Unreachable`."""
    answer = await _read(f"{url.rstrip('/')}/v1/agents")
    if as_json:
        click.echo(json.dumps(msgspec.json.decode(answer), indent=2, ensure_ascii=False))
        return
    offered = msgspec.json.decode(answer, type=Announcement)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    if not offered.agents:
        console.print("No worker has announced its agents. Is one starting?")
    for agent in offered.agents:
        console.print(Text.assemble((_line(agent.name), "bold"), "  ", _line(agent.description)))
        console.print(Padding(fields_table(agent, verbose=verbose), (0, 0, 1, 2), expand=False))
    if offered.backends:
        console.print(Text("Backends", "bold"))
        console.print(Padding(backends_table(offered.backends, verbose=verbose), (0, 0, 0, 2), expand=False))


async def _read(address: str) -> bytes:
    """The server's answer, which is an announcement. Raises `Unreachable`."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(address) as response:
            body = await response.content.read(LARGEST_ANSWER_BYTES)
            while not response.content.at_eof() and len(body) < LARGEST_ANSWER_BYTES:
                body += await response.content.readany()
        msgspec.json.decode(body, type=Announcement)
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
        reason = str(error) or "no answer in time"
        raise Unreachable(f"No Jobcast server answers at {address} ({reason}). {HINT}") from error
    return body


def fields_table(agent: AgentEntry, *, verbose: bool) -> Table:
    """A line for each field of its input."""
    fields = input_fields(agent.input_schema)
    if not fields:
        return _grid([("any JSON object",)])
    if verbose:
        return _grid((field.name, field.type, field.presence, field.description) for field in fields)
    return _grid((field.name, field.type, field.presence) for field in fields)


def backends_table(backends: list[BackendEntry], *, verbose: bool) -> Table:
    """A line for each backend; the first is the default."""
    most = None if verbose else FEW_MODELS
    return _grid(
        (
            f"{one.name} (default)" if index == 0 else one.name,
            _listed(one.models, most),
            one.description or one.kind,
        )
        for index, one in enumerate(backends)
    )


def _listed(models: list[str], most: int | None) -> str:
    return ", ".join([*models[:most], *(["…"] if len(models) > len(models[:most]) else [])]) or "any model"


def _grid(rows: Iterable[Sequence[str]]) -> Table:
    """The first column tells what the others are about."""
    table = Table.grid(padding=(0, 3, 0, 0), pad_edge=False)
    for row in rows:
        name, *about = map(_line, row)
        table.add_row(Text(name), *(Text(cell, "dim") for cell in about))
    return table


def _line(text: str) -> str:
    """A server's words, on one line: they must not steer the reader's terminal."""
    return printable(" ".join(text.split()))
