"""Choices that measure agents: what is counted of each, and the figures, worked out from plain lists each time."""

from __future__ import annotations

from agents.skills import levels
from router.core.plan import Plan
from router.core.requirement import Requirement
from tests.oracle.reference_requirement import Reading, wanted_levels
from tests.oracle.reference_state import Person, State

MEASURED = ("least-occupied", "fewest-handled", "top-down")


def counts(plan: Plan) -> bool:
    """Say whether the plan asks for the figures of its agents."""
    queues = [queue for section in plan.sections for queue in section.queues]
    return any(choice in MEASURED for choice in [queue.choice for queue in queues]) or any(
        channel.choice in MEASURED for channel in plan.channels
    )


def pass_time(state: State, now: int) -> None:
    """Let the clock go on to `now`: whoever holds units was occupied meanwhile."""
    for person in state.people.values():
        if state.units_held(person.agent_id) > 0:
            person.occupied_ms += now - state.now
    state.now = now


def count_anew(state: State, person: Person) -> None:
    """Count the agent's figures from now on."""
    person.counted_from = state.now
    person.occupied_ms = 0
    person.connected_at = []


def measure(state: State, person: Person, choice: str) -> int:
    """Return the figure that the choice orders by; the smaller is chosen first."""
    there = state.now - person.counted_from
    match choice:
        case "top-down":
            return [agent.agent_id for agent in state.plan.agents].index(person.agent_id)
        case "least-occupied":
            return 100 * person.occupied_ms // max(1, there)
        case "fewest-handled":
            window = state.plan.handled_window_ms
            handled = [at for at in person.connected_at if at > state.now - window]
            return len(handled) * window // max(1, min(window, there))
        case other:
            raise ValueError(f"the reference knows no figure {other!r}")


def adopt_counts(state: State, before: Plan) -> None:
    """Under a new plan: count anew where nothing was counted before, and forget what was outside the old window."""
    for person in state.people.values():
        if not counts(before):
            count_anew(state, person)
        limit = state.now - before.handled_window_ms
        person.connected_at = [at for at in person.connected_at if at > limit]


def best_fit(tree: Requirement, person: Person, reading: Reading) -> int:
    """Return how close above the wanted levels the agent's are, in thousandths."""
    wanted = wanted_levels(tree, reading)
    have = levels(person.agent)
    points = []
    for skill, level in wanted.items():
        above = have.get(skill, 0) - level
        points.append(0 if above < 0 else 1000 - 100 * above)
    return sum(points) // len(points) if points else 0


def speed(person: Person, channel: str) -> int:
    """Return how fast the agent works on the channel."""
    return next((value for name, value in person.agent.speeds if name == channel), person.agent.speed)
