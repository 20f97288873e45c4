"""What no honest client sends, and why its connection is closed."""

from aiohttp import WSCloseCode


class ProtocolViolation(Exception):
    """The message says what it was; it is logged, throttled, and counted. `code` closes a websocket."""

    def __init__(self, reason: str, *, code: int = WSCloseCode.POLICY_VIOLATION) -> None:
        super().__init__(reason)
        self.code = code
