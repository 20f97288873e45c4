"""The built-in agent `chat`: answers a prompt, or goes on with a conversation."""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from agents.backends.protocol import ChatMessage
from agents.built_in.conversation import Said, window
from agents.built_in.thinking import says_thinking
from agents.context import JobContext
from agents.registry import agent

EXACTLY_ONE: Final = Meta(extra_json_schema={"oneOf": [{"required": ["prompt"]}, {"required": ["messages"]}]})
TURNS: Final = 4
"""So often at most an answer that was cut is gone on with."""


class ChatInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What to answer: either a `prompt` or the `messages` of a conversation.

    `system` says how to answer, before all messages. Of these the model gets the last `history_messages`, as
    far as they have `history_tokens` tokens together with the system prompt; see `window`.
    """

    prompt: Annotated[str, Meta(min_length=1, max_length=60_000)] | UnsetType = UNSET
    messages: Annotated[list[Said], Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    system: Annotated[str, Meta(min_length=1, max_length=60_000)] | UnsetType = UNSET
    history_messages: Annotated[int, Meta(ge=1, le=200)] = 20
    history_tokens: Annotated[int, Meta(ge=1, le=1_000_000)] = 8000

    def __post_init__(self) -> None:
        if (self.prompt is UNSET) == (self.messages is UNSET):
            raise ValueError("exactly one of `prompt` and `messages` must be given")

    @property
    def conversation(self) -> list[Said]:
        """All that was said, the system prompt first."""
        said = self.messages if self.messages is not UNSET else [Said("user", str(self.prompt))]
        return [Said("system", self.system), *said] if self.system is not UNSET else said

    @property
    def asked(self) -> list[ChatMessage]:
        """What the model gets of it."""
        sent = window(self.conversation, self.history_messages, self.history_tokens)
        return [ChatMessage(said.role, said.content) for said in sent]


@agent("chat", on_retry="restart")
async def chat(job: JobContext[Annotated[ChatInput, EXACTLY_ONE]]) -> None:
    """Answers a prompt, or goes on with a conversation; a long answer is finished, not cut."""
    async for _ in job.stream(job.input.asked, max_turns=TURNS, on_reasoning=says_thinking(job)):
        pass
