"""What of RQ the asyncio worker builds on: a new version of RQ that changes any of it fails here, by name."""

import inspect
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import redis
from rq import Queue, Retry, connections, executions, suspension, timeouts, worker_registration
from rq.command import parse_payload
from rq.group import Group
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job, JobStatus
from rq.registry import BaseRegistry, StartedJobRegistry
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus
from rq.worker.base import BaseWorker

from tests.workers.rq_site import Site

ROOT = Path(__file__).resolve().parents[2]

CALLED: list[tuple[Any, str]] = [
    # claim
    (Job.fetch, "(id, connection, serializer)"),
    (Job.get_status, "(self, refresh)"),
    (Job.prepare_for_execution, "(self, worker_name, pipeline)"),
    (executions.Execution.__init__, "(self, id, job_id, connection, worker_name)"),
    (executions.Execution.save, "(self, ttl, pipeline)"),
    (executions.Execution.heartbeat, "(self, started_job_registry, ttl, pipeline)"),
    (executions.ExecutionRegistry.__init__, "(self, job_id, connection)"),
    (executions.ExecutionRegistry.add, "(self, execution, ttl, pipeline)"),
    (StartedJobRegistry.add_execution, "(self, execution, pipeline, ttl, xx)"),
    (BaseWorker.set_state, "(self, state, pipeline)"),
    (BaseWorker.set_current_job_id, "(self, job_id, pipeline)"),
    # ending
    (BaseWorker.handle_execution_ended, "(self, job, queue, heartbeat_ttl)"),
    (BaseWorker.handle_job_success, "(self, job, queue, started_job_registry)"),
    (BaseWorker.handle_job_failure, "(self, job, queue, started_job_registry, exc_string)"),
    (BaseWorker.handle_job_retry, "(self, job, queue, retry, started_job_registry, execution)"),
    (BaseWorker.handle_exception, "(self, job, *exc_info)"),
    (BaseWorker.cleanup_execution, "(self, job, pipeline)"),
    (Queue._enqueue_job, "(self, job, pipeline, at_front, unique)"),
    (Queue.enqueue_dependents, "(self, job, pipeline, exclude_job_id, refresh_job_status)"),
    (Job.execute_success_callback, "(self, death_penalty_class, result)"),
    (Job.execute_failure_callback, "(self, death_penalty_class, *exc_info)"),
    (Job.execute_stopped_callback, "(self, death_penalty_class)"),
    (Job.send_webhooks, "(self, status, exc_string)"),
    (timeouts.BaseDeathPenalty.__init__, "(self, timeout, exception, **kwargs)"),
    # heartbeat, registration, commands
    (BaseWorker.heartbeat, "(self, timeout, pipeline)"),
    (BaseWorker.get_heartbeat_ttl, "(self, job)"),
    (BaseWorker.serialize, "(self)"),
    (BaseWorker.register_birth, "(self)"),
    (BaseWorker.register_death, "(self)"),
    (BaseWorker.reorder_queues, "(self, reference_queue)"),
    (BaseWorker._set_ip_address, "(self, connection)"),
    (BaseWorker._set_connection, "(self, connection)"),
    (worker_registration.register, "(worker, pipeline)"),
    (worker_registration.clean_worker_registry, "(queue)"),
    (parse_payload, "(payload)"),
    # popping, registries, scheduling
    (suspension.is_suspended, "(connection, worker)"),
    (connections.get_connection_kwargs, "(connection)"),
    (IntermediateQueue.get_first_seen_key, "(self, job_id)"),
    (IntermediateQueue.set_first_seen, "(self, job_id)"),
    (IntermediateQueue.get_first_seen, "(self, job_id)"),
    (IntermediateQueue.get_job_ids, "(self)"),
    (IntermediateQueue.remove, "(self, job_id)"),
    (Job.key_for, "(job_id)"),
    (BaseRegistry.cleanup, "(self, timestamp, exception_handlers)"),
    (StartedJobRegistry.cleanup, "(self, timestamp, exception_handlers)"),
    (StartedJobRegistry.get_job_ids, "(self, start, end, desc, cleanup)"),
    (Group.clean_registries, "(connection)"),
    (Queue.release_maintenance_lock, "(self)"),
    (RQScheduler.register_birth, "(self)"),
    (RQScheduler.register_death, "(self)"),
    (RQScheduler.acquire_locks, "(self, auto_start)"),
    (RQScheduler.release_locks, "(self)"),
    (RQScheduler.heartbeat, "(self)"),
    (RQScheduler.enqueue_scheduled_jobs, "(self)"),
]
PROPERTIES: list[tuple[type, str]] = [
    (Queue, "key"),
    (Queue, "intermediate_queue"),
    (Queue, "intermediate_queue_key"),
    (Queue, "registry_cleaning_key"),
    (Queue, "started_job_registry"),
    (Queue, "DEFAULT_TIMEOUT"),
    (Job, "started_job_registry"),
    (Job, "should_retry"),
    (Job, "func"),
    (Job, "success_callback_timeout"),
    (Job, "failure_callback_timeout"),
    (Job, "stopped_callback_timeout"),
    (executions.Execution, "composite_key"),
    (BaseWorker, "key"),
    (BaseWorker, "pubsub_channel_name"),
    (RQScheduler, "acquired_locks"),
    (RQScheduler, "connection"),
]
JOB_FIELDS = (
    "_status _result _success_callback_name _failure_callback_name _stopped_callback_name webhooks "
    "retries_left timeout ended_at"
)
WORKER_FIELDS = "execution _stopped_job_id _ordered_queues _dequeue_strategy _exc_handlers queues log name"


