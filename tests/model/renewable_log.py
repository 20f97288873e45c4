"""The log with the one script more that a thread of the worker calls: the renewal of a lease."""

from redis.asyncio import Redis

from shared_events import answers
from shared_events.answers import Appended
from shared_events.ids import Epoch, JobId
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.scripts import append_keys, renew_arguments, script


class RenewableLog(JobLog):
    """Calls `renew.lua` as `workers.leases.Leases` does."""

    def __init__(self, redis: "Redis", keys: Keys) -> None:
        super().__init__(redis, keys)
        self._renew = redis.register_script(script("renew"))

    async def renew(self, job_id: JobId, epoch: Epoch) -> Appended:
        reply = await self._renew(
            keys=append_keys(self._keys, job_id), args=renew_arguments(self._terms, epoch)
        )
        return answers.appended(reply)
