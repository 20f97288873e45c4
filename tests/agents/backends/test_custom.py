"""Backends that authors wrote: one that can be used is, for any other there is one sentence."""

import pytest

from agents import BackendConfig, InvalidBackend, backends_from
from agents.backends.custom import custom_backend
from tests.agents.backends.authored import Echo

HERE = "tests.agents.backends.authored"


def test_a_factory_is_called_with_its_options() -> None:
    made = custom_backend("mine", f"{HERE}:Echo", {"words": 3})
    assert isinstance(made, Echo)
    assert made.words == 3


def test_a_factory_may_be_an_attribute_of_an_attribute() -> None:
    made = custom_backend("mine", f"{HERE}:Echo.twice", {})
    assert isinstance(made, Echo)
    assert made.words == 2


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("no_such_package.x:Y", "cannot be imported: ModuleNotFoundError: No module named 'no_such_package'"),
        (f"{HERE}:Nobody", "cannot be imported: AttributeError"),
        (f"{HERE}:NUMBER", "is a int, not callable"),
        (f"{HERE}:Mute", "made a Mute, which has no method 'stream'"),
        (f"{HERE}:Nameless", "made a Nameless, whose 'name' is no text"),
        (f"{HERE}:Modelless", "made a Modelless, whose 'models' is no list of texts"),
        ("builtins:dict", "made a dict, which has no method 'stream'"),
        ("sys:exit", "refused its options: SystemExit"),
    ],
)
def test_what_makes_no_backend_is_one_sentence(factory: str, said: str) -> None:
    with pytest.raises(InvalidBackend) as caught:
        custom_backend("mine", factory, {})
    message = str(caught.value)
    assert message.startswith("The backend 'mine' cannot be used: ")
    assert said in message
    assert "\n" not in message
    assert message.endswith(".")


def test_options_that_it_does_not_take_are_named() -> None:
    with pytest.raises(InvalidBackend, match=r"TypeError: .*unexpected keyword argument 'sound'"):
        custom_backend("mine", f"{HERE}:Echo", {"sound": 1})


def test_the_complaint_of_a_factory_does_not_show_its_options() -> None:
    config = BackendConfig(
        name="mine", kind="custom", factory=f"{HERE}:Careless", api_key="sk-hidden", options={"a": "sk-too"}
    )
    with pytest.raises(InvalidBackend) as caught:
        backends_from([config])
    assert "no such thing" in str(caught.value)
    assert "sk-" not in str(caught.value)
