"""A tab that nobody looks at, in a real browser: fewer and larger updates, and not a word missing."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.e2e.browser import answer, chromium, has_read, reads, watched
from tests.e2e.conftest import client_of, counted, submit
from tests.stack import Stack

pytestmark = pytest.mark.browser
LAST = 300
MODEL = f"count-{LAST}@40"
ANSWER = counted(LAST)

TURN = """
(hidden) => {
  const define = (name, value) => Object.defineProperty(document, name, { value, configurable: true });
  define("hidden", hidden);
  define("visibilityState", hidden ? "hidden" : "visible");
  document.dispatchEvent(new Event("visibilitychange"));
}
"""
"""Playwright keeps every page visible, so what the page sees of it is set by hand."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one


class Frames:
    """The Socket.IO events of a page's websocket, in both directions."""

    def __init__(self, page: Page) -> None:
        self.chunks: list[dict[str, Any]] = []
        self.said: list[bool] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        socket.on("framereceived", self._receive)
        socket.on("framesent", self._send)

    def _receive(self, frame: str | bytes) -> None:
        for name, payload in events_in(frame):
            if name == "model:chunk":
                self.chunks.append(payload)

    def _send(self, frame: str | bytes) -> None:
        for name, payload in events_in(frame):
            if name == "job:visibility":
                self.said.append(payload["visible"])


def events_in(frame: str | bytes) -> list[tuple[str, dict[str, Any]]]:
    """Event packets, with or without an id to answer to."""
    found = re.fullmatch(r"42\d*(\[.*\])", frame, re.DOTALL) if isinstance(frame, str) else None
    return [tuple(json.loads(found[1])[:2])] if found else []


def merged(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [chunk for chunk in chunks if chunk.get("fromSequence", chunk["sequence"]) < chunk["sequence"]]


async def test_a_hidden_tab_gets_merged_updates_and_is_whole_when_shown(
    scripted: Stack, browser: Browser
) -> None:
    async with watched(browser, ANSWER) as watch, client_of(scripted) as client:
        job_id = await submit(client, model=MODEL)
        page = await watch.open("about:blank")
        frames = Frames(page)
        await page.goto(f"{scripted.url}?job={job_id}")
        await has_read(page, 60)
        await page.evaluate(TURN, True)
        hidden_from = len(frames.chunks)
        held = len(await answer(page))
        # Three seconds of text: by a frame or two a second, not by the 125 that a visible page gets.
        await has_read(page, held + 500)
        while_hidden = frames.chunks[hidden_from:]
        assert frames.said == [False]
        assert merged(while_hidden)
        assert len(while_hidden) < 40, f"{len(while_hidden)} frames"
        await page.evaluate(TURN, False)
        shown_from = len(frames.chunks)
        await reads(page, ANSWER)
        assert frames.said[-1] is True
        assert len(frames.chunks) - shown_from > 40, "it is live again"
        assert (watch.wrong, watch.errors) == ([], [])
