"""The peer: RQ's own worker pool, `python -m bench.stock_pool REDIS_URL WORKERS`.

Only two things are not as RQ comes: what a job needs is imported before the processes are forked, and a
worker ends with its parent, so that the bench leaves nothing behind.
"""

import os
import sys
from typing import Final

from redis import Redis
from rq import Worker
from rq.job import Job
from rq.queue import Queue
from rq.worker_pool import WorkerPool

from bench import stock_stream as _loaded_before_the_fork  # noqa: F401
from launch.tether import end_with

QUEUE: Final = "stock"


class TetheredWorker(Worker):
    def work(self, *args: object, **options: object) -> bool:
        end_with(os.getppid())
        return super().work(*args, **options)  # type: ignore[arg-type]

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        end_with(os.getppid())
        super().main_work_horse(job, queue)


def main(redis_url: str, workers: int) -> None:
    pool = WorkerPool(
        [QUEUE],
        connection=Redis.from_url(redis_url, protocol=2),
        num_workers=workers,
        worker_class=TetheredWorker,
    )
    pool.start(logging_level="WARNING")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
