"""What this process can do, as it tells the catalogue."""

from agents import AgentLoadError, InvalidBackend, entries, load_agents, make_backends
from launch.settings import Settings
from launch.startup import StartupError
from shared_events.contract import Announcement


def announcement_of(settings: Settings) -> Announcement:
    """Loads all agents and makes all backends. Raises `StartupError` for the first that cannot be used."""
    try:
        agents = load_agents(settings.modules)
        return Announcement(
            agents=[agent.entry() for agent in agents.values()], backends=entries(make_backends(settings))
        )
    except (AgentLoadError, InvalidBackend) as error:
        raise StartupError(str(error)) from error
