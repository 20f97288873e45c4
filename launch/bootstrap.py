"""Has a Python that is new enough install LEVEL: `python -m launch.bootstrap LEVEL [PYTHON...]`.

Every Python runs this file, old ones too, so it keeps to the oldest syntax and has no annotations.
"""

import os
import subprocess
import sys

NEW_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 11))"

if __name__ == "__main__" and sys.version_info < (3, 11):
    for name in sys.argv[2:]:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123
            found = subprocess.call(["/usr/bin/env", name, "-c", NEW_ENOUGH], stderr=nowhere) == 0
        if found:
            os.execvp(name, [name, "-m", "launch.bootstrap", sys.argv[1]])  # noqa: S606
    version = ".".join(map(str, sys.version_info[:3]))
    sentence = "Python 3.11 or newer is needed, but {} is {}: name another, as in PYTHON=python3.12."
    sys.exit("jobcast: " + sentence.format(sys.executable, version))

if __name__ == "__main__":
    from launch.install.steps import main

    sys.exit(main(sys.argv[1]))
