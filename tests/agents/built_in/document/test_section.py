"""One section: asked for with what is before it, gone on with where it is cut, and never empty."""

import pytest

from agents import BackendIncomplete, JobContext
from agents.built_in.document.outline import Outline
from agents.built_in.document.section import Assignment, _section
from tests.agents.collecting import CollectingSink, context
from tests.agents.in_turn import InTurn, Says

ASSIGNED = Assignment("tea", "short", Outline("Tea", ["Leaves", "Water"]), 1, "… are green.")


def writing(*answers: str | Says) -> tuple[JobContext[Assignment], InTurn]:
    return context(CollectingSink(), backend := InTurn(*answers), given=ASSIGNED), backend


async def test_the_model_is_told_where_it_is() -> None:
    job, backend = writing("Hot.")
    await _section(job)
    assert "<before>\n… are green.\n</before>\n\nWrite section 2 of 2: Water" in backend.prompts[0]
    assert "Contents:\n1. Leaves\n2. Water" in backend.prompts[0]


async def test_a_section_that_is_cut_is_gone_on_with() -> None:
    job, _ = writing(Says("Water is ", reason="length"), Says("hot and ", reason="length"), "wet.")
    await _section(job)
    assert job.text == "Water is hot and wet."


async def test_its_headings_stay_below_ours() -> None:
    job, _ = writing("## Water\n\nHot.\n## Tea\n#\n###### Fine\n##")
    await _section(job)
    assert job.text == "### Water\n\nHot.\n### Tea\n#\n###### Fine\n##"


async def test_an_empty_section_is_a_failure_that_may_be_tried_again() -> None:
    job, _ = writing(" \n")
    with pytest.raises(BackendIncomplete, match="wrote nothing") as raised:
        await _section(job)
    assert raised.value.retryable
