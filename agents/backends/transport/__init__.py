"""Asking a server over HTTP, and reading what it answers, whatever its wire format."""
