"""The built-in agent `chat`: answers a prompt, or goes on with a conversation."""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from agents.backends.protocol import ChatMessage
from agents.context import JobContext
from agents.registry import agent

EXACTLY_ONE: Final = Meta(extra_json_schema={"oneOf": [{"required": ["prompt"]}, {"required": ["messages"]}]})


class ChatInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to answer: either a `prompt` or the `messages` of a conversation."""

    prompt: Annotated[str, Meta(min_length=1, max_length=60_000)] | UnsetType = UNSET
    messages: Annotated[list[ChatMessage], Meta(min_length=1, max_length=200)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.prompt is UNSET) == (self.messages is UNSET):
            raise ValueError("exactly one of `prompt` and `messages` must be given")

    @property
    def conversation(self) -> list[ChatMessage]:
        return self.messages if self.messages is not UNSET else [ChatMessage("user", str(self.prompt))]


@agent("chat", on_retry="restart")
async def chat(job: JobContext[Annotated[ChatInput, EXACTLY_ONE]]) -> None:
    """Answers a prompt, or goes on with a conversation."""
    async for _ in job.stream(job.input.conversation):
        pass
