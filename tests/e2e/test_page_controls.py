"""Pause, resume and stop in a real Chromium: the buttons show what the log says, which the test writes."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from playwright.async_api import Browser, Page
from redis.asyncio import Redis

from shared_events.answers import Answer
from shared_events.contract import ControlRequest
from shared_events.events import Event, JobCancelled, JobStatus, JobStatusChanged, encode_event
from shared_events.ids import JobId, new_epoch, new_job_id
from shared_events.keys import Keys
from shared_events.log import JobLog
from tests.e2e.browser import chromium, reads
from tests.making import chunk, status
from tests.realtime.conftest import Node, serving
from tests.redis_server import RedisServer
from tests.waiting import eventually_awaited

pytestmark = pytest.mark.browser


class Author:
    """Writes a job's log as a worker does, and hears what is asked of it."""

    def __init__(self, log: JobLog, redis: Redis, keys: Keys) -> None:
        self._log = log
        self._redis = redis
        self._keys = keys
        self.job_id: JobId = new_job_id()
        self._epoch = new_epoch()
        self._last = 0

    async def start(self) -> None:
        await self._log.create(self.job_id, new_epoch(), {"agent": "chat", "owner": "dev"})
        await self._log.start(self.job_id, self._epoch)
        await self.stands(JobStatus.RUNNING)

    async def stands(self, value: JobStatus, reason: str | None = None) -> None:
        event = status(self.job_id, self._last + 1, self._epoch, value)
        assert isinstance(event, JobStatusChanged)
        await self._write(msgspec.structs.replace(event, reason=reason), value)

    async def says(self, text: str) -> None:
        await self._write(chunk(self.job_id, self._last + 1, text))

    async def is_cancelled(self, reason: str | None) -> None:
        end = JobCancelled(job_id=self.job_id, sequence=self._last + 1, timestamp=1, reason=reason)
        await self._write(end, JobStatus.CANCELLED)

    async def vanishes(self) -> None:
        """As when the log has expired."""
        await self._redis.delete(self._keys.meta(self.job_id), self._keys.log(self.job_id))

    async def _write(self, event: Event, value: JobStatus | None = None) -> None:
        appended = await self._log.append(
            self.job_id, epoch=self._epoch, previous=self._last, events=[encode_event(event)], status=value
        )
        assert appended.answer is Answer.OK
        self._last += 1

    async def hears(self, request: str) -> ControlRequest:
        """Until that is asked of the job."""

        async def is_asked() -> bool:
            asked = await self._log.append(self.job_id, epoch=self._epoch, previous=self._last, events=[])
            self._heard = asked.control
            return f'"{request}"' in asked.control

        await eventually_awaited(is_asked)
        return msgspec.json.decode(self._heard, type=ControlRequest)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one


@pytest.fixture
async def node(shared_redis: RedisServer, keys: Keys) -> AsyncIterator[Node]:
    async with serving(shared_redis.url, keys) as one:
        yield one


@pytest.fixture
async def author(log: JobLog, redis: Redis, keys: Keys) -> Author:
    one = Author(log, redis, keys)
    await one.start()
    await one.says("half an answer")
    return one


async def opened(browser: Browser, node: Node, job_id: JobId) -> Page:
    page = await browser.new_page()
    await page.goto(f"{node.url}/?job={job_id}")
    await reads(page, "half an answer")
    return page


async def shows(page: Page, label: str, headline: str, *, disabled: bool = False) -> None:
    """Until the pause button and the status read so."""
    await page.wait_for_function(
        """([label, headline, disabled]) => {
          const [button, state] = ["pause", "state"].map((id) => document.getElementById(id));
          const words = button.textContent === label && state.textContent === headline;
          return words && button.disabled === disabled;
        }""",
        arg=[label, headline, disabled],
    )


