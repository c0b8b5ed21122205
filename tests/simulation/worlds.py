"""Small centres and scenarios with good defaults, for tests of the simulator, and a world that notes its facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.behaviour import Behaviour, Shift, Worker
from agents.distributions import Deterministic, Distribution
from agents.model import Agent, AgentId, WrapUp
from router.core.facts import Fact
from router.core.names import InteractionId
from router.core.plan import Plan
from router.core.signals import InteractionArrived
from router.simulation.scenario import Profile, Scenario, Stream, steady
from router.simulation.traffic import Customer, Stop
from router.simulation.world import World
from tests.core.builders import DESK, VOICE, a_plan, an_agent

MINUTE_MS = 60_000


def a_centre(*names: str, **changes: Any) -> Plan:
    """A centre of one queue with these agents."""
    return a_plan(*(an_agent(name) for name in names), **changes)


def a_worker(name: str, *, shifts: tuple[Shift, ...] | None = None, **habits: Any) -> Worker:
    """An agent that is always there and answers at once, unless its habits say otherwise."""
    behaviour = Behaviour(**habits)
    if shifts is None:
        return Worker(agent_id=AgentId(name), behaviour=behaviour)
    return Worker(agent_id=AgentId(name), behaviour=behaviour, shifts=shifts)


def a_caller(
    number: int, at_ms: int, handle_ms: int = MINUTE_MS, patience_ms: int | None = None, *stops: Stop
) -> Customer:
    """Somebody who calls the desk at that time."""
    signal = InteractionArrived(InteractionId(f"call-{number}"), DESK, VOICE)
    return at_ms, signal, handle_ms, patience_ms, stops


def always(seconds: float) -> Distribution:
    """So many seconds, every time."""
    return Deterministic(value=seconds * 1000)


def a_stream(profile: Profile | None = None, **changes: Any) -> Stream:
    """Calls to the desk, one a minute, of one minute."""
    fields: dict[str, Any] = {"name": "calls", "handle_time": always(60), **changes}
    return Stream(section=DESK, channel=VOICE, profile=profile or steady(1 / MINUTE_MS), **fields)


def play(
    plan: Plan, workers: list[Worker], callers: list[Customer], *, until_ms: int = 60 * MINUTE_MS
) -> tuple[list[Fact], World]:
    """Let these callers meet these agents; return every fact, and the world."""
    facts: list[Fact] = []
    scenario = Scenario(name="test", duration_ms=until_ms, workers=tuple(workers))
    world = World(plan, scenario, seed=1, sink=facts.extend, sources=[iter(callers)])
    world.run()
    return facts, world


def of(kind: type[Any], facts: Sequence[Fact]) -> list[Any]:
    """The facts of one kind."""
    return [fact for fact in facts if type(fact) is kind]


__all__ = [
    "MINUTE_MS",
    "Agent",
    "WrapUp",
    "a_caller",
    "a_centre",
    "a_stream",
    "a_worker",
    "always",
    "of",
    "play",
]
