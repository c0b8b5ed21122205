"""A small help desk that is reached over each transport in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agents.model import WrapUp
from router.core.plan import Plan
from router.testing import a_plan, a_queue, a_section, an_agent
from tests.agents.stand import OverHttp, Stand


@pytest.fixture
def plan() -> Plan:
    """`support` is served by ana and ben alike; `billing` wraps up."""
    return a_plan(
        an_agent("ana"),
        an_agent("ben"),
        sections=[
            a_section("support", a_queue("support")),
            a_section("billing", wrap_up={"voice": WrapUp(kind="until-done", limit_ms=30_000)}),
        ],
        presence_ttl_ms=10_000,
    )


@pytest.fixture(params=["http"])
async def stand(plan: Plan, request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    """That help desk, running, nobody signed in."""
    async with Stand(plan, OverHttp()) as running:
        yield running
