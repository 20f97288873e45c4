import msgspec

from agents import AgentError, ChatMessage, JobContext, Tool, ToolCall, agent

WEATHER = {"Oslo": "snow, -3 °C", "Rome": "sun, 24 °C"}
MOST_ROUNDS = 5


class Question(msgspec.Struct):
    prompt: str


class Place(msgspec.Struct):
    city: str


LOOK_UP = Tool(
    name="weather",
    description="The weather in a city, now.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


class NoAnswer(AgentError):
    code = "no_answer"


@agent("weather", backends=("openai", "anthropic", "ollama"))
async def weather(job: JobContext[Question]) -> None:
    """Answers questions about the weather, which it looks up."""
    messages = [ChatMessage("user", job.input.prompt)]
    for _ in range(MOST_ROUNDS):
        reply = await job.ask(messages, publish=True, tools=[LOOK_UP])
        if not reply.tool_calls:
            return
        messages.append(ChatMessage("assistant", reply.text, tool_calls=reply.tool_calls))
        for call in reply.tool_calls:
            await job.progress(50, "looking out of the window")
            messages.append(ChatMessage("tool", looked_up(call), tool_call_id=call.id))
    raise NoAnswer(f"The model looked at the weather {MOST_ROUNDS} times and did not answer.")


def looked_up(call: ToolCall) -> str:
    """What the model is told; its mistakes too, so that it can do better."""
    try:
        city = msgspec.json.decode(call.arguments, type=Place).city
    except msgspec.DecodeError as error:
        return f"These arguments cannot be read: {error}."
    return WEATHER.get(city, f"Nothing is known about {city}.")
