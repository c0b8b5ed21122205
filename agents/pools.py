"""Who is in a pool."""

from __future__ import annotations

from agents.model import Agent, Pool
from agents.skills import levels


def is_member(pool: Pool, agent: Agent) -> bool:
    """Say whether ``agent`` is in ``pool``: named as a member, or chosen by its skills, tags and kind."""
    if agent.agent_id in pool.members:
        return True
    selects = bool(pool.skills or pool.tags or pool.kind)
    if not selects:
        return not pool.members
    have = levels(agent)
    tags = dict(agent.tags)
    return (
        (pool.kind is None or pool.kind == agent.kind)
        and all(have.get(skill.name, 0) >= skill.level for skill in pool.skills)
        and all(tags.get(name) == value for name, value in pool.tags)
    )
