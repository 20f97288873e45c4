"""Why something could not be installed."""


class InstallFailure(Exception):
    """The message is one sentence for the person at the terminal."""
