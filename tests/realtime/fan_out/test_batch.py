"""Events that go out together: every transport gets the same, and it is made once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.fan_out.batch import Batch, messages_of
from tests.realtime.fan_out.listener import Frames

EVENTS = st.lists(
    st.one_of(st.text(max_size=300), st.integers(0, 70_000).map(lambda n: "x" * n)).map(str.encode),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_every_transport_gets_the_same_events(events: list[bytes]) -> None:
    batch = Batch(events)
    packets = [f"42{event.decode()}" for event in events]
    assert batch.packets == packets
    assert Frames().feed(batch.messages) == packets
    assert Frames().feed(batch.deflated) == packets
    assert messages_of(events) == batch.messages
    assert batch.size == sum(map(len, events))


def test_a_batch_is_made_once_for_all() -> None:
    batch = Batch([b"x" * 3000])
    assert batch.messages is batch.messages
    assert batch.packets is batch.packets
    assert batch.deflated is batch.deflated


def test_a_small_batch_is_not_compressed() -> None:
    batch = Batch([b"small"])
    assert batch.deflated is batch.messages


def test_compressed_messages_fit_whatever_a_client_has_received_before() -> None:
    frames = Frames()
    for n in range(5):
        event = b'["model:chunk",{"chunk":"%d"}]' % n * 50
        assert frames.feed(Batch([event, event]).deflated) == [f"42{event.decode()}"] * 2


def test_what_is_no_text_disturbs_nobody_else_in_the_flush() -> None:
    """It raised for the first follower that polls, and what others were due in that flush was lost."""
    assert Batch([b'["model:chunk",\xff]']).packets == ['42["model:chunk",\ufffd]']
