"""The way into every process: check where the code comes from, read the settings, then start."""

import importlib
import sys
from collections.abc import Callable
from typing import cast

from launch.checkout import verify_checkout
from launch.logs import configure_logs
from launch.read_buffers import keep_read_buffers
from launch.settings import Settings, read_settings
from launch.startup import one_sentence_on_failure

Main = Callable[[Settings], None]


def start(module: str) -> None:
    """Run `main(settings)` of `module`, which is imported only once it is known to be ours."""
    with one_sentence_on_failure():
        verify_checkout()
        settings = read_settings()
        configure_logs(settings)
        keep_read_buffers()
        # Bytecode is told from that of the next edit by seconds and size only.
        sys.dont_write_bytecode = sys.dont_write_bytecode or settings.reload
        cast("Main", importlib.import_module(module).main)(settings)
