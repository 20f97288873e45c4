"""Jobs that load programs know by number: the last twelve digits of a UUID. Seeded, they stand in mid-stream.

A job of that kind is followable by the server's only user, is running, and has no event but a snapshot that
stands for the first `STANDING_AT`. What comes next has `FIRST` as its sequence, and `EPOCH` as its epoch.
"""

from typing import Final

import msgspec
import redis
from redis.typing import EncodableT, FieldT

from shared_events.events import JobSnapshot, JobStatus, now_ms
from shared_events.ids import Epoch, JobId
from shared_events.keys import Keys

EPOCH: Final = Epoch("bench0000000")
STANDING_AT: Final = 999_999
FIRST: Final = STANDING_AT + 1
"""Seven digits, as all that follow: whoever fills in sequences never moves a byte."""
MOST_JOBS: Final = 100_000
OWNER: Final = "dev"
TTL_MS: Final = 24 * 3600 * 1000
_JOBS_AT_A_TIME: Final = 1000


def numbered_job(number: int | str) -> JobId:
    """The id of a job; `number` may also be a marker of twelve characters."""
    return JobId(f"00000000-0000-4000-8000-{number:>012}")


def seed(client: redis.Redis, keys: Keys, count: int) -> None:
    """Put the jobs 0 … count − 1 where they stand, whatever became of them since they were seeded last."""
    for first in range(0, count, _JOBS_AT_A_TIME):
        with client.pipeline(transaction=False) as pipe:
            for number in range(first, min(first + _JOBS_AT_A_TIME, count)):
                _put(pipe, keys, numbered_job(number))
            pipe.execute()


def _put(pipe: "redis.client.Pipeline", keys: Keys, job: JobId) -> None:
    meta, base = keys.meta(job), keys.base(job)
    pipe.delete(meta, keys.log(job), base, keys.request(job))
    pipe.hset(meta, mapping=_fields())
    pipe.pexpire(meta, TTL_MS)
    pipe.set(base, msgspec.json.encode(_snapshot(job)), px=TTL_MS)


def _fields() -> dict[FieldT, EncodableT]:
    """The meta hash as `lua/claim.lua`, `append.lua` and `compact.lua` would have left it."""
    now = now_ms()
    return {
        "epoch": EPOCH,
        "epochs": f"{EPOCH}:1",
        "head": STANDING_AT,
        "first": FIRST,
        "status": JobStatus.RUNNING.value,
        "attempt": 1,
        "agent": "bench",
        "owner": OWNER,
        "runs": 1,
        "created": now,
        "expires": now + TTL_MS,
        "lease": now + TTL_MS,
    }


def _snapshot(job: JobId) -> JobSnapshot:
    return JobSnapshot(
        job_id=job,
        epoch=EPOCH,
        sequence=STANDING_AT,
        reset=False,
        text="",
        status=JobStatus.RUNNING,
        attempt=1,
    )
