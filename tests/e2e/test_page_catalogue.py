"""The page in a real Chromium while workers come: whom it offers, and what it says while nobody is there."""

from collections.abc import AsyncIterator, Iterator

import pytest
import redis as sync_redis
from playwright.async_api import Browser, Page

from shared_events.catalogue import announce
from shared_events.contract import AgentEntry, Announcement
from shared_events.keys import Keys
from tests.e2e.browser import chromium
from tests.realtime.conftest import CHAT, SCRIPTED, Node, serving
from tests.redis_server import RedisServer

pytestmark = pytest.mark.browser
TRANSLATE = AgentEntry(
    name="translate",
    description="Needs a language, too.",
    input_schema={
        "type": "object",
        "properties": {"prompt": {"type": "string"}, "language": {"type": "string"}},
        "required": ["prompt", "language"],
    },
)


@pytest.fixture
async def node(shared_redis: RedisServer, keys: Keys) -> AsyncIterator[Node]:
    async with serving(shared_redis.url, keys) as one:
        yield one


@pytest.fixture
async def page(node: Node) -> AsyncIterator[Page]:
    async with chromium() as browser:
        yield await opened(browser, node)


async def opened(browser: Browser, node: Node) -> Page:
    page = await browser.new_page()
    await page.goto(node.url)
    await says(page, "note", "No worker has announced itself yet")
    await page.clock.install()
    return page


@pytest.fixture
def redis_of_a_worker(shared_redis: RedisServer) -> Iterator[sync_redis.Redis]:
    with sync_redis.Redis.from_url(shared_redis.url, protocol=2) as client:
        yield client


async def says(page: Page, element: str, words: str) -> None:
    """Until the element has these words in its text; with none, until it is empty."""
    await page.wait_for_function(
        """([id, words]) => {
          const shown = document.getElementById(id).textContent;
          return words ? shown.includes(words) : shown === "";
        }""",
        arg=[element, words],
    )


async def asked_in_vain(page: Page) -> None:
    await page.fill("#prompt", "Is anybody there?")
    async with page.expect_response("**/v1/agents"):
        await page.click("#run")
        await says(page, "error", "No worker is there")


async def test_that_nobody_was_there_is_said_until_somebody_is(
    page: Page, redis_of_a_worker: sync_redis.Redis, keys: Keys
) -> None:
    """The error of a Run without a worker stayed on the page after workers had come."""
    await asked_in_vain(page)
    announce(redis_of_a_worker, keys, "w1", Announcement(agents=[CHAT, TRANSLATE], backends=[SCRIPTED]))
    await page.clock.fast_forward(4_000)
    await says(page, "error", "")
    assert await page.is_hidden("#error")
    assert await page.locator("#agent option").all_inner_texts() == ["chat"]


async def test_agents_that_need_more_than_one_text_are_not_offered(
    page: Page, redis_of_a_worker: sync_redis.Redis, keys: Keys
) -> None:
    await asked_in_vain(page)
    announce(redis_of_a_worker, keys, "w1", Announcement(agents=[TRANSLATE], backends=[SCRIPTED]))
    await page.clock.fast_forward(4_000)
    await says(page, "note", "need more than one text")
    await says(page, "error", "")
    assert await page.locator("#agent option").count() == 0
