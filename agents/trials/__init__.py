"""Trials: an author runs an agent in a test, without Redis, a worker or a model."""

from agents.trials.attempt import AgentStuck, TrialTimeout
from agents.trials.recited import Answer, Recited
from agents.trials.running import TrialRun, try_agent
from agents.trials.trial import Progress, Trial

__all__ = ["AgentStuck", "Answer", "Progress", "Recited", "Trial", "TrialRun", "TrialTimeout", "try_agent"]
