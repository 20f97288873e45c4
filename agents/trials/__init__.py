"""Trials: an author runs an agent in a test, without Redis, a worker or a model."""

from agents.trials.recited import Answer, Recited
from agents.trials.running import try_agent
from agents.trials.trial import Progress, Trial

__all__ = ["Answer", "Progress", "Recited", "Trial", "try_agent"]
