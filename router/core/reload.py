"""A plan taken up: the first one, and a new one while work is going on. All or nothing."""

from __future__ import annotations

from router.core.affinity import forget_customers
from router.core.broadcast import look_further
from router.core.centre import Centre
from router.core.demand import QueueState
from router.core.facts import InteractionMoved, PlanAdopted
from router.core.holdings import forget_if_gone
from router.core.hours import adopt_hours, have_started, open_queues, set_clocks, tell_changes
from router.core.ladder import move, schedule_step
from router.core.names import QueueId
from router.core.plan import Channel, Plan
from router.core.plan_check import plan_problems
from router.core.policy import Policies
from router.core.presence import change, watch_lease
from router.core.queueing import ask_as_queue, rekey, schedule_need_change, wait
from router.core.rates import change_rate
from router.core.records import AgentState, Interaction
from router.core.standings import keep_standings
from router.errors import PlanError, Problem, SignalError


def check(plan: Plan, policies: Policies) -> None:
    """Raise ``PlanError`` with all problems when the plan is impossible."""
    found = plan_problems(plan, policies)
    if found:
        raise PlanError([Problem("", 0, 0, "", text) for text in found])


def adopt_first(centre: Centre) -> None:
    """Fill an empty centre with the agents of its plan, and open what is open."""
    adopt_hours(centre)
    for spec in centre.plan.agents:
        profile = centre.profiles.of(spec)
        agent = AgentState(spec, profile)
        centre.agents[spec.agent_id] = agent
        profile.agents[spec.agent_id] = agent
    keep_standings(centre)


def replace_plan(centre: Centre, plan: Plan) -> None:
    """Go on under a new plan; raises ``plan-rejected`` and changes nothing when that is impossible."""
    found = plan_problems(plan, centre.policies)
    live = [interaction for interaction in centre.interactions.values() if interaction.state != "ended"]
    live.sort(key=lambda interaction: interaction.number)
    if not found:
        found = _stranded(live, plan)
    if found:
        raise SignalError("plan-rejected", "the plan was not taken: " + "; ".join(found))

    centre.forget()
    forget_customers(centre)
    before = centre.plan.version
    old_queues = centre.queues
    was_open = open_queues(old_queues.values())
    centre.adopt(plan)
    adopt_hours(centre)
    centre.fact(PlanAdopted(centre.now, plan.version, before))
    forget_customers(centre)
    tell_changes(centre, was_open)
    _carry_queues(centre, old_queues)
    gone = _carry_agents(centre)
    _carry_interactions(centre, live)
    for agent in gone:
        if agent.presence != "offline":
            change(centre, agent, "draining", "removed", tell_agent=True)
        else:
            forget_if_gone(centre, agent)
    for interaction in live:
        if interaction.state != "ended":
            _find_new_queue(centre, interaction)
    for interaction in live:
        if interaction.state in ("queued", "offered"):
            _set_deadlines(centre, interaction)
            look_further(centre, interaction)
    for queue in centre.queues.values():
        if queue.level_steps:
            centre.touched.add(queue)
    centre.match_all = True


def _stranded(live: list[Interaction], plan: Plan) -> list[str]:
    """Return what of the live work the plan has no place for."""
    queues = {queue.queue_id for section in plan.sections for queue in section.queues}
    channels = {channel.channel_id for channel in plan.channels}
    successors = dict(plan.successors)
    lost_queues: dict[QueueId, int] = {}
    lost_channels: dict[str, int] = {}
    for interaction in live:
        queue_id = interaction.queue.plan.queue_id
        if queue_id not in queues and queue_id not in successors:
            lost_queues[queue_id] = lost_queues.get(queue_id, 0) + 1
        channel_id = interaction.channel.channel_id
        if channel_id not in channels:
            lost_channels[channel_id] = lost_channels.get(channel_id, 0) + 1
    return [
        f"queue {name!r} is gone but has {count} live interactions; name its successor"
        for name, count in lost_queues.items()
    ] + [
        f"channel {name!r} is gone but has {count} live interactions" for name, count in lost_channels.items()
    ]


def _carry_queues(centre: Centre, old_queues: dict[QueueId, QueueState]) -> None:
    for queue_id, old in old_queues.items():
        old.tick_at = None
        new = centre.queues.get(queue_id)
        if new is not None:
            new.last_picked = old.last_picked
    centre.touched.clear()


def _carry_agents(centre: Centre) -> list[AgentState]:
    """Give every agent its new description and profile; return those that left the roster, by id."""
    roster = {spec.agent_id: spec for spec in centre.plan.agents}
    gone = sorted(
        (agent for agent in centre.agents.values() if agent.id not in roster), key=lambda agent: agent.id
    )
    centre.pools_signed_in = {}
    for agent in list(centre.agents.values()):
        agent.leaving = agent.id not in roster
        agent.spec = roster.get(agent.id, agent.spec)
        agent.named_by = {}
        agent.favoured_by = {}
    for spec in centre.plan.agents:
        if spec.agent_id not in centre.agents:
            centre.agents[spec.agent_id] = AgentState(spec, centre.profiles.of(spec))
    for agent in centre.agents.values():
        profile = centre.profiles.of(agent.spec)
        change_rate(centre, agent, profile)
        profile.agents[agent.id] = agent
        agent.stamp += 1
        agent.counts = {}
        for holding in agent.holdings:
            channel_id = holding.interaction.channel.channel_id
            holding.interaction.channel = centre.channels.get(channel_id) or Channel(channel_id=channel_id)
            if holding.counts:
                agent.counts[channel_id] = agent.counts.get(channel_id, 0) + 1
        if agent.presence != "offline":
            profile.signed_in += 1
            for pool in profile.pools:
                centre.pools_signed_in[pool] = centre.pools_signed_in.get(pool, 0) + 1
            watch_lease(centre, agent)
    keep_standings(centre)
    return gone


def _carry_interactions(centre: Centre, live: list[Interaction]) -> None:
    """Let all live work go on in the queues that are still there; the rest stays in its old queue for the moment."""
    centre.waiting = centre.seeking = 0
    centre.favouring.clear()
    for interaction in live:
        interaction.channel = centre.channels[interaction.channel.channel_id]
        queue = centre.queues.get(interaction.queue.plan.queue_id)
        if queue is not None:
            interaction.queue = queue
            if interaction.origin == "queue":
                ask_as_queue(interaction)
            if interaction.state in ("queued", "offered") and not have_started(centre, interaction):
                set_clocks(centre, interaction)
        else:
            interaction.queue.waiting = 0
            interaction.queue.line = None
            interaction.queue.section.waiting = 0
    for interaction in live:
        interaction.klass = None
        interaction.listed = False
        if interaction.key is not None and interaction.state in ("queued", "offered"):
            rekey(centre, interaction)
        if interaction.state == "queued":
            wait(centre, interaction)


def _find_new_queue(centre: Centre, interaction: Interaction) -> None:
    queue_id = interaction.queue.plan.queue_id
    if queue_id in centre.queues:
        return
    to_queue = centre.queues[dict(centre.plan.successors)[queue_id]]
    if interaction.state in ("queued", "offered"):
        move(centre, interaction, to_queue, "plan")
        return
    interaction.queue = to_queue
    if interaction.origin == "queue":
        ask_as_queue(interaction)
    centre.fact(InteractionMoved(centre.now, interaction.id, queue_id, to_queue.plan.queue_id, "plan"))


def _set_deadlines(centre: Centre, interaction: Interaction) -> None:
    schedule_step(centre, interaction)
    schedule_need_change(centre, interaction)
