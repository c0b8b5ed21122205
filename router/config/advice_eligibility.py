"""Who could ever be given a queue's work: by whom a requirement is met, which pools a queue opens. Several warnings ask it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Final

from agents.model import Agent
from agents.pools import is_member
from agents.skills import levels
from router.core.names import AgentId, PoolId
from router.core.plan import Plan, Queue, Relax, WidenTo
from router.core.requirement import AgentTerm, All, Any, Not, PoolTerm, Requirement, SkillTerm, TagTerm

_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


def members_of(plan: Plan) -> dict[PoolId, set[AgentId]]:
    """Return the agents of each pool."""
    return {
        pool.pool_id: {agent.agent_id for agent in plan.agents if is_member(pool, agent)}
        for pool in plan.pools
    }


def widened(queue: Queue) -> Iterator[PoolId]:
    """Yield the pools that the queue's ladder opens."""
    for step in queue.ladder:
        for operation in step.operations:
            if isinstance(operation, WidenTo):
                yield from operation.pools


def is_in_reach(agent: Agent, queue: Queue, members: dict[PoolId, set[AgentId]]) -> bool:
    """Say whether the agent is in a tier of the queue, or in a pool that its ladder opens."""
    pools = {pool for tier in queue.tiers for pool in tier} | set(widened(queue))
    return not queue.tiers or any(agent.agent_id in members[pool] for pool in pools)


def relaxed(queue: Queue) -> frozenset[str]:
    """Return the skills and tags that the queue's ladder relaxes."""
    return frozenset(
        name
        for step in queue.ladder
        for operation in step.operations
        if isinstance(operation, Relax) and (name := operation.skill or operation.tag) is not None
    )


def meets(
    tree: Requirement,
    agent: Agent,
    members: dict[PoolId, set[AgentId]],
    relaxed: frozenset[str] = frozenset(),
) -> bool:
    """Say whether the agent meets the tree at its widest: all branches open, all that expires gone, and nothing asked of the
    skills and tags that are ``relaxed``.
    """
    match tree:
        case All():
            parts = (part for part in tree.of if part.expires_ms is None and part.weight is None)
            return all(meets(part, agent, members, relaxed) for part in parts)
        case Any():
            return any(meets(part, agent, members, relaxed) for part in tree.of)
        case Not():
            return not meets(tree.of, agent, members)
        case SkillTerm():
            level = levels(agent).get(tree.skill)
            if tree.skill in relaxed:
                return True
            return level is not None and _COMPARE[tree.op](level, tree.level)
        case AgentTerm():
            return agent.agent_id in tree.agents
        case TagTerm():
            return tree.tag in relaxed or (tree.tag, tree.value) in agent.tags
        case PoolTerm():
            return agent.agent_id in members[tree.pool]
