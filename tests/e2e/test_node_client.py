"""socket.io-client itself, in Node.js, without any of our JavaScript."""

import asyncio
import json
import os
import shutil

import pytest

from shared_events.ids import JobId
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from tests.e2e.conftest import client_of, followed, submit
from tests.stack import CHECKOUT, Stack

pytestmark = pytest.mark.node


def node() -> str:
    path = shutil.which("node")
    if path is None and os.environ.get("CI") == "true":
        pytest.fail("Node.js is not on the PATH.")
    if path is None:
        pytest.skip("Node.js is not on the PATH.")
    return path


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_from_any_last_sequence_all_is_gapless(scripted: Stack, transport: str) -> None:
    async with client_of(scripted) as client:
        job_id = await submit(client, model="count-20@400")
        head = (await followed(client, job_id)).sequence
    redis = connect(scripted.redis.url)
    epoch = (await JobLog(redis, Keys()).meta(JobId(job_id))).epoch
    await redis.aclose()
    script = [str(CHECKOUT / "tests/e2e/node_client.mjs"), scripted.url, job_id, transport, str(head), epoch]
    process = await asyncio.create_subprocess_exec(node(), *script, stdout=asyncio.subprocess.PIPE)
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert json.loads(output) == [list(range(last + 1, head + 1)) for last in range(head + 1)]
