"""A small help desk that is reached over each transport in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.model import WrapUp
from router.core.plan import Plan
from router.testing import a_plan, a_queue, a_section, an_agent
from tests.agents.stand import OverHttp, OverMqtt, Stand


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


@pytest.fixture(params=["http", pytest.param("mqtt", marks=pytest.mark.servers)])
async def stand(plan: Plan, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stand]:
    """That help desk, running, nobody signed in."""
    transport = OverHttp() if request.param == "http" else OverMqtt(tmp_path)
    async with Stand(plan, transport) as running:
        yield running
