"""The body of a response as it comes, cut off when its server falls silent."""

import asyncio

import aiohttp


class Answer:
    """Reads the body of `response`. You must call `close` at the end, whatever happened."""

    def __init__(self, response: aiohttp.ClientResponse, *, silence_timeout_s: float) -> None:
        self.status = response.status
        self.headers = response.headers
        self.media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        self._is_packed = "content-encoding" in response.headers
        self._response = response
        self._content = response.content
        self._loop = asyncio.get_running_loop()
        self.silence_timeout_s = silence_timeout_s
        self._silent = False
        self._waiting_since: float | None = None
        self._timer = self._loop.call_later(silence_timeout_s, self._watch)
        _without_timer(response)

    async def read(self) -> bytes:
        """What has come since the last read, waiting for something; empty at the end.

        Raises `aiohttp.ClientError`, and `TimeoutError` after a wait of `silence_timeout_s`.
        """
        self._waiting_since = self._loop.time()
        if self._is_packed:
            # A little of it may unpack to so much that no read ever waits: others get their turn here.
            await asyncio.sleep(0)
        try:
            return await self._content.readany()
        except aiohttp.ClientError as error:
            return self._rest(error)
        finally:
            self._waiting_since = None

    def close(self) -> None:
        """Cut the connection, unless the body has come to its end."""
        self._timer.cancel()
        self._response.close()

    def _rest(self, error: aiohttp.ClientError) -> bytes:
        """What came before `error`; raises it once there is nothing more."""
        # aiohttp tells of an error at once, also to a reader who has not yet read what came ahead of it.
        self._content.set_exception(None)  # type: ignore[arg-type]
        rest = self._content.read_nowait()
        self._content.set_exception(error)
        if not rest:
            raise (TimeoutError() if self._silent else error)
        return rest

    def _watch(self) -> None:
        now = self._loop.time()
        due = (now if self._waiting_since is None else self._waiting_since) + self.silence_timeout_s
        if due > now:
            self._timer = self._loop.call_at(due, self._watch)
        else:
            self._silent = True
            self._response.close()


def _without_timer(response: aiohttp.ClientResponse) -> None:
    # aiohttp sets a timer anew at every read, and also counts while nobody wants to read. `_watch` is one
    # timer for all reads.
    if response.connection is not None and response.connection.protocol is not None:
        response.connection.protocol.read_timeout = None
        response.connection.protocol.start_timeout()
