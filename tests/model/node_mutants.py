"""The rules of a node's fan-out, each taken out on its own."""

from typing import Final

from tests.model.mutation import Mutant

_CURSOR: Final = "realtime.fan_out.cursor:"
_FEED: Final = "realtime.fan_out.feed:Feed."
_AUDIENCE: Final = "realtime.fan_out.audience:Audience."
_MENDER: Final = "realtime.fan_out.mender:Mender."
_TAIL: Final = "realtime.fan_out.tail:Tail."
_OUTLET: Final = "realtime.fan_out.outlet:Outlet."
_HUB: Final = "realtime.fan_out.hub:Hub."
_FLUSHER: Final = "realtime.fan_out.flusher:Flusher."

FEED: Final = {
    "it sends on over a gap": Mutant(_CURSOR + "step", "message.first > position.sequence + 1 or "),
    "it sends on over a new epoch": Mutant(_CURSOR + "step", "message.epoch != position.epoch", "False"),
    "it takes an announcement for its events": Mutant(
        _CURSOR + "step",
        " or message.events is None:\n        return None",
        ":\n        return None\n"
        "    if message.events is None:\n        return Step([], Position(position.epoch, message.last))",
    ),
    "it takes any single event for the next": Mutant(
        _FEED + "receive", ' and first == b"%d" % (tail.sequence + 1)'
    ),
    "it takes an event of any epoch for the next": Mutant(_FEED + "receive", "epoch == tail.open_epoch and "),
    "it goes on with an epoch that was succeeded": Mutant(
        _FEED + "_go", " or (made.events and not tail.open_epoch)", world=30
    ),
    "it never looks for a lost last event": Mutant(_FEED + "compare", "if known is not None", "if False"),
    "it goes through all it has heard after a read": Mutant(
        _FEED + "about_to_read", "self._heard, self._heard_bytes = [], 0", "pass"
    ),
    "it forgets what it heard during a read": Mutant(
        _FEED + "_mended", "heard, kept_all = self._heard,", "heard, kept_all = [],", world=32
    ),
    "it drops what it could not keep during a read": Mutant(
        _FEED + "_mended", "if not kept_all", "if False", world=156
    ),
    "it lets wait what it heard during a read": Mutant(
        _FEED + "_mended", "self._wishes.flush(self)", "pass", world=1250
    ),
    "it serves nobody after a read": Mutant(_FEED + "_mended", "self.serve_all()", "pass"),
    "it has a newcomer wait for what it has got": Mutant(
        _AUDIENCE + "attach", "if at > self.sent", "if False", world=256
    ),
    "it leaves a hole from when nobody followed": Mutant(_FEED + "attach", "if self.lacks_log", "if False"),
    "it resets without saying so": Mutant(_AUDIENCE + "_serve_once", "reset=verdict.reset", "reset=False"),
    "it resets by what it knows": Mutant(
        _AUDIENCE + "verdict", "(final or not verdict.reset)", "True", world=381
    ),
    "it shows newcomers half of a job": Mutant(_AUDIENCE + "verdict", "self.tail.complete and ", world=490),
    "it shows half of a job": Mutant(_AUDIENCE + "_serve_once", "if tail.complete", "if True", world=410),
    "it takes what was missed for sent": Mutant(
        _AUDIENCE + "missed", "self.sent - events", "self.sent", world=76
    ),
    "it does not show a page again": Mutant(_AUDIENCE + "hide", "self.serve(follower)", "pass"),
    "it serves hidden pages at once": Mutant(_AUDIENCE + "_caught_up", "elif not follower.hidden", "else"),
    "it lets go before the end": Mutant(_AUDIENCE + "_caught_up", " and not self._due", world=81),
    "it never lets go": Mutant(_AUDIENCE + "flushed", "self.tail is not None and self.tail.ended", "False"),
    "it goes on with another log": Mutant(
        _FEED + "learn", "not isinstance(_go_on(tail, read), Delta)", "False"
    ),
    "it takes a longer log for the same": Mutant(
        _FEED + "adopt", "isinstance(_go_on(old, whole), Delta)", "new.sequence >= old.sequence"
    ),
    "it keeps to itself what it has read": Mutant(
        _FEED + "adopt", "new.newer_than(old.sequence) or []", "[]", world=93
    ),
    "it keeps to itself what it has learnt": Mutant(
        _FEED + "learn", "self._send_on(tail, read.events)", "pass"
    ),
    "it gives up at once what the log has lost": Mutant(
        _FEED + "adopt", "_cut_off(old, new) and not at_any_price", "False", world=347
    ),
    "it takes the live ones along to another log": Mutant(
        _FEED + "_begin_anew", "self._set_back(old.position)", "pass"
    ),
    "it sets back to where somebody once stood": Mutant(
        _AUDIENCE + "_set_back", "follower.position = position", "pass"
    ),
    "it skips what is much": Mutant(
        _FEED + "_send_on", "tail.position_at(tail.sequence - len(events))", "tail.position"
    ),
}

