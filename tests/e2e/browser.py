"""A real Chromium for tests, and a watch over what a page shows."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, BrowserContext, Error, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium as root, and without its calls home.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

WATCH = """
(expected) => {
  const check = () => {
    const shown = document.querySelector("#answer")?.textContent ?? "";
    if (!expected.startsWith(shown)) window.report(shown);
  };
  new MutationObserver(check).observe(document, { subtree: true, childList: true, characterData: true });
}
"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser; skips where there is none, fails under CI=true."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        except Error as error:
            reason = f"No Chromium can be started: {error.message.splitlines()[0]}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        yield browser
        await browser.close()


class Watched:
    """Pages whose every render must be a prefix of `expected`; what was not is in `wrong`."""

    def __init__(self, context: BrowserContext, expected: str) -> None:
        self._context = context
        self._expected = expected
        self.wrong: list[str] = []
        self.errors: list[str] = []

    async def start(self) -> None:
        await self._context.expose_function("report", self._report)
        await self._context.add_init_script(f"({WATCH})({json.dumps(self._expected)})")

    def _report(self, shown: str) -> None:
        self.wrong.append(shown)

    async def open(self, url: str) -> Page:
        page = await self._context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.goto(url)
        return page


@asynccontextmanager
async def watched(browser: Browser, expected: str) -> AsyncIterator[Watched]:
    context = await browser.new_context()
    watch = Watched(context, expected)
    await watch.start()
    try:
        yield watch
    finally:
        await context.close()


async def answer(page: Page) -> str:
    return await page.text_content("#answer") or ""


async def reads(page: Page, text: str, timeout_s: float = 40) -> None:
    """Until the page shows exactly `text`. Raises playwright's `TimeoutError`."""
    await page.wait_for_function(
        "text => document.querySelector('#answer')?.textContent === text", arg=text, timeout=timeout_s * 1000
    )


async def has_read(page: Page, characters: int) -> None:
    """Until the page shows that many characters."""
    await page.wait_for_function(
        "n => (document.querySelector('#answer')?.textContent ?? '').length >= n", arg=characters
    )
