"""`python -m launch`: what `make run` calls once everything is installed."""

import signal
import sys

# Until there are processes to stop, Ctrl-C simply ends this one, even while it still imports.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from launch.launcher import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
