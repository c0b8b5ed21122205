"""A help desk with a real router behind a real socket, and a client for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agents.model import WrapUp
from router.core.plan import Plan
from router.testing import a_plan, a_queue, a_section, an_agent, needs
from tests.http.desk import Desk


@pytest.fixture
def plan() -> Plan:
    """A help desk: `support` needs english 3, `anything` nothing; ana can, ben cannot; `billing` wraps up."""
    return a_plan(
        an_agent("ana", skills={"english": 5}),
        an_agent("ben", skills={"english": 2}),
        sections=[
            a_section("support", a_queue("support", requirement=needs(english=3)), a_queue("anything")),
            a_section("billing", wrap_up={"voice": WrapUp(kind="until-done", limit_ms=30_000)}),
        ],
    )


@pytest.fixture
async def desk(plan: Plan) -> AsyncIterator[Desk]:
    """That help desk, listening, nobody signed in."""
    async with Desk(plan) as running:
        yield running
