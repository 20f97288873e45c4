"""`python -m bench seed` and `template`, as load programs of others call them."""

import os
import subprocess
import sys

import pytest

from bench import template
from bench.numbered_jobs import numbered_job
from bench.processes import CHECKOUT
from shared_events.keys import Keys
from shared_events.log import JobLog
from tests.redis_server import RedisServer


def bench(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        check=False,
        timeout=60,
    )


async def test_jobs_are_seeded_where_the_server_of_this_environment_looks(
    shared_redis: RedisServer, log: JobLog, keys: Keys
) -> None:
    done = bench("seed", "--jobs", "3", REDIS_URL=shared_redis.url, KEY_PREFIX=keys.prefix)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert [await log.heads([numbered_job(number)]) != [None] for number in range(4)] == [True] * 3 + [False]


def test_the_template_is_printed_and_nothing_else() -> None:
    done = bench("template", KEY_PREFIX="mine")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == template.published(Keys("mine"))


@pytest.mark.parametrize("jobs", ["0", "many", "100001"])
def test_a_number_of_jobs_out_of_range_is_refused(jobs: str) -> None:
    done = bench("seed", "--jobs", jobs)
    assert done.returncode == 2
    assert b"--jobs" in done.stderr


def test_a_redis_that_does_not_answer_is_one_sentence() -> None:
    done = bench("seed", "--jobs", "1", REDIS_URL="redis://127.0.0.1:1/0")
    assert done.returncode == 1
    assert done.stderr.startswith(b"bench: the jobs cannot be made in Redis: ")
    assert done.stderr.count(b"\n") == 1


def test_a_wrong_setting_is_one_sentence() -> None:
    done = bench("template", KEY_PREFIX="Not Allowed")
    assert done.returncode != 0
    assert done.stderr.startswith(b"jobcast: KEY_PREFIX is")
