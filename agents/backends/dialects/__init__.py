"""The wire formats of providers: each a `Dialect`."""
