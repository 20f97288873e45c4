"""`python -m realtime`."""

from launch.entry import start

if __name__ == "__main__":
    start("realtime.app")
