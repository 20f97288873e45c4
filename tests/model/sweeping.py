"""What a sweeper does with a job; that it has been silent for long enough is up to the model."""

from shared_events.ids import JobId
from shared_events.log import JobLog
from tests.model.met import Met
from workers.burial import bury


async def sweep(log: JobLog, job_id: JobId, met: Met) -> None:
    """Bury the job if its lease has run out."""
    (look,) = await log.looks([job_id])
    if look is not None and look.expired and not look.closed:
        met.note("burials", int(await bury(log, job_id, look)))