MENDER: Final = {
    "it reads before it hears": Mutant(_MENDER + "_read", "await self._subscribe(feed)", "pass"),
    "it gives up": Mutant(_MENDER + "_mend", "while feed.lacks_log", "if feed.lacks_log"),
    "it never says farewell": Mutant(_MENDER + "_mend_once", "if not patient:", "if False:", world=27),
    "it does not compare": Mutant(_HUB + "_look_at", "if feed.quiet()", "if False"),
    "it attaches who is gone": Mutant(
        "realtime.fan_out.outlet:Outlet.follow_nothing", "self.joining.clear()", "pass"
    ),
}

TAIL: Final = {
    "it does not know that an epoch was succeeded": Mutant(
        _TAIL + "_open_epoch", ' if self._epochs[-1].epoch == self.epoch else b""', world=30
    ),
    "it forgets that it has forgotten": Mutant(_TAIL + "_drop_base", "complete = False", "complete = True"),
    "it takes half for all": Mutant(_TAIL + "shortest", " or not self.complete", world=30),
    "it takes what it does not hold for held": Mutant(
        _TAIL + "newer_than", "sequence < self.first - 1", "False", world=257
    ),
    "it keeps the old name after more was read": Mutant(
        _TAIL + "extend", "self._epochs, self.epoch = reach.epochs, reach.wrote", "pass"
    ),
    "it merges without saying from where": Mutant(
        "realtime.fan_out.merge:_merged_run", "from_sequence=begin", "from_sequence=None"
    ),
}

OUTLET: Final = {
    "it lets others overtake what waits": Mutant(
        _OUTLET + "_put_messages", "self._outlets.descriptors[self.slot] = -1", "pass"
    ),
    "it lets others overtake what is held": Mutant(_OUTLET + "_tell", " and not self.unsent", world=78),
    "it serves nobody once it has drained": Mutant(
        _OUTLET + "_serve", "follower.feed.serve(follower)", "pass"
    ),
    "it waits for a drain that never comes": Mutant(
        _OUTLET + "flush", "fell_behind and not self.unsent", "False", world=38
    ),
    "it says again what was written": Mutant(_OUTLET + "put_rest", "messages[written:]", "messages"),
    "it loses what waits for a poll": Mutant(
        _OUTLET + "open_socket", "for packet in packets", "for packet in []", world=44
    ),
    "it closes and goes on following": Mutant(_OUTLET + "close", "self.follow_nothing()", "pass"),
    "it keeps a line that is broken": Mutant(_FLUSHER + "_finish", "outlet.abort()", "pass"),
    "it drops what a full line does not take": Mutant(_FLUSHER + "_finish", "outlet.deliver(batch)", "pass"),
    "it fills a line that is full": Mutant(
        _FLUSHER + "_finish", "elif outlet.congested", "elif False", world=76
    ),
    "it serves a line that is full": Mutant(_AUDIENCE + "serve", " and not follower.outlet.congested"),
}
