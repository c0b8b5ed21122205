"""Who and what nothing leads to: agents no work could ever go to, channels nobody serves."""

from __future__ import annotations

from collections.abc import Iterator

from agents.model import Agent
from router.config.advice_eligibility import is_in_reach, meets, members_of, relaxed
from router.config.compile import Written
from router.config.names import Names
from router.core.plan import Channel, Plan, Queue
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
            is_in_reach(agent, queue, members) and meets(tree, agent, members, relaxed(queue))
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
        if not any(_can_hold(agent, channel) for agent in plan.agents):
            yield (written.place / "channels").problem(
                f"no agent can take work of channel {channel.channel_id!r}",
                "no agent serves it, or it costs more than any has capacity for",
            )


def _can_hold(agent: Agent, channel: Channel) -> bool:
    if agent.channels and channel.channel_id not in agent.channels:
        return False
    return dict(agent.costs).get(channel.channel_id, channel.cost) <= agent.capacity
