"""A small help desk that is reached over each transport in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from agents.model import WrapUp
from router.core.callback_plan import Callbacks, OfferCallback
from router.core.ladder_plan import Announce
from router.core.plan import After, OfferRules, Plan, Step
from router.testing import a_plan, a_queue, a_section, an_agent
from tests.agents.stand import OverHttp, OverMqtt, Stand

STAY: Final = Step(
    name="stay",
    trigger=After(ms=5_000),
    operations=(Announce(text="soon"), OfferCallback(text="press 1")),
)


@pytest.fixture
def plan() -> Plan:
    """`support` is served by ana and ben alike; `billing` wraps up; `recall` calls back; `rush` offers to two at once."""
    return a_plan(
        an_agent("ana"),
        an_agent("ben"),
        sections=[
            a_section("support", a_queue("support")),
            a_section("billing", wrap_up={"voice": WrapUp(kind="until-done", limit_ms=30_000)}),
            replace(a_section("recall", a_queue("recall", ladder=[STAY])), callbacks=Callbacks()),
            a_section("rush", offers={"voice": OfferRules(broadcast=2)}),
        ],
        presence_ttl_ms=10_000,
    )


@pytest.fixture(params=["http", pytest.param("mqtt", marks=pytest.mark.servers)])
async def stand(plan: Plan, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stand]:
    """That help desk, running, nobody signed in."""
    transport = OverHttp() if request.param == "http" else OverMqtt(tmp_path)
    async with Stand(plan, transport) as running:
        yield running
