"""The tables of the native programs: medians, ratios round by round, and what to know of a line."""

from bench.fanout.tables import fanout_sheets
from bench.measurement import Measurement
from bench.orders import Peer
from bench.sheet import Line, Sheet


def measured(
    peer: Peer, number: int, *, note: str = "", variant: str = "a load", **numbers: float
) -> Measurement:
    return Measurement("fanout", peer, number, True, numbers, variant, note)


def value(sheet: Sheet, line: Line, label: str) -> float | None:
    return dict(zip((column.label for column in sheet.columns), line.values, strict=True))[label]


def test_a_line_has_the_medians_and_the_ratio_of_the_rounds() -> None:
    costs = {Peer.JOBCAST: (2.0, 4.0, 3.0), Peer.NODE: (8.0, 8.0, 30.0)}
    [sheet] = fanout_sheets(
        measured(peer, number, server_us_per_delivery=cost)
        for peer, rounds in costs.items()
        for number, cost in enumerate(rounds, 1)
    )
    ours, theirs = sheet.lines
    assert (ours.system, theirs.system) == ("jobcast", "socket.io, Node")
    assert (value(sheet, ours, "CPU µs"), value(sheet, theirs, "CPU µs")) == (3, 8)
    assert (value(sheet, ours, "CPU, times"), value(sheet, theirs, "CPU, times")) == (None, 4)


def test_each_load_has_its_lines_with_jobcast_first() -> None:
    [sheet] = fanout_sheets(
        measured(peer, 1, variant=load) for load in ("one", "two") for peer in (Peer.LIMIT, Peer.JOBCAST)
    )
    assert [(line.variant, line.system) for line in sheet.lines] == [
        (load, peer) for load in ("one", "two") for peer in (Peer.JOBCAST, Peer.LIMIT)
    ]


def test_a_peer_that_fails_or_is_left_out_is_in_the_table_with_the_reason_and_no_ratio() -> None:
    [sheet] = fanout_sheets(
        [
            measured(Peer.JOBCAST, 1, p99_ms=2.0),
            measured(Peer.PYTHON, 1, p99_ms=900.0, note="fails (reached 15,000/s)"),
            measured(Peer.NODE, 1, note="left out: npm was not found"),
        ]
    )
    assert [(line.note, value(sheet, line, "p99, times")) for line in sheet.lines] == [
        ("", None),
        ("fails (reached 15,000/s)", None),
        ("left out: npm was not found", None),
    ]


def test_what_was_not_measured_has_no_table() -> None:
    assert fanout_sheets([Measurement("publish", Peer.JOBCAST, 1, True, {})]) == []
