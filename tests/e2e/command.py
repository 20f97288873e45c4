"""The `jobcast` command as a process of its own."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.stack import CHECKOUT

AS_IT_IS: Final[Mapping[str, str]] = MappingProxyType({})


async def begun(*words: str, environment: Mapping[str, str] = AS_IT_IS) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *words,
        cwd=CHECKOUT, stdin=PIPE, stdout=PIPE, stderr=PIPE, env={**os.environ, **environment},
    )  # fmt: skip


async def jobcast(
    *words: str, stdin: bytes = b"", environment: Mapping[str, str] = AS_IT_IS
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    process = await begun(*words, environment=environment)
    out, err = await asyncio.wait_for(process.communicate(stdin), 60)
    return process.returncode or 0, out.decode(), err.decode()
