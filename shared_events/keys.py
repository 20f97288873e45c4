"""Every name that Jobcast uses in Redis. A job's keys share the hash tag `{<jobId>}`, so one slot."""

import msgspec

from shared_events.ids import JobId


class Keys(msgspec.Struct, frozen=True):
    """Names below one prefix, so that several installations (or tests) can share a server."""

    prefix: str = "jobcast"

    def log(self, job_id: JobId) -> str:
        """Stream: one entry an event, id `<sequence>-0`, field `e`."""
        return f"{self.prefix}:{{{job_id}}}:log"

    def meta(self, job_id: JobId) -> str:
        """Hash: what `lua/claim.lua` and `lua/append.lua` keep of the job."""
        return f"{self.prefix}:{{{job_id}}}:meta"

    def request(self, job_id: JobId) -> str:
        """String: the `JobRequest`, until the job has ended."""
        return f"{self.prefix}:{{{job_id}}}:request"

    def base(self, job_id: JobId) -> str:
        """String: a `JobSnapshot` that stands for the events before the log's first."""
        return f"{self.prefix}:{{{job_id}}}:base"

    def channel(self, job_id: JobId) -> str:
        """Pub/sub channel that carries each appended batch."""
        return f"{self.prefix}:{{{job_id}}}:events"

    def catalogue(self) -> str:
        """Hash: worker name → what it announces (`shared_events.catalogue`)."""
        return f"{self.prefix}:catalogue"

    def open_jobs(self) -> str:
        """Sorted set: the jobs that have not ended, by the time of their submission."""
        return f"{self.prefix}:open"

    def sweep(self) -> str:
        """String: which worker sweeps now."""
        return f"{self.prefix}:sweep"

    def worker(self, name: str) -> str:
        """Pub/sub channel: the ids of jobs of the worker `name` that somebody asks something of."""
        return f"{self.prefix}:worker:{name}"

    def idempotency(self, owner: str, digest: str) -> str:
        """String: the job that a client's Idempotency-Key stands for."""
        return f"{self.prefix}:idempotency:{owner}:{digest}"

    def probe(self, node: str) -> str:
        """Private pub/sub channel on which a node hears itself."""
        return f"{self.prefix}:probe:{node}"

    def queue(self, priority: str) -> str:
        """Name of an RQ queue: of a priority (high, normal, low), or one that an agent names."""
        return f"{self.prefix}-{priority}"
