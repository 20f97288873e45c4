"""What the tests of the native programs share: a C compiler, or a reason to skip."""

import os

import pytest

from bench.fanout.native import Native, build, compiler
from bench.processes import BenchError


@pytest.fixture(scope="session")
def native() -> Native:
    try:
        compiler()
    except BenchError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    return build()
