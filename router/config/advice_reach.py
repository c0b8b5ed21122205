"""Who and what nothing leads to: agents no work could ever go to, channels nobody can take."""

from __future__ import annotations

from collections.abc import Iterator

from agents.model import Agent, PoolId
from agents.pools import is_member
from router.config.compile import Written
from router.config.meeting import meets, members_of, relaxed, widened
from router.config.names import Names
from router.core.plan import Plan, Queue
from router.core.requirement import Requirement
from router.errors import Problem


def about_reach(plan: Plan, written: Written, names: Names) -> Iterator[Problem]:
    """Yield warnings; there is nothing to say of a centre without agents or queues."""
    queues = [(section, queue) for section in plan.sections for queue in section.queues]
    if not plan.agents or not queues:
        return
    members = members_of(plan)
    asked: list[tuple[Queue, Requirement]] = []
    for section, queue in queues:
        asked.append((queue, queue.requirement))
        asked.extend((queue, rule.requirement) for rule in section.intake if rule.requirement is not None)
    idle = [
        agent
        for agent in plan.agents
        if not any(
            _is_in_reach(plan, agent, queue) and meets(tree, agent, members, relaxed(queue))
            for queue, tree in asked
        )
    ]
    if len(idle) < len(plan.agents):  # otherwise the queues are told of
        for agent in idle:
            message = f"no queue has work for agent {agent.agent_id!r}"
            hint = "give the agent a skill or a pool that a queue asks for"
            yield names.agents[agent.agent_id].problem(message, hint, key=True)
    if written.centre.channels is None:
        return
    for channel in plan.channels:
        if not any(_can_hold(plan, agent, channel.channel_id) for agent in plan.agents):
            yield (written.place / "channels").problem(
                f"no agent can take work of channel {channel.channel_id!r}",
                "no agent serves it, or it costs more than any has capacity for",
            )


def _is_in_reach(plan: Plan, agent: Agent, queue: Queue) -> bool:
    if not queue.tiers:
        return True
    pools: set[PoolId] = {pool for tier in queue.tiers for pool in tier} | set(widened(queue))
    return any(pool.pool_id in pools and is_member(pool, agent) for pool in plan.pools)


def _can_hold(plan: Plan, agent: Agent, channel_id: str) -> bool:
    if agent.channels and channel_id not in agent.channels:
        return False
    costs = {channel.channel_id: channel.cost for channel in plan.channels} | dict(agent.costs)
    return next(cost for name, cost in costs.items() if name == channel_id) <= agent.capacity
