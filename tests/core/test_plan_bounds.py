"""The least that each number of a plan may be: that much is taken, one less is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from router.core.plan import Plan
from router.errors import PlanError
from tests.core.builders import a_plan, an_agent, an_engine


def with_section(plan: Plan, **changes: Any) -> Plan:
    """The plan with its one section changed."""
    return replace(plan, sections=(replace(plan.sections[0], **changes),))


@pytest.mark.parametrize(
    ("name", "least"), [("presence_ttl_ms", 1), ("hop_limit", 0), ("check_every_ms", 1), ("ms_per_point", 0)]
)
def test_the_least_is_taken_and_one_less_is_refused(name: str, least: int) -> None:
    """And the error names the number that was found."""
    plan = a_plan(an_agent("ana"))
    change = with_section if name == "ms_per_point" else replace
    an_engine(change(plan, **{name: least}))
    with pytest.raises(PlanError, match=rf"(?<!\d){least - 1} (is less than|ms per point)"):
        an_engine(change(plan, **{name: least - 1}))
