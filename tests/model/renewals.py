"""Renews leases in virtual time, over the network, as `workers.leases.Leases` does from its thread."""

import asyncio
from contextlib import suppress
from typing import Any

from redis.exceptions import RedisError

from tests.model.virtual_time import VirtualLoop
from workers.leases import RENEW_EVERY_S, Leased


class Renewals:
    """Implements `workers.attempt.LeaseHolder`. `remote` is a `RenewableLog` as its process has it."""

    def __init__(self, loop: VirtualLoop, remote: Any) -> None:
        self._loop = loop
        self._remote = remote
        self._held: dict[Leased, asyncio.Task[None]] = {}

    def hold(self, writer: Leased) -> None:
        self._held[writer] = self._loop.create_task(self._renew(writer))

    def let_go(self, writer: Leased) -> None:
        self._held.pop(writer).cancel()

    def look(self) -> None:
        """The worker was told that somebody asks something of its job."""
        for writer in self._held:
            writer.look()

    async def _renew(self, writer: Leased) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            if writer.heard_at <= self._loop.time() - RENEW_EVERY_S:
                with suppress(RedisError):
                    writer.on_renewed(await self._remote.renew(writer.job_id, writer.epoch))
