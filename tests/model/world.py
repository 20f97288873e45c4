"""One job, with everybody who has to do with it: server, workers, sweepers, nodes and clients."""

from collections.abc import Callable
from typing import cast

from shared_events.events import JobStatus, JobStatusChanged, encode_event
from shared_events.fold import JobView
from shared_events.ids import new_epoch, new_job_id
from shared_events.log import JobLog
from shared_events.redis_client import COMMAND_TIMEOUT_S
from tests.model.client import Client, Ear
from tests.model.counted_ids import IDS
from tests.model.met import Met
from tests.model.network import Call, Network, Process
from tests.model.node import Node, publish_to
from tests.model.server import Server
from tests.model.sweeping import sweep
from tests.model.users import Users
from tests.model.virtual_time import VirtualLoop
from tests.model.witness import RemoteLog, Witness
from tests.model.worker import Worker

NODES = 2
BUSY = 1
"""The node to which every flush costs much."""
ROUNDS_TO_REST = 150
"""With time standing still everybody has to come to rest within so many rounds of calls and answers."""
BACK_AFTER_S = 0.5
_BROKEN = frozenset({"reply lost", "request lost"})


class World:
    """Begins with a job that was submitted, and is waiting for its worker. Close it."""

    def __init__(self, server: Server, met: Met, *, clients: int, stormy: bool) -> None:
        self.met = met
        self.stormy = stormy
        """Whether the server may lose what it acknowledged."""
        IDS.restart()
        self.job_id = new_job_id()
        self.loop = VirtualLoop()
        self.network = Network(self.loop)
        self.witness = Witness(server, self.job_id, met)
        self.witness.on_published = lambda message: publish_to(self.nodes, self.job_id, message)
        self.nodes = [self._node(busy=number == BUSY) for number in range(NODES)]
        ears = [Ear.CAREFUL] * clients if stormy else [Ear.HASTY, Ear.OPEN, Ear.CAREFUL][:clients]
        self.clients = [Client(self.job_id, met, ear, number=number) for number, ear in enumerate(ears)]
        self.users = Users(self.loop, self.network, self.witness)
        self.workers: list[Worker] = []
        self._words = 0
        self._submit()

    def open(self) -> None:
        """A worker begins, and everybody connects."""
        self.start_worker()
        self.let("through")
        for index, client in enumerate(self.clients):
            client.connect(self.nodes[index % len(self.nodes)])
        self.let("through")

    def close(self) -> None:
        self.loop.abandon()

    @property
    def head(self) -> int:
        meta = self.witness.meta()
        return meta.head if meta else 0

    def view(self) -> JobView:
        """What the log adds up to."""
        return self.witness.server.run(self.witness.server.log.view(self.job_id))

    # Work

    def start_worker(self, *, repeats: float = 1.0, continues: bool = False) -> Worker:
        """Its agent begins with that much of what the one before it has said, or goes on from there."""
        said = self.workers[-1].output if self.workers and not continues else ""
        worker = Worker(self.loop, self.network, self.witness, continues=continues)
        self.workers.append(worker)
        worker.repeat(said[: int(len(said) * repeats)])
        self.loop.settle()
        return worker

    def next_word(self) -> int:
        """No two words are the same."""
        self._words += 1
        return self._words

    def say(self, who: int, text: str) -> None:
        """One of those who work publishes `text`; if nobody does, somebody begins."""
        working = [worker for worker in self.workers if worker.works] or [self.start_worker()]
        working[who % len(working)].say(text)

    def run_out(self) -> None:
        """The writer's lease runs out."""
        self.witness.server.run_out(self.job_id)

    def sweep(self) -> None:
        """Bury the job if its lease has run out, as a sweeper does."""
        self.loop.create_task(sweep(self._remote(Process("sweeper")), self.job_id, self.met))
        self.loop.settle()

    # The server and the network

    def fail_over(self) -> None:
        self.network.server_died()
        self.witness.fail_over()
        self.users.lose()

    def lose_log(self) -> None:
        self.network.server_died()
        self.witness.lose()
        self.users.lose()

    def let(self, how: str) -> None:
        """Deal with all calls that wait, and (`through`) with all that follows from them."""
        self.loop.settle()
        match how:
            case "through":
                self._flow()
            case "done":
                self._each(self.network.perform)
            case "lost":
                self._each(self.network.lose_reply)
            case "but one":
                self._all_but_one()

    def let_those(self, kind: str) -> None:
        """Let only the calls of one kind of process through."""
        self.loop.settle()
        self._flow(of=kind)

    def send(self, which: int, how: str, *, of: str = "") -> None:
        """Deal with one of the calls that wait, if need be with one of a certain kind of process."""
        self.loop.settle()
        calls = self._calls(of)
        if not calls:
            return
        call = calls[which % len(calls)]
        match how:
            case "done":
                self.network.perform(call)
            case "reply":
                self.network.reply(call)
            case "repeated":
                self.network.repeat(call)
            case "echoed":
                self.network.echo(call)
            case "reply lost":
                self.network.lose_reply(call)
            case "request lost":
                self.network.lose_request(call)
        if how in _BROKEN:
            self.pass_time(0.1)

    def spread(self, *, hears: int, takes: int, reading: str = "each") -> None:
        """Every node hears so many messages, every client takes so many packets."""
        for node in self.nodes:
            if reading == "each":
                node.hear(hears)
            else:
                node.hear_at_once(hears, more=reading == "more")
        for client in self.clients if takes else []:
            self.loop.do(lambda client=client: client.take(takes))  # type: ignore[misc]

    def spread_all(self) -> None:
        """Everything gets to everybody, without any time passing."""
        for _ in range(2):
            self.let("through")
            for node in self.nodes:
                node.hear(len(node.bus.arriving))
            self.let("through")
            self.spread(hears=0, takes=10_000)
        self.let("through")

    def _flow(self, *, of: str = "", held: Call | None = None) -> None:
        for _ in range(ROUNDS_TO_REST):
            calls = self._each(self.network.reply, of=of, held=held)
            if not calls:
                return
        raise AssertionError(f"no rest after {ROUNDS_TO_REST} rounds; {[call.name for call in calls]} go on")

    def _all_but_one(self) -> None:
        """The first of the nodes' calls comes to nothing, after everything else has got through."""
        held = next(iter(self._calls("node")), None)
        self._flow(held=held)
        if held is not None:
            self.network.lose_reply(held)
        self.loop.settle()

    def _each(self, act: Callable[[Call], None], *, of: str = "", held: Call | None = None) -> list[Call]:
        calls = [call for call in self._calls(of) if call is not held]
        for call in calls:
            act(call)
        self.loop.settle()
        return calls

    def restart_node(self, index: int) -> None:
        self.nodes[index].kill()
        self.nodes[index] = self._node(busy=index == BUSY)
        self.loop.settle()

    def pass_time(self, seconds: float) -> None:
        """Whoever was cut off comes back by itself."""
        self.loop.advance(seconds)
        if seconds > COMMAND_TIMEOUT_S:
            self.network.forget_strays()
        for node in self.nodes if seconds >= BACK_AFTER_S else []:
            if not node.bus.connected:
                self.loop.do(node.bus.reconnect)
        for index, client in enumerate(self.clients) if seconds >= BACK_AFTER_S else []:
            if not client.connected:
                client.connect(self.nodes[index % len(self.nodes)])
            elif client.refused:
                client.subscribe()
        self.loop.settle()

    def _calls(self, of: str) -> list[Call]:
        return [call for call in self.network.waiting() if call.process.name.startswith(of)]

    # The beginning

    def _submit(self) -> None:
        """As `realtime.jobs` makes a job's log."""
        self.witness.server.lose(self.job_id)
        self.witness.replicate()
        self.witness.server.published()
        submitter, epoch = Process("submitter"), new_epoch()
        fields = {"agent": "scripted", "owner": "dev"}
        self.witness.do(submitter, "create", self.job_id, epoch, fields, request=b"{}")
        queued = JobStatusChanged(
            job_id=self.job_id, sequence=1, timestamp=0, status=JobStatus.QUEUED, attempt=0, epoch=epoch
        )
        self.witness.do(
            submitter,
            "append",
            self.job_id,
            epoch=epoch,
            previous=0,
            events=[encode_event(queued)],
            status=JobStatus.QUEUED,
        )
        self.witness.replicate()

    def _node(self, *, busy: bool) -> Node:
        return Node(self.loop, self.network, self.witness, self.met, busy=busy)

    def _remote(self, process: Process) -> JobLog:
        return cast("JobLog", RemoteLog(self.witness, self.network, process))
