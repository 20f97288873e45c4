"""The page in a real Chromium: whatever happens to it, at every render it shows a prefix of the answer."""

import random
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.e2e.browser import answer, chromium, has_read, reads, watched
from tests.e2e.conftest import client_of, counted, submit
from tests.stack import Stack

pytestmark = pytest.mark.browser
LAST = 300
MODEL = f"count-{LAST}@40"
ANSWER = counted(LAST)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one


async def job_page(running: Stack) -> str:
    """The address of the page of a new job."""
    async with client_of(running) as client:
        return f"{running.url}?job={await submit(client, model=MODEL)}"


async def test_a_new_user_asks_and_reads(scripted: Stack, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(scripted.url)
    await page.fill("#prompt", "Tell me something.")
    await page.press("#prompt", "Enter")
    await has_read(page, 50)
    assert "job=" in page.url
    assert await page.text_content("#state") == "running"
    await page.click("#stop")
    await page.wait_for_function("() => document.querySelector('#state').textContent.includes('cancelled')")


async def test_the_watch_sees_a_wrong_render(scripted: Stack, browser: Browser) -> None:
    async with watched(browser, "something else") as watch:
        page = await watch.open(await job_page(scripted))
        await has_read(page, 20)
        assert watch.wrong


async def test_ten_reloads_at_random_moments_lose_and_double_nothing(
    scripted: Stack, browser: Browser
) -> None:
    moments = sorted(random.Random(7).sample(range(10, len(ANSWER) - 50), 10))
    async with watched(browser, ANSWER) as watch:
        page = await watch.open(await job_page(scripted))
        for moment in moments:
            await has_read(page, moment)
            await page.reload()
            assert len(await answer(page)) > 0 or moment < 40
        await reads(page, ANSWER)
        assert (watch.wrong, watch.errors) == ([], [])


async def test_a_second_tab_and_a_reopened_one_show_the_same(scripted: Stack, browser: Browser) -> None:
    async with watched(browser, ANSWER) as watch:
        url = await job_page(scripted)
        first = await watch.open(url)
        await has_read(first, 100)
        second = await watch.open(url)
        await has_read(second, 200)
        await first.close()
        reopened = await watch.open(url)
        await reads(second, ANSWER)
        await reads(reopened, ANSWER)
        assert (watch.wrong, watch.errors) == ([], [])


async def test_the_network_off_and_on_again(scripted: Stack, browser: Browser) -> None:
    async with watched(browser, ANSWER) as watch:
        page = await watch.open(await job_page(scripted))
        for moment in (100, 300, 500):
            await has_read(page, moment)
            await page.context.set_offline(True)
            await page.evaluate("new Promise(resolve => setTimeout(resolve, 300))")
            await page.context.set_offline(False)
        await reads(page, ANSWER)
        assert (watch.wrong, watch.errors) == ([], [])


@pytest.mark.parametrize("part", ["web", "redis"])
async def test_a_killed_server_comes_back_to_a_whole_page(
    fragile: Stack, browser: Browser, part: str
) -> None:
    async with watched(browser, ANSWER) as watch:
        page = await watch.open(await job_page(fragile))
        await has_read(page, 100)
        process = fragile.web if part == "web" else fragile.redis
        process.kill()
        process.start()
        await reads(page, ANSWER)
        await page.wait_for_function(
            "() => document.querySelector('#state').textContent.includes('completed')"
        )
        assert (watch.wrong, watch.errors) == ([], [])


async def test_a_page_of_an_unknown_job_says_so(scripted: Stack, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(f"{scripted.url}?job={'0' * 20}")
    await page.wait_for_function("() => document.body.innerText.includes('no such job')")
