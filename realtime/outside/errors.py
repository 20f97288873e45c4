"""Why a publisher is refused.

RequestError
├── Unauthorized       no token, where one must be
├── FencedOut          somebody has begun the job anew
├── LostTail           the log lost what was acknowledged
├── OutOfTurn          another batch was published after `previous`
├── TooMuchText        the job's text is full
└── Ended              the job has ended; its code says how
"""

from typing import ClassVar

from realtime.errors import RequestError


class Unauthorized(RequestError):
    code = "unauthorized"
    status = 401


class FencedOut(RequestError):
    code = "fenced"
    status = 409


class LostTail(RequestError):
    code = "lost_tail"
    status = 409


class OutOfTurn(RequestError):
    code = "out_of_turn"
    status = 409


class TooMuchText(RequestError):
    code = "output_too_large"
    status = 413


class Ended(RequestError):
    code: ClassVar[str] = "already_finished"
    status = 409


class Cancelled(Ended):
    code = "cancelled"
