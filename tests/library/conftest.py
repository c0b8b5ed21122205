"""What the tests of the library share: a small help desk and a router for it under a manual clock."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agents.model import WrapUp
from router.core.plan import Plan
from router.testing import TestRouter, a_plan, a_queue, a_section, an_agent, needs


@pytest.fixture
def plan() -> Plan:
    """A help desk: voice; `support` needs english 3, `anything` needs nothing; ana can, ben cannot do english."""
    return a_plan(
        an_agent("ana", skills={"english": 5}),
        an_agent("ben", skills={"english": 2}),
        sections=[
            a_section("support", a_queue("support", requirement=needs(english=3)), a_queue("anything")),
            a_section("billing", wrap_up={"voice": WrapUp(kind="timed", limit_ms=30_000)}),
        ],
    )


@pytest.fixture
async def router(plan: Plan) -> AsyncIterator[TestRouter]:
    """That help desk, running, nobody signed in."""
    async with TestRouter(plan) as running:
        yield running
