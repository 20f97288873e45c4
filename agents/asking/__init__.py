"""Asking a model on behalf of an agent: which backend, turn after turn, to a whole reply."""
