"""Why a client must be deaf from its question until it is granted, in the two shortest stories."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from tests.model import promises
from tests.model.client import Client, Ear
from tests.model.limits import narrow
from tests.model.met import Met
from tests.model.model_server import ModelServer
from tests.model.world import World


@contextmanager
def _a_world(ear: Ear) -> Iterator[tuple[World, Client]]:
    """A job of which the client holds all and the replica nothing but its submission."""
    with pytest.MonkeyPatch.context() as patch, capture_logs():
        narrow(patch)
        world = World(ModelServer(), Met(), clients=0, stormy=True)
        client = Client(world.job_id, world.met, ear)
        world.clients.append(client)
        client.connect(world.nodes[0])
        world.start_worker().say("first ")
        world.spread_all()
        try:
            yield world, client
        finally:
            world.close()


def _break_down(world: World) -> None:
    """The master goes, and another worker begins the job on what was the replica."""
    world.fail_over()
    world.workers[-1].kill()
    world.run_out()
    world.start_worker(repeats=0.0).say("again ")


def _refused_after_a_reset(world: World, client: Client) -> None:
    """The reset waits unread when the client asks, and the node cannot read the log for it."""
    _break_down(world)
    world.let("through")
    world.spread(hears=9, takes=0)
    world.let("through")
    client.subscribe()
    world.let("lost")
    world.workers[-1].say("more ")
    world.let("through")
    world.spread(hears=9, takes=99)
    promises.check(world)


def _overtaken_while_it_asks(world: World, client: Client) -> None:
    """What waits unread is lost by the server, before a node that has let go of the job reads its log."""
    world.witness.replicate()
    world.workers[-1].say("lost ")
    world.let("through")
    world.spread(hears=9, takes=0)
    client.leave()
    for _ in range(3):
        world.pass_time(1.1)
        world.let("through")
    client.subscribe()
    _break_down(world)
    world.let("through")
    world.spread_all()
    promises.check(world)


Story = Callable[[World, Client], None]
STORIES: list[tuple[Story, Ear]] = [(_refused_after_a_reset, Ear.HASTY), (_overtaken_while_it_asks, Ear.OPEN)]


@pytest.mark.parametrize("story", [story for story, _ in STORIES])
def test_a_careful_client_keeps_the_thread(story: Story) -> None:
    with _a_world(Ear.CAREFUL) as (world, client):
        story(world, client)
        world.pass_time(1)
        world.spread_all()
        promises.check(world)
        assert client.view.text == world.view().text != ""


@pytest.mark.parametrize(("story", "ear"), STORIES)
def test_a_careless_client_takes_two_histories_for_one(story: Story, ear: Ear) -> None:
    with _a_world(ear) as (world, client), pytest.raises(AssertionError, match=r"never written|held as"):
        story(world, client)
