"""Rate limits of automated agents: what counts against one, whether it is used up, and when it is not any more."""

from __future__ import annotations

from agents.model import Agent
from tests.oracle.reference_state import Person, State


def is_spent(state: State, person: Person) -> bool:
    """Say whether the agent has started as many interactions as its limit allows."""
    rate = person.agent.rate
    return rate is not None and _counted(state, person, state.now) >= rate.starts


def free_again_at(state: State, person: Person) -> int | None:
    """Return when time alone makes room in a limit that is used up; None where it is not, or where only the end of an offer does."""
    rate = person.agent.rate
    if rate is None or not is_spent(state, person):
        return None
    instants = sorted(at + rate.per_ms for at in person.connections)
    return next((at for at in instants if at > state.now and _counted(state, person, at) < rate.starts), None)


def connected(state: State, person: Person) -> None:
    """Note that the agent was connected, if that counts."""
    if person.agent.rate is not None:
        person.connections.append(state.now)


def change_agent(state: State, person: Person, agent: Agent) -> None:
    """Let a new plan describe the agent."""
    before = person.agent.rate
    if before is None or agent.rate is None:
        person.connections.clear()
    else:
        person.connections = [at for at in person.connections if at + before.per_ms > state.now]
    person.agent = agent


def _counted(state: State, person: Person, now: int) -> int:
    rate = person.agent.rate
    assert rate is not None
    recent = [at for at in person.connections if at + rate.per_ms > now]
    return len(recent) + len(state.offers_of(person.agent_id))