async def test_pause_and_resume_show_what_is_under_way_and_then_what_is_true(
    browser: Browser, node: Node, author: Author
) -> None:
    page = await opened(browser, node, author.job_id)
    await page.click("#pause")
    await shows(page, "Pausing…", "running", disabled=True)
    asked = await author.hears("pause")
    assert asked == ControlRequest(request="pause", reason="by the reader", by="dev", id=asked.id)
    await author.stands(JobStatus.PAUSED, "by the reader")
    await shows(page, "Resume", "paused")
    assert await page.text_content("#step") == "by the reader · ten minutes at most"
    await page.click("#pause")
    await shows(page, "Resuming…", "paused", disabled=True)
    await author.hears("resume")
    await author.stands(JobStatus.RUNNING)
    await shows(page, "Pause", "running")
    await reads(page, "half an answer")


async def test_a_pause_is_seen_and_ended_in_another_tab_and_after_a_reload(
    browser: Browser, node: Node, author: Author
) -> None:
    first = await opened(browser, node, author.job_id)
    second = await opened(browser, node, author.job_id)
    await first.click("#pause")
    await author.hears("pause")
    await author.stands(JobStatus.PAUSED)
    for page in (first, second):
        await shows(page, "Resume", "paused")
    await first.reload()
    await shows(first, "Resume", "paused")
    await reads(first, "half an answer")
    await second.click("#pause")
    await author.hears("resume")
    await author.stands(JobStatus.RUNNING)
    for page in (first, second):
        await shows(page, "Pause", "running")


async def test_the_cursor_rests_while_the_job_does(browser: Browser, node: Node, author: Author) -> None:
    page = await opened(browser, node, author.job_id)
    caret = "getComputedStyle(document.querySelector('#answer > :last-child'), '::after').animationName"
    assert await page.evaluate(caret) == "caret"
    await author.stands(JobStatus.PAUSED)
    await shows(page, "Resume", "paused")
    assert await page.evaluate(caret) == "none"


@pytest.mark.parametrize(
    ("value", "reason", "told"),
    [
        (JobStatus.RETRYING, "HTTP 429", ("trying again (attempt 2)…", "HTTP 429")),
        (JobStatus.STALLED, None, ("stalled", "the worker fell silent; looking for another…")),
    ],
)
async def test_a_job_in_trouble_says_so(
    browser: Browser, node: Node, author: Author, value: JobStatus, reason: str | None, told: tuple[str, str]
) -> None:
    page = await opened(browser, node, author.job_id)
    await author.stands(value, reason)
    for _ in range(2):
        await shows(page, "Pause", told[0])
        assert await page.text_content("#step") == told[1]
        await page.reload()


async def test_stop_overtakes_a_pause_that_is_under_way(browser: Browser, node: Node, author: Author) -> None:
    page = await opened(browser, node, author.job_id)
    await page.click("#pause")
    await author.hears("pause")
    await page.click("#stop")
    await shows(page, "Pause", "running", disabled=True)
    await author.is_cancelled((await author.hears("cancel")).reason)
    await page.wait_for_function("() => document.getElementById('state').textContent === 'cancelled'")
    assert await page.is_hidden("#pause")
    assert await page.text_content("#step") == "stopped by the reader"


async def test_the_keyboard_pauses_and_resumes_without_seeking_the_button_again(
    browser: Browser, node: Node, author: Author
) -> None:
    """A button that is disabled loses the focus."""
    page = await opened(browser, node, author.job_id)
    await page.focus("#pause")
    await page.keyboard.press("Enter")
    await author.hears("pause")
    await author.stands(JobStatus.PAUSED)
    await shows(page, "Resume", "paused")
    await page.keyboard.press("Enter")
    await author.hears("resume")


async def test_a_pause_that_does_not_come_about_may_be_asked_for_again(
    browser: Browser, node: Node, author: Author
) -> None:
    page = await opened(browser, node, author.job_id)
    await page.clock.install()
    await page.click("#pause")
    await author.hears("pause")
    await shows(page, "Pausing…", "running", disabled=True)
    await page.clock.fast_forward(6_000)
    await shows(page, "Pause", "running")


async def test_a_pause_that_is_refused_says_why(browser: Browser, node: Node, author: Author) -> None:
    page = await opened(browser, node, author.job_id)
    await author.vanishes()
    await page.click("#pause")
    await shows(page, "Pause", "running")
    assert "no such job" in await page.inner_text("#error")
