"""Trials: an author sees in a test what followers would, and how the agent takes what happens to it."""

import asyncio
from typing import Any

import msgspec
import pytest

from agents import (
    AgentError,
    Answer,
    BackendRateLimited,
    BackendUnavailable,
    InvalidInput,
    JobContext,
    Recited,
    Retry,
    Scripted,
    SyncJobContext,
    agent,
    try_agent,
)
from agents.trials import attempt as attempts
from agents.trials.attempt import AgentStuck, TrialTimeout
from shared_events.events import ChunkMetadata, JobCompleted, JobStatus, JobStatusChanged, Usage


class Topic(msgspec.Struct):
    topic: str


class Poem(msgspec.Struct):
    lines: int


@agent("haiku", on_retry="restart")
async def haiku(job: JobContext[Topic]) -> Poem:
    async for _ in job.stream(f"A haiku about {job.input.topic}.", step="writing"):
        await job.progress(50, "half")
    return Poem(lines=3)


@agent("plain", backends=("gpt", "ollama/llama"))
def plain(job: SyncJobContext[Topic]) -> None:
    for _ in job.stream(job.input.topic):
        pass


@agent("steady", on_retry="continue", retry=Retry(attempts=3, backoff_s=60))
async def steady(job: JobContext[Any]) -> int:
    await job.on_chunk(f"[{job.attempt}:{job.partial}]")
    if job.attempt < 3:
        raise BackendUnavailable("Not yet.")
    return job.attempt


@agent("counting")
async def counting(job: JobContext[Any]) -> None:
    try:
        for number in range(100):
            await job.on_chunk(str(number))
            await job.check()
    finally:
        await job.on_chunk("!")


async def test_three_lines_test_an_agent() -> None:
    trial = await try_agent(haiku, {"topic": "rain"}, says=["Rain falls."])
    assert trial.text == "Rain falls."


async def test_a_trial_tells_everything_that_followers_get() -> None:
    trial = await try_agent(haiku, Topic("rain"), says="Rain falls.", model="big")
    assert trial.chunks == ["Rain", " falls."]
    assert trial.metadata[0] == ChunkMetadata(step="writing", model="big")
    assert trial.steps == ["writing", "half"]
    assert trial.progress == [(50.0, "half", None)] * 2
    assert trial.result == {"lines": 3}
    assert trial.usage == Usage(input_tokens=5, output_tokens=3, estimated=True)
    assert (trial.status, trial.statuses) == (JobStatus.COMPLETED, ["running", "completed"])
    assert [request.messages[0].content for request in trial.asked] == ["A haiku about rain."]
    assert [event.sequence for event in trial.events] == [1, 2, 3, 4, 5, 6]
    assert isinstance(trial.events[0], JobStatusChanged)
    assert isinstance(trial.events[-1], JobCompleted)


async def test_what_is_taken_back_is_not_in_the_text() -> None:
    @agent("fickle")
    async def fickle(job: JobContext[Any]) -> None:
        await job.on_chunk("🌱 no")
        await job.rewind(2)
        await job.on_chunk("yes")

    assert (await try_agent(fickle)).text == "🌱 yes"


async def test_an_input_is_checked_as_a_worker_does() -> None:
    with pytest.raises(InvalidInput, match=r"does not fit the agent 'haiku': .* missing .* `topic`"):
        await try_agent(haiku, {})
    trial = await try_agent(haiku, {}, raises=False)
    assert trial.told is not None
    assert (trial.told.code, trial.chunks) == ("invalid_input", [])


async def test_an_agent_without_a_model_needs_no_answers() -> None:
    assert (await try_agent(steady, attempt=3)).result == 3


async def test_any_backend_may_be_asked_and_those_of_the_agent_come_first() -> None:
    assert (await try_agent(haiku, Topic("x"), backend=Scripted(), model="count-2@1000")).text == "1 2"
    backends = [
        Recited("1st"),
        Recited(BackendRateLimited("busy"), name="gpt"),
        Recited("3rd", name="ollama"),
    ]
    trial = await try_agent(plain, Topic("x"), backend=backends)
    assert (trial.text, trial.metadata[0].model) == ("3rd", "llama")
    assert [len(backend.asked) for backend in backends] == [0, 1, 1]
    with pytest.raises(ValueError, match="Give either"):
        await try_agent(plain, Topic("x"), says=["x"], backend=Scripted())


async def test_an_error_is_raised_or_told_when_asked() -> None:
    with pytest.raises(BackendRateLimited):
        await try_agent(haiku, Topic("x"), says=[BackendRateLimited("Slow down.")])
    trial = await try_agent(haiku, Topic("x"), says=[["Ra", BackendRateLimited("Slow down.")]], raises=False)
    assert isinstance(trial.error, BackendRateLimited)
    assert (trial.text, trial.status) == ("Ra", JobStatus.FAILED)
    assert trial.told is not None
    assert trial.told.message == "Slow down."


