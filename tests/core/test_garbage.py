"""Ended work leaves nothing behind that only the garbage collector can find."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from agents.model import AgentId, WrapUp
from router.core.engine import Engine
from router.core.names import InteractionId, OfferId
from router.core.plan import OfferRules
from router.core.signals import (
    AgentSignedIn,
    InteractionAbandoned,
    OfferAccepted,
    OfferDeclined,
    WorkFinished,
)
from tests.core.builders import a_call, a_plan, an_agent, an_engine

SECOND = 1_000
ANA = AgentId("ana")
WRAPS_UP = WrapUp(kind="timed", limit_ms=5 * SECOND)


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("auto_answer", [True, False])
@pytest.mark.parametrize("wrap_up", [WrapUp(), WRAPS_UP])
def test_ended_work_is_freed_without_the_collector(auto_answer: bool, wrap_up: WrapUp) -> None:
    """Calls that are answered, refused once, wrapped up or given up are gone once their ids are forgotten."""
    plan = a_plan(an_agent("ana"), offers=OfferRules(auto_answer=auto_answer), wrap_up=wrap_up)
    engine = an_engine(replace(plan, remember_ms=60 * SECOND))
    engine.handle(AgentSignedIn(ANA), 0)
    _serve(engine, 3, auto_answer=auto_answer)  # what is worked out once is worked out now
    gc.collect()
    _serve(engine, 200, auto_answer=auto_answer)
    assert gc.collect() == 0


def _serve(engine: Engine, calls: int, *, auto_answer: bool) -> None:
    for _ in range(calls):
        now = engine.now + 10 * SECOND
        number = engine.centre.last_number
        served, given_up = InteractionId(f"c{number}"), InteractionId(f"c{number}-gone")
        engine.handle(a_call(served), now)
        engine.handle(a_call(given_up), now)
        engine.handle(InteractionAbandoned(given_up), now)
        if not auto_answer:
            engine.handle(OfferDeclined(OfferId(engine.centre.last_offer), ANA), now)
            now += 5 * SECOND  # everybody has refused: asked again
            engine.advance(now)
            engine.handle(OfferAccepted(OfferId(engine.centre.last_offer), ANA), now)
        engine.handle(WorkFinished(served, ANA), now)
        engine.advance(now + 9 * SECOND)
