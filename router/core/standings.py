"""Keeping the agents' standings: whose are kept, from when, under which plan."""

from __future__ import annotations

from router.core.centre import Centre
from router.core.records import AgentState
from router.core.standing import Standing


def keep_standings(centre: Centre) -> None:
    """Let every agent have the standing that the plan in force asks for; what was kept under the plan before goes on."""
    places = {spec.agent_id: place for place, spec in enumerate(centre.plan.agents)}
    for agent in centre.agents.values():
        if not centre.keeps_standings:
            agent.standing = None
            continue
        standing = agent.standing
        if standing is None:
            standing = agent.standing = Standing(centre.now)
            standing.hold(agent.units, centre.now)
        else:
            standing.forget(centre.now)
        standing.place = places.get(agent.id, 0)
        standing.window_ms = centre.plan.handled_window_ms


def dump_standings(centre: Centre) -> dict[str, list[object]]:
    """Return the standings as plain data, by agent."""
    return {
        agent_id: _dump(agent.standing, centre.now)
        for agent_id, agent in sorted(centre.agents.items())
        if agent.standing is not None
    }


def _dump(standing: Standing, now: int) -> list[object]:
    standing.forget(now)
    return [standing.since, standing.occupied_ms, standing.occupied_since, list(standing.handled_at)]


def load_standing(agent: AgentState, data: list[object]) -> None:
    """Give the agent back what ``dump_standings`` wrote down."""
    standing = agent.standing
    if standing is None:
        return
    since, occupied_ms, occupied_since, handled_at = data
    assert isinstance(since, int)
    assert isinstance(occupied_ms, int)
    assert isinstance(handled_at, list)
    standing.since, standing.occupied_ms = since, occupied_ms
    standing.occupied_since = None if occupied_since is None else int(str(occupied_since))
    standing.handled_at.clear()
    standing.handled_at.extend(handled_at)
