"""The `jobcast` command as its user runs it."""

import pytest
from aiohttp import ClientSession

from tests.e2e.command import jobcast
from tests.e2e.conftest import counted
from tests.stack import Stack


async def test_submit_and_follow_prints_the_text_alone_to_stdout(scripted: Stack) -> None:
    words = ("submit", "chat", "prompt=hi", "--model", "count-30@100", "--follow")
    code, out, err = await jobcast("--url", scripted.url, *words)
    assert (code, out.strip()) == (0, counted(30))
    assert "completed" in err


async def test_a_job_can_be_followed_later_and_by_stdin(scripted: Stack) -> None:
    code, out, _ = await jobcast(
        "--url", scripted.url, "submit", "chat", "prompt=-", "--model", "count-5@50", stdin=b"hi"
    )
    assert code == 0
    code, out, _ = await jobcast("--url", scripted.url, "follow", out.strip())
    assert (code, out.strip()) == (0, counted(5))


async def test_who_submits_a_job_for_a_publisher_gets_its_token(scripted: Stack) -> None:
    """Without it nobody could publish the job."""
    code, out, err = await jobcast("--url", scripted.url, "submit", "external", "topic=rain")
    assert code == 0
    token = err.split()[-1]
    async with ClientSession() as session:
        url = f"{scripted.url}v1/jobs/{out.strip()}/begin"
        async with session.post(url, headers={"Authorization": f"Bearer {token}"}) as response:
            assert response.status == 200


@pytest.mark.parametrize("wish", ["cancel", "pause", "resume"])
async def test_a_finished_job_is_said_to_be_finished(scripted: Stack, wish: str) -> None:
    words = ("submit", "chat", "prompt=hi", "--model", "count-1@50")
    _, job_id, _ = await jobcast("--url", scripted.url, *words)
    await jobcast("--url", scripted.url, "follow", job_id.strip())
    code, out, err = await jobcast("--url", scripted.url, wish, job_id.strip())
    assert (code, out, err) == (0, "already_finished\n", "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ["submit", "poet", "prompt=x"],
            1,
            "unknown_agent: There is no agent 'poet'. Known: chat, document, refine, research.",
        ),
        (["submit", "chat", "prompt"], 2, "'prompt' is not KEY=VALUE."),
        (["submit", "chat", "messages:=[{"], 2, "is not JSON"),
        (["submit", "chat", "prompt=" + "x" * 70_000], 1, "too_large: A request may have 64 KiB at most."),
        (["submit", "chat", "prompt=x", "--model", "count-x", "--follow"], 1, "failed"),
        (["follow", "nonsense"], 2, "'nonsense' is not a job id"),
        (["follow", "0" * 20], 1, "not_found"),
        (["cancel", "0" * 20], 1, "not_found"),
        (["pause", "0" * 20], 1, "not_found"),
        (["resume", "nonsense"], 1, "not_found"),
    ],
)
async def test_what_cannot_be_done_is_one_clear_sentence(
    scripted: Stack, words: list[str], code: int, said: str
) -> None:
    exit_code, _, err = await jobcast("--url", scripted.url, *words)
    assert exit_code == code
    assert said in err
    assert "Traceback" not in err


async def test_no_server_is_one_clear_sentence() -> None:
    code, _, err = await jobcast("--url", "http://127.0.0.1:1/", "follow", "0" * 20)
    assert code == 3
    assert err.startswith("jobcast: No Jobcast server answers at http://127.0.0.1:1/ (")
    assert "Is `make run` running? If with another PORT" in err
    assert len(err.splitlines()) == 1, "what was opened was not closed"
