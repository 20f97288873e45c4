"""Every rule of the fan-out that followers stand on, taken out on its own: each must be found out."""

from typing import Final

from tests.model.mutation import Mutant

_FEED: Final = "realtime.fan_out.feed:Feed."
_AUDIENCE: Final = "realtime.fan_out.audience:Audience."
_TAIL: Final = "realtime.fan_out.tail:Tail."
_OUTLET: Final = "realtime.fan_out.outlet:Outlet."
_STEP: Final = "realtime.fan_out.cursor:step"
_CLEARED: Final = "self._outlets.descriptors[self.slot] = -1"

MUTANTS: Final = {
    "a message goes on over a gap": Mutant(_STEP, "message.first > position.sequence + 1 or "),
    "a message of another epoch goes on": Mutant(_STEP, "message.epoch != position.epoch", "False"),
    "the next event may have any number": Mutant(
        _FEED + "receive", 'first == b"%d" % (tail.sequence + 1)', "first"
    ),
    "the next event may be of any epoch": Mutant(_FEED + "receive", "epoch == tail.open_epoch", "epoch"),
    "who is hidden loses what is due": Mutant(
        _AUDIENCE + "hide", "position_at(self.sent)", "position_at(self.tail.sequence)"
    ),
    "who cannot take it has got it": Mutant(_AUDIENCE + "missed", "self.sent - events", "self.sent"),
    "who cannot take it stays live": Mutant(_AUDIENCE + "missed", "self.live.remove(follower)", "pass"),
    "who comes in the middle gets what is due": Mutant(_AUDIENCE + "attach", "if at > self.sent", "if False"),
    "who comes again is there twice": Mutant(_AUDIENCE + "attach", "self.detach(outlet)", "pass"),
    "who goes stays live": Mutant(_AUDIENCE + "detach", "if follower.live", "if False"),
    "a longer log is not sent on": Mutant(_FEED + "adopt", "new.newer_than(old.sequence) or []", "[]"),
    "a new log goes unnoticed": Mutant(_FEED + "_begin_anew", "old.position", "new.position"),
    "many events are as good as sent": Mutant(
        _FEED + "_send_on", "tail.position_at(tail.sequence - len(events))", "tail.position"
    ),
    "who caught up is not checked for its epoch": Mutant(
        _AUDIENCE + "_serve_once", "isinstance(verdict, Delta) and ", ""
    ),
    "a reset is not said to be one": Mutant(
        _AUDIENCE + "_serve_once",
        "self._show(follower, tail, reset=verdict.reset)",
        "self._show(follower, tail, reset=False)",
    ),
    "who caught up is never let go": Mutant(
        _AUDIENCE + "_caught_up", "tail.ended and not self._due", "False"
    ),
    "the end lets nobody go": Mutant("realtime.fan_out.flusher:Flusher._flush", "if feed.urgent", "if False"),
    "who is full is sent more": Mutant(
        "realtime.fan_out.flusher:Flusher._finish", "elif outlet.congested", "elif False"
    ),
    "a piece stands for less than it holds": Mutant(_TAIL + "_cut", "sequence + count", "sequence + 1"),
    "the newer ones begin one too early": Mutant(
        _TAIL + "newer_than", "sequence + 1 - self.first", "sequence - self.first"
    ),
    "a snapshot is made of a part": Mutant(_TAIL + "_drop_base", "self.complete = False", "pass"),
    "a merged chunk does not say where it begins": Mutant(
        "realtime.fan_out.merge:_merged_run", "from_sequence=begin", "from_sequence=None"
    ),
    "what stands between chunks is merged away": Mutant(
        "realtime.fan_out.merge:_runs", "run and one.chunk is None", "False"
    ),
    "what waits is overtaken": Mutant(_OUTLET + "_put_messages", _CLEARED, "pass"),
    "what the transport holds is overtaken": Mutant(_OUTLET + "blocked", _CLEARED, "pass"),
    "the descriptor is given while something waits": Mutant(_OUTLET + "_tell", " and not self.unsent"),
    "the rest is sent from its beginning": Mutant(
        _OUTLET + "put_rest", "write(messages[written:])", "write(messages)"
    ),
    "the upgrade loses what waits": Mutant(
        _OUTLET + "open_socket", "for packet in packets:", "for packet in packets[:0]:"
    ),
    "a poll takes the latest first": Mutant(_OUTLET + "take", "popleft()", "pop()"),
    "the last live one keeps its slot": Mutant(
        "realtime.fan_out.follower:LiveSet.remove", "self.slots[last.index] = slot", "pass"
    ),
    "who is gone may yet join": Mutant(
        "realtime.fan_out.outlet:Outlet.follow_nothing", "self.joining.clear()", "pass"
    ),
}
