"""What lets load programs of others measure Jobcast: `seed` and `template`.

Both take the Redis and the key prefix from the settings that the server has, so from the same environment.
"""

import sys

import click
import redis

from bench.numbered_jobs import MOST_JOBS, seed
from bench.template import published
from launch.settings import read_settings
from launch.startup import one_sentence_on_failure
from shared_events.keys import Keys
from shared_events.redis_client import connect_blocking

EXIT_UNREACHABLE = 1


@click.command("seed")
@click.option("--jobs", type=click.IntRange(1, MOST_JOBS), required=True, help="So many, from number 0 on.")
def seed_jobs(jobs: int) -> None:
    """Make jobs whose ids end in their number followable; their next event has the sequence 1000000."""
    with one_sentence_on_failure():
        settings = read_settings()
    client = connect_blocking(settings.event_redis_url)
    try:
        seed(client, Keys(settings.key_prefix), jobs)
    except redis.RedisError as error:
        print(f"bench: the jobs cannot be made in Redis: {error}", file=sys.stderr)
        sys.exit(EXIT_UNREACHABLE)
    finally:
        client.close()


@click.command("template")
def print_template() -> None:
    """Print one event as a command to Redis, with markers for time, job and sequence."""
    with one_sentence_on_failure():
        prefix = read_settings().key_prefix
    sys.stdout.buffer.write(published(Keys(prefix)))
