"""The HTTP requests."""

import asyncio
from typing import Any

import pytest

from realtime import app, problem
from realtime.app import NODE
from realtime.rates import Rates
from shared_events.ending import end_job
from shared_events.events import JobCompleted, JobStatus
from shared_events.ids import new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from tests.making import completed, failed, started_job, write
from tests.realtime.conftest import Node, serving
from tests.redis_server import RedisServer
from tests.waiting import eventually_awaited

JSON = {"Content-Type": "application/json"}
CONTROLS = ["cancel", "pause", "resume"]


async def test_submit_answers_with_where_the_job_is(node: Node, catalogue: Any) -> None:
    body = {"agent": "chat", "input": {"prompt": "hello"}}
    async with node.session.post(f"{node.url}/v1/jobs", json=body) as response:
        accepted = await response.json()
        assert response.status == 202
        assert response.headers["Location"] == f"/v1/jobs/{accepted['jobId']}"
    status, job = await node.get(f"/v1/jobs/{accepted['jobId']}")
    assert status == 200
    assert isinstance(job, dict)
    assert (job["status"], job["sequence"], job["text"], job["agent"]) == ("queued", 1, "", "chat")


async def test_a_finished_job_is_read_whole(node: Node, log: JobLog) -> None:
    done, broken, epoch = new_job_id(), new_job_id(), new_epoch()
    await started_job(log, done, epoch, "three ", "words 🙂")
    await write(log, done, epoch, completed(done, 4))
    await started_job(log, broken, epoch)
    await write(log, broken, epoch, failed(broken, 2))
    _, job = await node.get(f"/v1/jobs/{done}")
    assert isinstance(job, dict)
    assert (job["text"], job["status"], job["result"]) == ("three words 🙂", "completed", {"done": True})
    _, job = await node.get(f"/v1/jobs/{broken}")
    assert isinstance(job, dict)
    assert job["error"] == {"code": "agent_error", "message": "it broke", "retryable": False}


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"data": "{}", "headers": {"Content-Type": "text/plain"}}, 400, "invalid_request"),
        ({"data": "{", "headers": {"Content-Type": "application/json"}}, 400, "invalid_request"),
        ({"data": b"\xff", "headers": {"Content-Type": "application/json"}}, 400, "invalid_request"),
        ({"data": "[" * 60_000, "headers": {"Content-Type": "application/json"}}, 400, "invalid_request"),
        (
            {"data": '{"agent":"\\ud83d"}', "headers": {"Content-Type": "application/json"}},
            400,
            "invalid_request",
        ),
        ({"json": []}, 400, "invalid_request"),
        ({"json": {"agent": "chat", "input": {"prompt": "x" * 10_000_000}}}, 413, "too_large"),
        ({"json": {"agent": "poet", "input": {}}}, 400, "unknown_agent"),
        ({"json": {"agent": "chat", "input": {"prompt": "x"}, "url": "http://evil"}}, 400, "invalid_request"),
    ],
)
async def test_a_bad_submit_is_a_problem(
    node: Node, catalogue: Any, options: Any, status: int, code: str
) -> None:
    async with node.session.post(f"{node.url}/v1/jobs", **options) as response:
        said = await response.json(content_type="application/problem+json")
    assert (response.status, said["status"], said["code"]) == (status, status, code)
    assert said["detail"]


async def test_the_idempotency_key_may_be_a_header(node: Node, catalogue: Any) -> None:
    body, headers = {"agent": "chat", "input": {"prompt": "a"}}, {"Idempotency-Key": new_job_id()}
    _, one = await node.post("/v1/jobs", json=body, headers=headers)
    _, two = await node.post("/v1/jobs", json=body, headers=headers)
    assert one == two
    status, other = await node.post("/v1/jobs", json=body | {"model": "x"}, headers=headers)
    assert (status, isinstance(other, dict) and other["code"]) == (409, "idempotency_conflict")


async def test_cancel(node: Node, log: JobLog) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    assert await node.post(f"/v1/jobs/{job_id}/cancel") == (200, {"jobId": job_id, "status": "accepted"})


@pytest.mark.parametrize("wish", ["pause", "resume"])
async def test_pause_and_resume(node: Node, log: JobLog, wish: str) -> None:
    job_id, epoch = new_job_id(), new_epoch()
    await started_job(log, job_id, epoch)
    path = f"/v1/jobs/{job_id}/{wish}"
    accepted = (200, {"jobId": job_id, "status": "accepted"})
    assert await node.post(path) == await node.post(path, json={}) == accepted
    assert await end_job(log, job_id, JobStatus.QUEUED, JobCompleted)
    finished = {"jobId": job_id, "status": "already_finished", "outcome": "completed"}
    assert await node.post(path) == (200, finished)


