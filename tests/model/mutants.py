"""Every rule that the promises stand on, taken out on its own. Each of these must be found out."""

from typing import Final

from tests.model.mutation import Mutant
from tests.model.node_mutants import FEED, MENDER, OUTLET, TAIL

_RESUME: Final = "shared_events.checkpoint:resume"
_RECEIVE: Final = "shared_events.fold:JobView.receive"
_REPLAY_BACK: Final = "workers.replay:Replay._take_back"
_REWRITE: Final = "workers.writer:Writer._rewrite"
_TAKE_BACK: Final = "workers.writer:Writer._take_back"
_SETTLE: Final = "workers.outbox:Outbox.settle"

CHECKPOINT: Final = {
    "an epoch never ends": Mutant(
        "shared_events.checkpoint:Reach.end_of", "successor.first - 1", "self.head"
    ),
    "it is but a number": Mutant(_RESUME, "if checkpoint.epoch is None", "if True"),
    "it may be older than the log": Mutant(_RESUME, "checkpoint.sequence < reach.first - 1", "False"),
    "it may be ahead of the log": Mutant(_RESUME, " or checkpoint.sequence > end"),
}

CLIENT: Final = {
    "it applies what it has": Mutant(
        _RECEIVE,
        "if event.sequence <= self.sequence:",
        "if event.sequence <= self.sequence:\n        self._apply(event)",
    ),
    "it goes on over a gap": Mutant(_RECEIVE, "first != self.sequence + 1", "False", world=440),
    "it drops a reset": Mutant(
        "shared_events.fold:JobView.receive_snapshot",
        "overtaken and not snapshot.reset",
        "overtaken",
        world=30,
    ),
    "it hears while it asks": Mutant(
        "tests.model.client:Client._receive",
        "self._is_deaf and self._ear is not Ear.OPEN",
        "False",
        world=1502,
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
    "it rewrites on top of what is left": Mutant("workers.rewrite:events_of", "_rewind(view), "),
    "it rewrites under its old epoch": Mutant(_REWRITE, "epoch = new_epoch()", "epoch = self.epoch"),
    "it loses its last word in a rewrite": Mutant(
        "workers.writer:Writer._begin_anew", "events[-1], last)", "events[-1])"
    ),
    "it keeps a progress that was never made": Mutant(
        "workers.rewrite:events_of", "*_progress(view, after), ", world=114
    ),
    "it never takes its job back": Mutant(_TAKE_BACK, "owner not in self._origin.predecessors", "True"),
    "it takes its job back from anybody": Mutant(
        _TAKE_BACK, "owner.epoch not in self._epochs and", "False and"
    ),
    "it does not look when it is told": Mutant("workers.writer:Writer.on_renewed", "self.look()", "pass"),
}

ATTEMPT: Final = {
    "it says everything twice": Mutant(
        "workers.attempt:Attempt._end", 'Replay("" if continues else text)', 'Replay("")'
    ),
    "it says nothing twice, though it should go on": Mutant(
        "workers.attempt:Attempt._end", 'Replay("" if continues else text)', "Replay(text)"
    ),
    "it takes back too little": Mutant(
        _REPLAY_BACK, "self._text[: self._matched]", "self._text[: self._matched + 1]"
    ),
    "it takes back too much": Mutant(
        _REPLAY_BACK, "self._text[: self._matched]", "self._text[: max(0, self._matched - 1)]"
    ),
    "it counts as Python does": Mutant(_REPLAY_BACK, "utf16_length(self._text)", "len(self._text)"),
    "it leaves what it has not said": Mutant(
        "workers.sink:AttemptSink.finish", "self._replay.finish()", "None", world=48
    ),
    "it takes everything back": Mutant("workers.replay:Replay._common", "return len(text)", "return 0"),
    "it speaks in a pause": Mutant("workers.sink:AttemptSink.chunk", "if self._pause.paused", "if False"),
    "it obeys only what comes later": Mutant(
        "workers.attempt:Attempt._outcome", "self.control.obey(claimed.control)", "pass"
    ),
    "it leaves a cancel to the next one": Mutant(
        "workers.attempt:Attempt._unless_cancelled", "cancelled is None or", "True or", world=334
    ),
    "it hears no cancel once it has to go": Mutant(
        "workers.control:Control.cancel",
        "self.cancellation = self.cancellation or cancelled",
        "self.cancellation = None if self.interruption else cancelled",
        world=334,
    ),
    "its last word is no last word": Mutant(
        "workers.attempt:Attempt._outcome", "writer.rest(reason, Rest.RETURNS)", "pass"
    ),
}

BURIAL: Final = {
    "it forgets who has cancelled": Mutant(
        "workers.burial:_last_word", "if cancel is not None", "if False", world=338
    ),
    "it forgets who has cancelled since it looked": Mutant(
        "workers.burial:_last_word", "claimed.control", "look.control", world=338
    ),
}

CODE: Final = {
    f"{part}: {name}": mutant
    for part, mutants in {
        "a feed": FEED,
        "a mender": MENDER,
        "a tail": TAIL,
        "an outlet": OUTLET,
        "a checkpoint": CHECKPOINT,
        "a client": CLIENT,
        "a writer": WRITER,
        "an attempt": ATTEMPT,
        "a burial": BURIAL,
    }.items()
    for name, mutant in mutants.items()
}
