"""The scripted backend: no model, a script."""

from agents.backends.scripted.backend import MODELS, Scripted

__all__ = ["MODELS", "Scripted"]
