"""`python -m workers`."""

from launch.entry import start

if __name__ == "__main__":
    start("workers.service")