@pytest.mark.parametrize("error", [RuntimeError("secret"), SystemExit(3)])
async def test_words_that_are_not_for_users_are_not_told(error: BaseException) -> None:
    @agent("bad")
    async def bad(job: JobContext[Any]) -> None:
        raise error

    trial = await try_agent(bad, raises=False)
    assert trial.error is error
    assert trial.told is not None
    assert "secret" not in trial.told.message


async def test_a_result_that_json_cannot_say_is_an_error() -> None:
    @agent("odd")
    async def odd(job: JobContext[Any]) -> object:
        return object()

    with pytest.raises(AgentError, match="cannot be said in JSON"):
        await try_agent(odd)


async def test_a_second_attempt_gets_what_the_first_one_left() -> None:
    trial = await try_agent(steady, attempt=3, partial="half ")
    assert trial.chunks == ["[3:half ]"]
    assert trial.text == "half [3:half ]"


async def test_retries_go_on_as_the_policy_says_without_waiting() -> None:
    trial = await try_agent(steady, retries=True)
    assert trial.text == "[1:][2:[1:]][3:[1:][2:[1:]]]"
    assert trial.statuses == ["running", "retrying", "running", "retrying", "running", "completed"]
    assert (trial.attempts, trial.result) == (3, 3)


async def test_an_attempt_that_restarts_takes_back_what_was_said() -> None:
    says: list[Answer] = [["Ra", BackendUnavailable("Gone.")], "Sun."]
    trial = await try_agent(haiku, Topic("x"), says=says, retries=True)
    assert (trial.text, trial.chunks) == ("Sun.", ["Ra", "Sun."])


async def test_retries_end() -> None:
    says = [BackendUnavailable("Gone.")] * 3
    trial = await try_agent(haiku, Topic("x"), says=says, retries=True, raises=False)
    assert (trial.attempts, trial.status) == (3, JobStatus.FAILED)


async def test_a_cancelled_agent_cleans_up() -> None:
    trial = await try_agent(counting, cancel_after=3)
    assert trial.chunks == ["0", "1", "2", "!"]
    assert (trial.statuses, trial.error) == (["running", "cancelled"], None)


async def test_an_agent_in_a_thread_is_cancelled_too() -> None:
    @agent("long")
    def long(job: SyncJobContext[Any]) -> None:
        while True:
            job.on_chunk("x")

    assert (await try_agent(long, cancel_after=3)).status is JobStatus.CANCELLED


async def test_an_agent_that_publishes_nothing_can_be_cancelled() -> None:
    @agent("silent")
    async def silent(job: JobContext[Any]) -> None:
        await asyncio.Event().wait()

    assert (await try_agent(silent, cancel_after=0)).status is JobStatus.CANCELLED


async def test_a_paused_agent_waits_and_goes_on() -> None:
    trial = await try_agent(haiku, Topic("x"), says="one two three", pause_after=2)
    assert trial.statuses == ["running", "paused", "running", "completed"]
    assert trial.text == "one two three"


async def test_whoever_runs_a_trial_can_cancel_it() -> None:
    begun = asyncio.Event()
    events: list[str] = []

    @agent("waiting")
    async def waiting(job: JobContext[Any]) -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            await job.on_chunk("bye")

    running = asyncio.create_task(try_agent(waiting, on_event=lambda event, _: events.append(event.NAME)))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert events == ["job:status", "model:chunk", "job:cancelled"]


async def test_an_agent_that_does_not_end_is_ended() -> None:
    with pytest.raises(TrialTimeout, match=r"'counting-for-ever' ran longer than 0\.05 s"):

        @agent("counting-for-ever")
        async def for_ever(job: JobContext[Any]) -> None:
            await asyncio.Event().wait()

        await try_agent(for_ever, timeout_s=0.05)


async def test_an_agent_that_ignores_its_cancel_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "STOP_S", 0.05)

    @agent("stubborn")
    async def stubborn(job: JobContext[Any]) -> None:
        try:
            await job.on_chunk("x")
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    with pytest.raises(AgentStuck, match=r"'stubborn' went on for 0\.05 s after it was cancelled"):
        await try_agent(stubborn, cancel_after=1)


async def test_an_agent_that_cancels_itself_has_failed() -> None:
    @agent("odd")
    async def odd(job: JobContext[Any]) -> None:
        raise asyncio.CancelledError

    with pytest.raises(AgentError, match="The agent was cancelled"):
        await try_agent(odd)
