"""Requirements that come with a message: read like those of files, checked against the plan."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from router import load, load_text
from router.config.requirements import KEPT, RequirementReader
from router.core.names import SkillName
from router.core.requirement import All, SkillTerm
from router.errors import ConfigError
from tests.config.building import VALID

PLAN = load("configs/quickstart")


def test_it_is_read_as_in_a_file() -> None:
    """A text, a mapping and a list mean what they mean in a section's queue."""
    read = RequirementReader()
    term = SkillTerm(skill=SkillName("french"), op=">=", level=4)
    assert read("french >= 4", PLAN) == term
    assert read({"french": 4}, PLAN) == term
    assert read(["french >= 4"], PLAN) == All(of=(term,))


@pytest.mark.parametrize(
    ("written", "path", "message"),
    [
        ("frensh >= 4", "requirement", "did you mean 'french'"),
        ({"french": 11}, "requirement.french", "not in 1..10"),
        ({"any": []}, "requirement.any", "must not be empty"),
        ({"agent": "nobody"}, "requirement.agent", "unknown agent"),
        (5, "requirement", "expected a skill"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(written: JsonValue, path: str, message: str) -> None:
    """So that a sender's program can be mended from the answer alone."""
    with pytest.raises(ConfigError) as error:
        RequirementReader()(written, PLAN)
    assert [problem.path for problem in error.value.problems] == [path]
    assert message in str(error.value)


def test_another_plan_has_other_names() -> None:
    """What was read under one plan is not taken for valid under the next."""
    read = RequirementReader()
    read("french >= 4", PLAN)
    without_french = load_text(VALID.replace("french: 4, ", ""))
    with pytest.raises(ConfigError, match="unknown skill"):
        read("french >= 4", without_french)


def test_memory_stays_bounded() -> None:
    """A sender that makes up requirement after requirement does not fill the memory."""
    read = RequirementReader()
    for number in range(KEPT + 10):
        read([{"french": 1, "weight": (number + 1) / 100}], PLAN)
    assert 0 < len(read._read) < KEPT
