"""The least that each number of a plan may be: that much is taken, one less is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from router.core.order_plan import SetPriority
from router.core.plan import After, Plan, Step
from router.errors import PlanError
from tests.core.builders import a_plan, an_agent, an_engine


def with_first_queue(plan: Plan, **changes: Any) -> Plan:
    """The plan with the first queue of its one section changed."""
    section = plan.sections[0]
    first = replace(section.queues[0], **changes)
    return with_section(plan, queues=(first, *section.queues[1:]))


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


def test_the_least_time_to_live_is_a_millisecond() -> None:
    """Less is refused."""
    plan = a_plan(an_agent("ana"))
    an_engine(with_first_queue(plan, time_to_live_ms=1))
    with pytest.raises(PlanError, match="time-to-live 0 ms is less than 1"):
        an_engine(with_first_queue(plan, time_to_live_ms=0))


@pytest.mark.parametrize("most", [1_000_000, -1_000_000])
def test_a_priority_that_a_step_sets_is_in_range(most: int) -> None:
    """A millionth point is taken, one more is refused, in either direction."""
    plan = a_plan(an_agent("ana"))

    def setting(to: int) -> Plan:
        step = Step(name="s", trigger=After(ms=1), operations=(SetPriority(to=to),))
        return with_first_queue(plan, ladder=(step,))

    an_engine(setting(most))
    further = most + (1 if most > 0 else -1)
    with pytest.raises(PlanError, match=f"set-priority {further} is not in"):
        an_engine(setting(further))
