"""Sending to many sockets: every test runs over C and over Python."""

import errno
import os
import resource
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.fan_out import broadcast
from realtime.fan_out.broadcast import Batch, SendMany, choose
from tests.realtime.fan_out.sockets import Connect, descriptors_of, ints, needs_native, unix_line
from tests.waiting import wait_until

FULL_BYTES = 50_000_000
"""More than any pair of sockets takes by itself."""


def test_the_choice_is_python_where_c_is_not_wanted_or_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose(native=False) is broadcast.send_many
    monkeypatch.setattr(broadcast, "_native", None)
    assert choose(native=True) is broadcast.send_many


@needs_native
def test_the_choice_is_c_where_it_was_built() -> None:
    assert choose(native=True) is not broadcast.send_many


def test_each_slot_gets_its_batches_in_order(send_many: SendMany, connect: Connect) -> None:
    lines = [connect() for _ in range(3)]
    batches = [(ints(2, 0), b"one "), (ints(0), b"two "), (ints(0, 2), b"three")]
    descriptors = descriptors_of(*lines)
    assert send_many(descriptors, batches) == []
    assert [line.everything() for line in lines] == [b"one two three", b"", b"one three"]
    assert descriptors == descriptors_of(*lines)


def test_a_slot_that_stands_twice_gets_the_bytes_twice(send_many: SendMany, connect: Connect) -> None:
    line = connect()
    assert send_many(descriptors_of(line), [(ints(0, 0), b"x")]) == []
    assert line.everything() == b"xx"


def test_nothing_to_send_is_no_error(send_many: SendMany, connect: Connect) -> None:
    line = connect()
    assert send_many(ints(), []) == []
    assert send_many(ints(), [(ints(), b"x")]) == []
    assert send_many(descriptors_of(line), [(ints(), b"x"), (ints(0), b"")]) == []
    assert line.everything() == b""


def test_a_slot_without_a_descriptor_is_left_to_the_caller(send_many: SendMany, connect: Connect) -> None:
    line = connect()
    descriptors = ints(-1, line.descriptor, -7)
    assert send_many(descriptors, [(ints(0, 1, 2), b"x")]) == [(0, 0, 0), (0, 2, 0)]
    assert line.everything() == b"x"


def test_a_full_socket_takes_a_part_and_then_nothing(send_many: SendMany, connect: Connect) -> None:
    full, free = connect(), connect()
    data = os.urandom(1000) * (FULL_BYTES // 1000)
    taken: list[int] = []

    def take() -> bool:
        [(_, _, written)] = send_many(descriptors_of(full), [(ints(0), data[sum(taken) :])])
        taken.append(written)
        # TCP may move bytes on to the other end after it has refused more.
        return taken[-3:] == [0, 0, 0]

    wait_until(take)
    assert 0 < taken[0] < len(data)
    assert send_many(descriptors_of(full, free), [(ints(0, 1), b"x")]) == [(0, 0, 0)]
    assert full.everything() == data[: sum(taken)]
    assert free.everything() == b"x"


def test_nothing_overtakes_the_rest_of_what_was_taken_in_part(send_many: SendMany, connect: Connect) -> None:
    """The socket may have room again one call later: then the next bytes would land inside the first."""
    line = connect()
    descriptors = descriptors_of(line)
    batches = [(ints(0), bytes(FULL_BYTES)), (ints(0, 0), b"next")]
    first, *others = send_many(descriptors, batches)
    assert 0 < first[2] < FULL_BYTES
    assert others == [(1, 0, 0), (1, 0, 0)]
    assert descriptors == ints(-1)
    assert line.everything() == bytes(first[2])


def test_a_peer_that_is_gone_is_an_error_and_hinders_nobody(send_many: SendMany, connect: Connect) -> None:
    gone, there = connect(), connect()
    gone.hang_up()
    descriptors = descriptors_of(gone, there)
    [(index, slot, error)] = send_many(descriptors, [(ints(0, 1), b"x")])
    assert (index, slot) == (0, 0)
    assert error in {-errno.EPIPE, -errno.ECONNRESET}
    assert descriptors == ints(-1, there.descriptor)
    assert there.everything() == b"x"


def test_what_is_no_open_descriptor_is_an_error(send_many: SendMany) -> None:
    assert send_many(ints(2**31 - 1), [(ints(0), b"x")]) == [(0, 0, -errno.EBADF)]


def test_five_megabytes_arrive_in_parts(send_many: SendMany, connect: Connect) -> None:
    line = connect()
    data, received = os.urandom(1000) * 5000, b""
    while len(received) < len(data):
        rest = data[len(received) :]
        unfinished = send_many(descriptors_of(line), [(ints(0), rest)])
        received += line.read(unfinished[0][2] if unfinished else len(rest))
    assert received == data


@pytest.fixture
def room_for_thousands() -> Iterator[None]:
    """Of open sockets in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("room_for_thousands")
def test_a_thousand_sockets_in_one_batch_and_in_a_thousand(send_many: SendMany, connect: Connect) -> None:
    lines = [connect() for _ in range(1000)]
    one = [(ints(*range(1000)), b"all ")]
    many = [(ints(slot), b"%d" % slot) for slot in range(1000)]
    assert send_many(descriptors_of(*lines), one + many) == []
    assert [line.everything() for line in lines] == [b"all %d" % slot for slot in range(1000)]
    for line in lines:
        line.close()


STATES = ("open", "full", "gone", "none")


class World:
    """Connections in given states, and what became of them."""

    def __init__(self, states: list[str]) -> None:
        self.lines = [unix_line() for _ in states]
        self.descriptors = descriptors_of(*self.lines)
        for slot, state in enumerate(states):
            self._enter(slot, state)

    def _enter(self, slot: int, state: str) -> None:
        if state == "full":
            self.lines[slot].fill()
        elif state == "gone":
            self.lines[slot].hang_up()
        elif state == "none":
            self.descriptors[slot] = -1

    def send(self, way: SendMany, batches: list[Batch]) -> object:
        """All that can be observed, with descriptors as whether they are still there."""
        unfinished = way(self.descriptors, batches)
        received = [line.everything() for line in self.lines]
        for line in self.lines:
            line.close()
        return unfinished, [one >= 0 for one in self.descriptors], received


@needs_native
@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(STATES), min_size=1, max_size=6), st.data())
def test_both_ways_give_the_same_answer_and_the_same_bytes(states: list[str], data: st.DataObject) -> None:
    slots = st.lists(st.integers(0, len(states) - 1), max_size=8).map(lambda drawn: ints(*drawn))
    sent = st.one_of(st.binary(max_size=20), st.integers(0, 10**6).map(bytes))
    batches = data.draw(st.lists(st.tuples(slots, sent), max_size=6))
    in_c, in_python = (World(states).send(choose(native=native), batches) for native in (True, False))
    assert in_c == in_python
