"""Users who ask something of the job, and what they were told about it."""

import asyncio
from typing import Any, Final, Literal, cast

from realtime.jobs import Controlled, Jobs
from shared_events.answers import Requested
from shared_events.log import JobLog
from tests.model.network import Network, Process
from tests.model.server import KEYS
from tests.model.virtual_time import VirtualLoop
from tests.model.witness import RemoteLog, Witness

What = Literal["cancel", "pause", "resume"]

_NOBODY: Final = cast("Any", None)


class Wish:
    """What somebody asks. `holds` until the server has lost it."""

    def __init__(self, what: What, process: Process, task: "asyncio.Task[Controlled]") -> None:
        self.what = what
        self.process = process
        self.holds = True
        self._task = task

    @property
    def accepted(self) -> bool:
        """Whether the user was told so."""
        done = self._task.done() and not self._task.cancelled() and self._task.exception() is None
        return done and self._task.result().status == "accepted"

    @property
    def found(self) -> Requested | None:
        """How the job stood when the server heard of it; None if it has not."""
        return self.process.asked


class Users:
    """Each wish comes from somebody else."""

    def __init__(self, loop: VirtualLoop, network: Network, witness: Witness) -> None:
        self._loop = loop
        self._network = network
        self._witness = witness
        self.wishes: list[Wish] = []

    def ask(self, what: What) -> None:
        process = Process("user")
        remote = cast("JobLog", RemoteLog(self._witness, self._network, process))
        jobs = Jobs(remote, _NOBODY, _NOBODY, _NOBODY, KEYS)
        job_id = self._witness.job_id
        match what:
            case "cancel":
                asked = jobs.cancel(job_id, reason=None, by="model")
            case "pause":
                asked = jobs.pause(job_id, reason=None, by="model")
            case "resume":
                asked = jobs.resume(job_id, by="model")
        self.wishes.append(Wish(what, process, self._loop.create_task(asked)))
        self._loop.settle()

    def cancels(self) -> list[Wish]:
        """Those that were accepted, and that the server still knows of."""
        return [wish for wish in self.wishes if wish.what == "cancel" and wish.holds and wish.accepted]

    def lose(self) -> None:
        """The server has lost something: maybe what was asked."""
        look = self._witness.look()
        if look is None or '"cancel"' not in look.control:
            for wish in self.wishes:
                wish.holds = False
