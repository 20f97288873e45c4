"""A backend under another name: what is said of it, and what it is asked."""

from agents.backends.presented import Presented
from tests.agents.backends.authored import Echo
from tests.agents.collecting import answer, asking, text_of


def test_it_is_the_backend_but_for_name_and_models() -> None:
    one = Presented(Echo(), name="mine", models=["a", "b"])
    assert (one.name, one.kind, one.description) == ("mine", "echo", "Says the model.")
    assert one.models == ("a", "b")


async def test_a_request_without_a_model_asks_for_the_configured_one() -> None:
    one = Presented(Echo(), name="mine", model="mid")
    assert text_of(await answer(one, asking("x"))) == "mid "
    assert text_of(await answer(one, asking("x", model="own"))) == "own "


async def test_without_a_configured_model_the_choice_stays_with_the_backend() -> None:
    assert text_of(await answer(Presented(Echo(), name="mine"), asking("x"))) == "None "


async def test_closing_closes_the_backend() -> None:
    echo = Echo()
    await Presented(echo, name="mine").aclose()
    assert echo.closed == 1
