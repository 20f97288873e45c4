"""The HTTP requests of publishers, and what strangers send there."""

import json
from typing import Any

import pytest

from realtime.outside import publishing
from shared_events.ids import JobId
from shared_events.log import JobLog
from tests.realtime.conftest import Node
from tests.realtime.outside.publisher import OverHttp, Published, code, submitted


@pytest.fixture
async def job(node: Node) -> Published:
    accepted = await submitted(node)
    made = Published(OverHttp(node), accepted["jobId"], accepted["publish"]["token"])
    await made.begin()
    return made


def body(job: Published, *events: Any) -> dict[str, Any]:
    return {"epoch": job.epoch, "previous": job.head, "events": list(events)}


async def post(node: Node, job: Published, **options: Any) -> tuple[int, Any]:
    status, said = await node.post(f"/v1/jobs/{job.job_id}/events", **options)
    assert isinstance(said, dict)
    return status, said.get("code")


@pytest.mark.parametrize("header", [None, "", "Basic eDp5", "Bearer", "{token}", "Token {token}"])
async def test_without_a_bearer_token_nothing_is_said_of_the_job(
    node: Node, job: Published, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header.format(token=job.token)}
    assert await post(node, job, json=body(job), headers=headers) == (401, "unauthorized")


@pytest.mark.parametrize("word", ["Bearer", "bearer", "BEARER"])
async def test_the_word_bearer_may_be_written_in_any_case(node: Node, job: Published, word: str) -> None:
    headers = {"Authorization": f"{word} {job.token}"}
    assert (await post(node, job, json=body(job), headers=headers))[0] == 200


@pytest.mark.parametrize("field", ["token", "jobId"])
async def test_what_belongs_elsewhere_is_refused_in_the_body(node: Node, job: Published, field: str) -> None:
    headers = {"Authorization": f"Bearer {job.token}"}
    misplaced = body(job) | {field: job.token}
    assert await post(node, job, json=misplaced, headers=headers) == (400, "invalid_request")


DEEP = "[" * 40 + "]" * 40
HUGE = '{"type":"chunk","text":"' + "x" * 100_000 + '"}'


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ('{"type":"completed","result":NaN}', 400),
        ('{"type":"completed","result":1e999}', 400),
        (f'{{"type":"completed","result":{DEEP}}}', 400),
        (f'{{"type":"completed","result":{"[" * 30_000}}}', 400),
        (HUGE, 413),
        ('{"type":"chunk","text":"\\ud83d"}', 400),
        ('{"type":"completed","usage":{"input_tokens":1e99}}', 400),
        (f'{{"type":"completed","usage":{{"input_tokens":{"9" * 400}}}}}', 400),
        ('{"type":"rewind","length":1}', 400),
        ('{"type":"rewind","length":99999999999999999999}', 400),
    ],
)
async def test_a_bad_batch_is_a_problem_and_the_job_lives(
    node: Node, job: Published, log: JobLog, events: str, status: int
) -> None:
    text = json.dumps(body(job)).replace("[]", f"[{events}]")
    headers = {"Authorization": f"Bearer {job.token}", "Content-Type": "application/json"}
    assert (await post(node, job, data=text, headers=headers))[0] == status
    assert (await job.chunks("it lives"))["ok"]
    assert (await log.view(JobId(job.job_id))).text == "it lives"


@pytest.mark.parametrize("data", ["[]", "null", "5", '"x"', "{", "\xff"])
async def test_what_is_no_object_is_a_problem(node: Node, job: Published, data: str) -> None:
    headers = {"Authorization": f"Bearer {job.token}", "Content-Type": "application/json"}
    assert await post(node, job, data=data.encode("latin-1"), headers=headers) == (400, "invalid_request")


async def test_begin_takes_nothing_in_its_body(node: Node, job: Published) -> None:
    headers = {"Authorization": f"Bearer {job.token}"}
    path = f"/v1/jobs/{job.job_id}/begin"
    assert (await node.post(path, headers=headers))[0] == 200
    assert (await node.post(path, json={"force": True}, headers=headers))[0] == 400


async def test_a_job_takes_so_many_batches_and_no_more(
    node: Node, job: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PER_JOB_BURST", 3.0)
    monkeypatch.setattr(publishing, "PER_JOB_S", 0.001)
    answers = [await job.chunks("x") for _ in range(5)]
    assert [answer["ok"] for answer in answers] == [True] * 3 + [False] * 2
    assert (code(answers[-1]), answers[-1]["error"]["retryable"]) == ("too_many", True)


async def test_what_takes_the_longer_the_more_text_there_is_costs_more(
    job: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publisher with a long text stalled its node for seconds with one small batch after the other."""
    await job.chunks("x" * 1000)
    monkeypatch.setattr(publishing, "CHARACTERS_A_BATCH", 100)
    monkeypatch.setattr(publishing, "PER_JOB_BURST", 35.0)
    monkeypatch.setattr(publishing, "PER_JOB_S", 0.001)
    answers = [await job.say({"type": "rewind", "length": 1000 - n, "reason": "again"}) for n in range(1, 6)]
    assert [answer["ok"] for answer in answers].count(True) in {2, 3}
    assert code(answers[-1]) == "too_many"
    assert (await job.chunks("y"))["ok"], "what only goes on is cheap"


async def test_a_page_of_another_origin_cannot_publish(node: Node, job: Published) -> None:
    headers = {"Authorization": f"Bearer {job.token}", "Origin": "https://evil.example"}
    assert (await post(node, job, json=body(job), headers=headers))[0] == 403