def parameters(function: Any) -> str:
    """The names of what `function` takes, in their order."""
    stars: dict[object, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    taken = inspect.signature(function).parameters.values()
    return f"({', '.join(stars.get(one.kind, '') + one.name for one in taken)})"


def test_rq_is_pinned_to_the_version_that_the_worker_was_made_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "rq>=2.12,<2.13" in project["dependencies"]
    assert version("rq").startswith("2.12.")


@pytest.mark.parametrize(("function", "expected"), CALLED, ids=lambda one: getattr(one, "__qualname__", ""))
def test_rq_takes_what_the_worker_passes(function: Any, expected: str) -> None:
    assert parameters(function) == expected, f"workers/rq_async relies on {function.__qualname__}{expected}"


@pytest.mark.parametrize(("owner", "name"), PROPERTIES, ids=lambda one: getattr(one, "__name__", one))
def test_rq_has_what_the_worker_reads(owner: type, name: str) -> None:
    assert hasattr(owner, name), f"workers/rq_async relies on {owner.__name__}.{name}"


def test_jobs_and_workers_have_the_fields_that_the_worker_sets(site: Site) -> None:
    job, worker = site.enqueue("add", 1, 1), site.worker()
    assert [name for name in JOB_FIELDS.split() if not hasattr(job, name)] == []
    assert [name for name in WORKER_FIELDS.split() if not hasattr(worker, name)] == []


def test_the_states_of_jobs_and_workers_have_their_names() -> None:
    assert {"CANCELED", "STOPPED", "FINISHED", "FAILED"} <= set(JobStatus.__members__)
    assert {"BUSY", "IDLE", "SUSPENDED"} <= set(WorkerStatus.__members__)
    assert JobStatus.QUEUED.value == "queued", "recover.lua compares with it"
    assert list(inspect.signature(Retry.__init__).parameters)[1:3] == ["max", "interval"]


def test_the_worker_keeps_its_jobs_apart_by_copies_of_itself(site: Site) -> None:
    """All that RQ's handlers change of a worker are plain fields: a copy of it has its own."""
    worker = site.worker()
    kept = {"__slots__", "__copy__", "__reduce_ex__"} & set(vars(BaseWorker))
    assert (kept, isinstance(vars(worker), dict)) == (set(), True)


def test_each_handler_removes_the_execution_in_the_transaction_that_ends_the_job() -> None:
    """A repeat tells by it whether the transaction was applied."""
    for handler in (
        BaseWorker.handle_job_success,
        BaseWorker.handle_job_failure,
        BaseWorker.handle_job_retry,
    ):
        assert "self.cleanup_execution(job, pipeline=pipeline)" in inspect.getsource(handler), (
            handler.__qualname__
        )


def test_a_heartbeat_answers_first_whether_the_workers_key_was_new(site: Site) -> None:
    worker = site.worker()
    with site.connection.pipeline() as pipeline:
        worker.heartbeat(30, pipeline=pipeline)
        worker.heartbeat(30, pipeline=pipeline)
        answers = pipeline.execute()
    assert (answers[0], answers[2]) == (1, 0)
    site.connection.delete(worker.key)


def test_the_json_serializer_is_the_one_that_rq_names() -> None:
    queue = Queue("q", connection=redis.Redis(), serializer="json")
    assert queue.serializer is JSONSerializer
