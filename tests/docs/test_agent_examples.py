"""The agents of the author's guide do what it says, with a model that recites."""

import pytest

from agents import Agent, Answer, BackendRateLimited, InvalidInput, Recited, ToolCall, find_agent, try_agent

OSLO = ToolCall("1", "weather", '{"city": "Oslo"}')


def example(name: str) -> Agent:
    return find_agent(f"docs.examples.agents.{name}")


async def test_haiku_streams_what_the_model_says() -> None:
    trial = await try_agent(example("haiku"), {"prompt": "rain"}, says=["Rain falls."])
    assert (trial.text, trial.chunks) == ("Rain falls.", ["Rain", " falls."])
    assert trial.asked[0].messages[0].content == "A haiku about rain."


async def test_translate_tells_how_far_it_is_and_what_it_did() -> None:
    given = {"text": "Guten Morgen", "into": "French"}
    trial = await try_agent(example("translate"), given, says=["Bonjour à tous"])
    assert trial.result == {"language": "French", "words": 3}
    assert [step for _, step, _ in trial.progress] == ["translating"] * 3
    assert "French" in trial.asked[0].messages[0].content


@pytest.mark.parametrize(
    "given", [{}, {"text": ""}, {"text": "x", "into": "Klingon"}, {"text": "x", "to": "French"}]
)
async def test_translate_refuses_what_it_does_not_take(given: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="does not fit the agent 'translate'"):
        await try_agent(example("translate"), given)


async def test_weather_looks_it_up_and_then_answers() -> None:
    trial = await try_agent(example("weather"), {"prompt": "Oslo?"}, says=[OSLO, "It snows."])
    assert trial.text == "It snows."
    assert trial.asked[1].messages[-1].content == "snow, -3 °C"


async def test_weather_tells_the_model_of_its_mistakes() -> None:
    says: list[Answer] = [ToolCall("1", "weather", '{"town": "Oslo"}'), "I do not know."]
    trial = await try_agent(example("weather"), {"prompt": "Oslo?"}, says=says)
    assert "missing required field `city`" in trial.asked[1].messages[-1].content


async def test_weather_gives_up_in_words_for_users() -> None:
    trial = await try_agent(example("weather"), {"prompt": "Oslo?"}, says=lambda _: OSLO, raises=False)
    assert trial.told is not None
    assert trial.told.code == "no_answer"
    assert trial.told.message == "The model looked at the weather 5 times and did not answer."


async def test_weather_asks_another_backend_where_one_is_busy() -> None:
    backends = [Recited(BackendRateLimited("Busy."), name="anthropic"), Recited("Sun.", name="ollama")]
    trial = await try_agent(example("weather"), {"prompt": "Rome?"}, backend=backends)
    assert trial.text == "Sun."


async def test_summaries_are_made_side_by_side_and_told_as_the_result() -> None:
    given = {"articles": [{"title": "A", "text": "about rain"}, {"title": "B", "text": "about sun"}]}
    trial = await try_agent(
        example("summarize_many"), given, says=lambda request: request.messages[0].content[-4:]
    )
    assert trial.result == {"A": "rain", "B": " sun"}
    assert trial.text == " sun"
    assert (trial.steps, [percent for percent, _, _ in trial.progress]) == (
        ["reading", "writing"],
        [40.0, 80.0],
    )


async def test_countdown_counts_and_can_be_stopped() -> None:
    trial = await try_agent(example("countdown"), {"start": 3, "pause_s": 0})
    assert trial.text == "3… 2… 1… Lift-off!"
    stopped = await try_agent(example("countdown"), {"start": 1000, "pause_s": 0.01}, cancel_after=2)
    assert (stopped.text, stopped.statuses) == ("1000… 999… ", ["running", "cancelled"])
