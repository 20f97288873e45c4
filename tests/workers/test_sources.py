"""Which files are an author's, and which of them an error speaks of."""

import json
import sys
from pathlib import Path

import msgspec
import pytest

from agents import AgentLoadError, load_agents
from launch.checkout import checkout_root
from tests.agents.author import written_modules
from workers.sources import blamed_sources, is_authors, loaded_sources


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/home/ann/my_agents.py", True),
        (str(checkout_root() / "my_agents.py"), True),
        (str(checkout_root() / "agents" / "chat.py"), False),
        (str(checkout_root() / ".venv/lib/python3.12/site-packages/x.py"), False),
        ("/usr/lib/python3/dist-packages/x.py", False),
        (json.__file__, False),
        (msgspec.__file__, False),
        ("<frozen importlib._bootstrap>", False),
        ("my_agents.py", False),
    ],
)
def test_files_of_python_of_packages_and_of_ours_are_not_an_authors(file: str, *, expected: bool) -> None:
    assert is_authors(file) is expected


def test_the_modules_that_are_loaded_are_found(tmp_path: Path) -> None:
    with written_modules(tmp_path) as write:
        name = write(
            "sourced",
            "from agents import JobContext, agent\n@agent('x')\nasync def x(job: JobContext): ...\n",
        )
        load_agents([name])
        assert sys.modules[name].__file__ in loaded_sources()


def blamed(module: str) -> set[str]:
    with pytest.raises(AgentLoadError) as caught:
        load_agents([module])
    return {Path(file).name for file in blamed_sources(caught.value)}


def test_a_broken_file_is_blamed(tmp_path: Path) -> None:
    with written_modules(tmp_path) as write:
        name = write("broken_source", "def x(:\n")
        assert f"{name}.py" in blamed(name)


def test_a_missing_module_is_looked_for_wherever_it_could_be() -> None:
    with pytest.raises(AgentLoadError) as caught:
        load_agents(["no_such_package.agents"])
    files = blamed_sources(caught.value)
    assert str(checkout_root() / "no_such_package.py") in files
    assert str(checkout_root() / "no_such_package" / "__init__.py") in files
