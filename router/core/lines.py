"""Lines: which (queue, channel) the same agents serve, worked out from the plan when first asked for."""

from __future__ import annotations

from router.core.centre import Centre
from router.core.demand import QueueState
from router.core.names import QueueId
from router.core.records import AgentState
from router.core.running_figures import Node
from router.core.supply import Profile


class Crew:
    """The agents of a line and what they serve. ``queues`` stand in the order of the plan."""

    __slots__ = ("agents", "nodes", "queues")

    def __init__(self) -> None:
        self.nodes: set[Node] = set()
        self.queues: tuple[QueueId, ...] = ()
        self.agents: list[AgentState] = []

    def ready_units(self) -> int:
        """Return the units that the ready agents can use."""
        return sum(usable_units(agent.profile) for agent in self.agents if agent.presence == "ready")


class Lines:
    """All lines of a centre, under its plan and with so many agents: a new plan drops them, another number too."""

    __slots__ = ("agents", "by_node")

    def __init__(self, centre: Centre) -> None:
        self.agents = len(centre.agents)
        group: dict[Node, Node] = {
            (queue_id, channel_id): (queue_id, channel_id)
            for queue_id in centre.queues
            for channel_id in centre.channels
        }

        def first(node: Node) -> Node:
            while group[node] != node:
                group[node] = node = group[group[node]]
            return node

        naming = [queue for queue in centre.queues.values() if _names_agents(queue)]
        plain = [queue for queue in centre.queues.values() if queue not in naming]
        of_profile: dict[Profile, list[Node]] = {}
        heads: list[tuple[AgentState, Node]] = []
        for agent in centre.agents.values():
            if agent.leaving:
                continue
            alike = of_profile.get(agent.profile)
            if alike is None:
                alike = of_profile[agent.profile] = _served(agent, plain)
            served = [*alike, *_served(agent, naming)]
            for node in served[1:]:
                group[first(node)] = first(served[0])
            if served:
                heads.append((agent, served[0]))
        crews: dict[Node, Crew] = {}
        for node in group:
            crews.setdefault(first(node), Crew()).nodes.add(node)
        for agent, node in heads:
            crews[first(node)].agents.append(agent)
        for crew in crews.values():
            named = {queue_id for queue_id, _ in crew.nodes}
            crew.queues = tuple(queue_id for queue_id in centre.queues if queue_id in named)
        self.by_node = {node: crews[first(node)] for node in group}


def crew_of(centre: Centre, node: Node) -> Crew:
    """Return the line that the node belongs to."""
    lines = centre.lines
    if not isinstance(lines, Lines) or lines.agents != len(centre.agents):
        lines = centre.lines = Lines(centre)
    return lines.by_node[node]


def usable_units(profile: Profile) -> int:
    """Return the most units that work of one channel can fill of such an agent."""
    most = 0
    for channel_id, cost in profile.costs.items():
        count = profile.capacity // cost
        maximum = profile.maxima.get(channel_id)
        most = max(most, cost * (count if maximum is None else min(count, maximum)))
    return most


def _served(agent: AgentState, queues: list[QueueState]) -> list[Node]:
    profile = agent.profile
    channels = [channel_id for channel_id, cost in profile.costs.items() if cost <= profile.capacity]
    return [
        (queue.queue_id, channel_id)
        for queue in queues
        if _may_serve(queue, agent)
        for channel_id in channels
    ]


def _names_agents(queue: QueueState) -> bool:
    return any(queue.asked.need(at, ()).named for at in (0, *queue.asked.instants))


def _may_serve(queue: QueueState, agent: AgentState) -> bool:
    """Say whether the agent is in a pool of any tier and meets the queue's own requirement at some time of its clock."""
    profile = agent.profile
    tiers = queue.plan.tiers
    if tiers and not any(pool in profile.pools for tier in tiers for pool in tier):
        return False
    return any(
        queue.asked.need(at, ()).meets(profile.levels, profile.tags, profile.pools, agent.id)
        for at in (0, *queue.asked.instants)
    )