async def test_only_a_pause_has_a_reason(node: Node, log: JobLog) -> None:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch())
    status, _ = await node.post(f"/v1/jobs/{job_id}/pause", json={"reason": "lunch"})
    assert status == 200
    status, said = await node.post(f"/v1/jobs/{job_id}/resume", json={"reason": "back"})
    assert (status, isinstance(said, dict) and said["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("wish", CONTROLS)
@pytest.mark.parametrize("body", [[1], "x", 5, {"reason": 5}, {"nonsense": True}])
async def test_a_bad_control_is_a_problem(node: Node, log: JobLog, wish: str, body: Any) -> None:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch())
    status, said = await node.post(f"/v1/jobs/{job_id}/{wish}", json=body)
    assert (status, isinstance(said, dict) and said["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("wish", CONTROLS)
@pytest.mark.parametrize("job_id", ["nonsense", "0" * 20])
async def test_controlling_an_unknown_job_is_a_problem_with_404(node: Node, wish: str, job_id: str) -> None:
    status, said = await node.post(f"/v1/jobs/{job_id}/{wish}")
    assert (status, isinstance(said, dict) and said["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["/v1/jobs/nonsense", f"/v1/jobs/{'0' * 20}", "/v1/jobs/%7Bx%7D", "/v1/nothing", "/x"]
)
async def test_what_is_not_there_is_a_problem_with_404(node: Node, path: str) -> None:
    status, said = await node.get(path)
    assert (status, isinstance(said, dict) and said["status"]) == (404, 404)


async def test_agents_are_listed_with_their_schema(node: Node, catalogue: Any) -> None:
    _, listed = await node.get("/v1/agents")
    assert isinstance(listed, dict)
    assert listed["agents"][0]["name"] == "chat"
    assert listed["agents"][0]["inputSchema"]["required"] == ["prompt"]
    assert listed["backends"][0]["models"] == ["essay"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::2]", "evil@127.0.0.1:x"])
async def test_a_name_that_was_rebound_to_us_is_refused(node: Node, host: str) -> None:
    async with node.session.get(f"{node.url}/v1/agents", headers={"Host": host}) as response:
        assert response.status in {400, 421}


async def test_answers_carry_the_security_headers(node: Node) -> None:
    async with node.session.get(f"{node.url}/healthz") as response:
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/web/../app.py", "/web/%2e%2e/app.py", "/assets/..%2f..%2fpyproject.toml"])
async def test_no_file_outside_is_served(node: Node, path: str) -> None:
    async with node.session.get(node.url + path) as response:
        assert response.status == 404


async def test_ready_turns_red_while_redis_is_frozen_and_green_again(
    own_redis: RedisServer, keys: Any
) -> None:
    async with serving(own_redis.url, keys) as node:

        async def is_red() -> bool:
            return not await node.is_ready()

        own_redis.freeze()
        await eventually_awaited(is_red, timeout_s=15)
        own_redis.thaw()
        await eventually_awaited(node.is_ready, timeout_s=15)


@pytest.mark.parametrize("wish", CONTROLS)
async def test_a_page_elsewhere_controls_nothing_with_its_users_browser(
    node: Node, log: JobLog, wish: str
) -> None:
    job_id = new_job_id()
    await started_job(log, job_id, new_epoch())
    foreign = {"Origin": "http://evil.example"}
    status, said = await node.post(f"/v1/jobs/{job_id}/{wish}", headers=foreign)
    assert (status, isinstance(said, dict) and said["code"]) == (403, "wrong_origin")
    status, _ = await node.post(f"/v1/jobs/{job_id}/{wish}", headers={"Origin": node.url})
    assert status == 200


async def test_a_body_that_does_not_decompress_is_a_bad_request(node: Node) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "deflate"}
    status, _ = await node.post("/v1/jobs", data=b"not deflated", headers=headers)
    assert status == 400


async def test_who_asks_too_often_over_http_is_told_so(node: Node) -> None:
    node.app[NODE].http._limits._users = Rates(rate=0.0, burst=3.0)
    statuses = [(await node.get("/v1/agents"))[0] for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert (await node.get("/healthz"))[0] == 200


HALF_A_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
HALF_A_BODY = (
    b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
)


@pytest.mark.parametrize("said", [b"", HALF_A_REQUEST, HALF_A_BODY])
async def test_who_never_finishes_what_it_says_is_not_waited_for(
    shared_redis: RedisServer, keys: Keys, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a request was kept for an hour, half a body for ever: each with a descriptor."""
    monkeypatch.setattr(app, "IDLE_S", 0.3)
    monkeypatch.setattr(problem, "BODY_WITHIN_S", 0.3)
    async with serving(shared_redis.url, keys) as node:
        reader, writer = await asyncio.open_connection("127.0.0.1", node.settings.port)
        writer.write(said)
        async with asyncio.timeout(30):
            answer = await reader.readline()
        writer.close()
    assert answer == (b"HTTP/1.1 400 Bad Request\r\n" if said is HALF_A_BODY else b"")
