"""The `jobcast` command: `python -m cli`."""
