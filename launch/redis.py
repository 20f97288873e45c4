"""The Procfile's `redis`: the embedded server, or nothing but waiting when a Redis was given by URL."""

import os
import signal

from launch.embedded.server import serve
from launch.settings import read_settings
from launch.startup import one_sentence_on_failure
from launch.tether import end_with


def main() -> None:
    with one_sentence_on_failure():
        settings = read_settings()
        if settings.embedded_socket:
            serve(settings.data_dir, settings.embedded_socket)
    _wait_for_stop()


def _wait_for_stop() -> None:
    """Until SIGTERM or SIGINT, so that the Procfile is the same with a Redis of one's own."""
    print("A Redis was given by URL: no embedded server is started.", flush=True)
    end_with(os.getppid())
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    signal.sigwait(stops)


if __name__ == "__main__":
    main()
