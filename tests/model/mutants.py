"""Every rule that the promises stand on, taken out on its own. Each of these must be found out."""

from typing import Final

from tests.model.mutation import Mutant

_STEP: Final = "realtime.cursor:step"
_SINCE: Final = "realtime.feed:Feed._since"
_RESUME: Final = "shared_events.checkpoint:resume"
_RECEIVE: Final = "shared_events.fold:JobView.receive"
_SETTLE: Final = "workers.outbox:Outbox.settle"

NODE: Final = {
    "it sends on over a gap": Mutant(_STEP, "message.first > position.sequence + 1 or "),
    "it sends on over a new epoch": Mutant(_STEP, "message.epoch != position.epoch", "False"),
    "it takes an announcement for its events": Mutant(
        _STEP,
        " or message.events is None:\n        return None",
        ":\n        return None\n"
        "    if message.events is None:\n        return Step([], Position(position.epoch, message.last))",
    ),
    "it never looks for a lost last event": Mutant(
        "realtime.feed:Feed.compare", "if known is not None", "if False"
    ),
    "it goes through all it has heard after a read": Mutant(
        _SINCE, "self.heard - reading.heard", "len(self._tail)"
    ),
    "it forgets what it heard during a read": Mutant(_SINCE, "self.heard - reading.heard", "0"),
    "it hands a read to whoever follows by then": Mutant(
        "realtime.feed:Feed.resume", "is not follower", "is None"
    ),
    "it hands a read to whoever has moved on": Mutant(
        "realtime.hub:Hub._read_for", " and follower.position == position"
    ),
    "it never reads for those who lag": Mutant("realtime.hub:Hub._catch_up", ":= feed.lagging", ":= []"),
    "it resets without saying so": Mutant(
        "realtime.reader:LogReader._read", "reset=snapshot.reset", "reset=False"
    ),
}

CHECKPOINT: Final = {
    "an epoch never ends": Mutant(
        "shared_events.checkpoint:Reach.end_of", "successor.first - 1", "self.head"
    ),
    "it is but a number": Mutant(_RESUME, "if checkpoint.epoch is None", "if True"),
    "it may be older than the log": Mutant(_RESUME, "reach.first - 1 <= ", "0 <= "),
    "it may be ahead of the log": Mutant(_RESUME, " <= end"),
}

CLIENT: Final = {
    "it applies what it has": Mutant(
        _RECEIVE,
        "if event.sequence <= self.sequence:",
        "if event.sequence <= self.sequence:\n        self._apply(event)",
    ),
    "it drops a reset": Mutant(
        "shared_events.fold:JobView.receive_snapshot", "overtaken and not snapshot.reset", "overtaken"
    ),
    "it hears while it asks": Mutant(
        "tests.model.client:Client._receive", "self._is_deaf and self._ear is not Ear.OPEN", "False"
    ),
}

WRITER: Final = {
    "it takes a gap for an answer": Mutant(
        _SETTLE,
        "Answer.GAP if head >= self._first - 1:",
        "Answer.GAP if head >= self._first - 1:\n            return Next.GO_ON",
    ),
    "it takes a repetition for everything": Mutant(
        _SETTLE,
        "Answer.DUP if head <= self.last:",
        "Answer.DUP if head <= self.last:\n            head = self.last if answer is Answer.DUP else head",
    ),
    "it replays more than it has kept": Mutant(_SETTLE, "head >= self._first - 1", "head >= 0"),
    "it goes on when it is fenced": Mutant(_SETTLE, "return Next.FENCED", "return Next.REWRITE"),
    "it rewrites on top of what is left": Mutant("workers.rewrite:events_of", "_rewind(view), "),
    "it rewrites under its old epoch": Mutant(
        "workers.writer:Writer._rewrite", "self._epoch = new_epoch()", "pass"
    ),
    "it goes on from the text of the last attempt": Mutant(
        "workers.attempt:Attempt._write", "if had_text:", "if False:"
    ),
}

CODE: Final = {
    f"{part}: {name}": mutant
    for part, mutants in {
        "a node": NODE,
        "a checkpoint": CHECKPOINT,
        "a client": CLIENT,
        "a writer": WRITER,
    }.items()
    for name, mutant in mutants.items()
}
