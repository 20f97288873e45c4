"""The author's guide: its complete agents are the files that it names, and its links lead somewhere."""

import re

from tests.stack import CHECKOUT

GUIDE = (CHECKOUT / "docs" / "agents.md").read_text(encoding="utf-8")
EXAMPLES = CHECKOUT / "docs" / "examples" / "agents"
_INCLUDED = re.compile(r"<!-- (\S+\.py) -->\n```python\n(.*?)```", re.DOTALL)


def test_the_guide_has_every_example_word_by_word() -> None:
    included = dict(_INCLUDED.findall(GUIDE))
    files = {str(path.relative_to(CHECKOUT)): path.read_text() for path in EXAMPLES.glob("*.py")}
    assert included == files
    assert len(included) == 5


def anchors(mark: str) -> set[str]:
    headings = re.findall(rf"^{mark}(.+)$", GUIDE, re.MULTILINE)
    return {re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_guide_refers_to_sections_that_it_has() -> None:
    named = set(re.findall(r"\(#([a-z-]+)\)", GUIDE))
    assert anchors("## ") <= named <= anchors("## ") | anchors("### ")
