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
        """Hash: epoch, epochs, head, first, status, attempt, agent, lease, control, created."""
        return f"{self.prefix}:{{{job_id}}}:meta"

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

    def idempotency(self, owner: str, digest: str) -> str:
        """String: the job that a client's Idempotency-Key stands for."""
        return f"{self.prefix}:idempotency:{owner}:{digest}"

    def probe(self, node: str) -> str:
        """Private pub/sub channel on which a node hears itself."""
        return f"{self.prefix}:probe:{node}"

    def queue(self, priority: str) -> str:
        """Name of the RQ queue of a priority: high, normal or low."""
        return f"{self.prefix}-{priority}"
