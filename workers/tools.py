"""What a worker process works with, made from its settings."""

from agents import Backend, backends_from, load_agents
from launch.settings import Settings
from shared_events.keys import Keys
from shared_events.log import JobLog
from shared_events.redis_client import connect
from workers.attempt import Tools


def make_backends(settings: Settings) -> dict[str, Backend]:
    """The configured backends, the default first."""
    openai = settings.openai
    if openai is None:
        return backends_from()
    key = openai.api_key.reveal() if openai.api_key else None
    return backends_from(base_url=openai.base_url, api_key=key, model=openai.model)


def make_tools(settings: Settings) -> Tools:
    """Raises `AgentLoadError` when a module of the settings cannot be imported."""
    redis = connect(settings.event_redis_url, max_connections=4)
    return Tools(
        log=JobLog(redis, Keys(settings.key_prefix), lease_s=settings.lease_s),
        agents=load_agents(settings.modules),
        backends=make_backends(settings),
    )
