"""The Redis-compatible server that Jobcast brings along when it is given none."""
