"""What agents hold: taking it, letting go of it, wrap-up, and the suspension of what is interrupted."""

from __future__ import annotations

from agents.model import WrapUp
from router.core.centre import WRAP_UP_END, Centre
from router.core.effects import ResumeWork, SetPresence, SuspendWork
from router.core.facts import (
    AssignmentClosed,
    HoldEnded,
    PresenceChanged,
    WorkResumed,
    WorkSuspended,
    WrapUpStarted,
    make_fact,
)
from router.core.handle_times import note_handle_time
from router.core.queueing import review_favours
from router.core.rates import count_start
from router.core.records import AgentState, Holding, Interaction
from router.core.running_figures import RunningFigures

NO_WRAP_UP = WrapUp()


def take(centre: Centre, holding: Holding) -> None:
    """Let the agent hold it from now on."""
    agent = holding.agent
    profile = agent.profile
    agent.holdings.append(holding)
    agent.units += holding.units
    if agent.standing is not None:
        agent.standing.hold(agent.units, centre.now)
    if profile.maxima:
        channel_id = holding.interaction.channel.channel_id
        agent.counts[channel_id] = agent.counts.get(channel_id, 0) + 1
    if profile.is_single:
        agent.stamp += 1
        agent.is_noted = True
    else:
        if profile.rate is not None:
            count_start(centre, holding)
        profile.note(agent)
    if agent.has_suspended or agent.units > profile.capacity:
        resuspend(centre, agent)


def free(centre: Centre, holding: Holding) -> None:
    """Free the units and the channel count of what is held, which may go on being held without them: the agent may take
    more than before.
    """
    agent = holding.agent
    agent.units -= holding.units
    holding.units = 0
    holding.suspended = False
    if agent.standing is not None:
        agent.standing.hold(agent.units, centre.now)
    if holding.counts:
        holding.counts = False
        if agent.profile.maxima:
            agent.counts[holding.interaction.channel.channel_id] -= 1
    became_free(centre, agent)


def let_go(centre: Centre, holding: Holding) -> None:
    """Let the agent hold it no more."""
    agent = holding.agent
    agent.holdings.remove(holding)
    if holding.state == "wrap-up" and holding.scope == "section":
        _unblock(centre, holding)
    holding.state = "closed"
    free(centre, holding)
    if agent.has_suspended or agent.units > agent.profile.capacity:
        resuspend(centre, agent)


def became_free(centre: Centre, agent: AgentState) -> None:
    """The agent may take more than before: the matching pass looks for work for it, and then brings the indexes up."""
    if agent.presence == "ready":
        agent.stamp += 1
        agent.is_noted = False
        centre.freed.append(agent)
    else:
        agent.profile.note(agent)


def resuspend(centre: Centre, agent: AgentState) -> None:
    """Work out anew which of the agent's work is suspended, and say what changed."""
    excess = agent.units - agent.profile.capacity
    if excess <= 0 and not agent.has_suspended:
        return
    suspended: set[Holding] = set()
    if excess > 0:
        channels = {holding.interaction.channel.channel_id for holding in agent.holdings if holding.units}
        for holding in reversed(agent.holdings):
            if holding.state == "offered" or not holding.units:
                continue
            if not channels.isdisjoint(holding.interaction.channel.interruptible_by):
                suspended.add(holding)
                excess -= holding.units
                if excess <= 0:
                    break
    agent.has_suspended = bool(suspended)
    changed = [holding for holding in agent.holdings if holding.suspended != (holding in suspended)]
    for holding in changed:
        holding.suspended = not holding.suspended
        if holding.suspended:
            centre.fact(WorkSuspended(centre.now, holding.interaction.id, agent.id))
            centre.effect(SuspendWork(holding.interaction.id, agent.id))
    for holding in changed:
        if not holding.suspended:
            centre.fact(WorkResumed(centre.now, holding.interaction.id, agent.id))
            centre.effect(ResumeWork(holding.interaction.id, agent.id))


def end_contact(centre: Centre, holding: Holding) -> None:
    """The contact of a connected assignment is over for its agent: wrap-up, or closed at once."""
    agent = holding.agent
    interaction = holding.interaction
    queue = interaction.queue
    holding.queue_id = queue.queue_id
    holding.section_id = queue.section_id
    if holding.held_until is not None:
        holding.held_until = None
        centre.fact(HoldEnded(centre.now, interaction.id, agent.id, "ended"))
    rule = NO_WRAP_UP if agent.presence == "offline" else wrap_up_rule(agent, interaction)
    now = centre.now
    if rule.kind == "none" or not rule.limit_ms:
        is_plain = agent.presence == "ready" and not agent.has_suspended and not agent.profile.maxima
        if is_plain and agent.standing is None:
            _close_at_once(centre, holding, agent, now)
        else:
            close(centre, holding)
        return
    holding.state = "wrap-up"
    holding.wrap_up_at = now
    holding.scope = rule.scope
    holding.until = now + rule.limit_ms
    centre.fact(WrapUpStarted(now, interaction.id, agent.id, rule.scope, holding.until))
    centre.deadline(holding.until, WRAP_UP_END, interaction.number, agent.id, holding, holding.decision)
    if rule.scope != "agent":
        if centre.figures is not None:
            _count_service(centre.figures, holding, now)
        agent.idle_since = now
        if rule.scope == "section":
            _block(centre, holding)
        free(centre, holding)
    resuspend(centre, agent)


def wrap_up_rule(agent: AgentState, interaction: Interaction) -> WrapUp:
    """Return the agent's own rule for the channel, or the section's."""
    channel_id = interaction.channel.channel_id
    if agent.spec.wrap_up:
        for own_channel, own in agent.spec.wrap_up:
            if own_channel == channel_id:
                return own
    return interaction.queue.section.wrap_up.get(channel_id, NO_WRAP_UP)


def close(centre: Centre, holding: Holding) -> None:
    """The agent is done with the interaction."""
    agent = holding.agent
    now = centre.now
    if holding.state == "wrap-up":
        connected_ms, wrap_up_ms = holding.wrap_up_at - holding.connected_at, now - holding.wrap_up_at
    else:
        connected_ms, wrap_up_ms = now - holding.connected_at, 0
    if holding.counts:
        agent.idle_since = now
        if centre.figures is not None:
            _count_service(centre.figures, holding, now)
    centre.facts.append(
        make_fact(
            AssignmentClosed,
            (now, holding.interaction.id, agent.id, holding.queue_id, connected_ms, wrap_up_ms),
        )
    )
    if centre.handle_times:
        note_handle_time(centre, holding.queue_id, connected_ms + wrap_up_ms)
    let_go(centre, holding)
    if agent.presence == "draining":
        go_if_done(centre, agent)
    elif agent.leaving:
        forget_if_gone(centre, agent)


def _close_at_once(centre: Centre, holding: Holding, agent: AgentState, now: int) -> None:
    """What ``close`` does for the commonest contact, in one piece: no wrap-up, and its agent is ready for more."""
    centre.facts.append(
        make_fact(
            AssignmentClosed,
            (now, holding.interaction.id, agent.id, holding.queue_id, now - holding.connected_at, 0),
        )
    )
    if centre.figures is not None:
        _count_service(centre.figures, holding, now)
    if centre.handle_times:
        note_handle_time(centre, holding.queue_id, now - holding.connected_at)
    holding.state = "closed"
    holding.counts = False
    agent.idle_since = now
    agent.holdings.remove(holding)
    agent.units -= holding.units
    holding.units = 0
    agent.stamp += 1
    agent.is_noted = False
    centre.freed.append(agent)
    if agent.units > agent.profile.capacity:
        resuspend(centre, agent)


def _count_service(figures: RunningFigures, holding: Holding, now: int) -> None:
    """The agent's units are about to come free: count what the service took of them."""
    node = holding.queue_id, holding.interaction.channel.channel_id
    figures.served(node, holding.units * (now - holding.connected_at), now)


def go_if_done(centre: Centre, agent: AgentState) -> None:
    """A draining agent that holds nothing goes offline."""
    if agent.holdings or agent.presence != "draining":
        return
    agent.presence = "offline"
    agent.reason = "drained"
    centre.fact(PresenceChanged(centre.now, agent.id, "draining", "offline", "drained"))
    centre.effect(SetPresence(agent.id, "offline", "drained"))
    count_out(centre, agent)
    agent.profile.note(agent)


def count_in(centre: Centre, agent: AgentState) -> None:
    """Count the agent among the signed-in."""
    agent.profile.signed_in += 1
    _count(centre, agent, 1)


def count_out(centre: Centre, agent: AgentState) -> None:
    """Count the agent no more; forget it if it left the roster and holds nothing."""
    agent.profile.signed_in -= 1
    _count(centre, agent, -1)
    forget_if_gone(centre, agent)


def forget_if_gone(centre: Centre, agent: AgentState) -> None:
    """Forget an agent that left the roster, is offline and holds nothing."""
    if agent.leaving and agent.presence == "offline" and not agent.holdings:
        centre.agents.pop(agent.id, None)
        agent.profile.agents.pop(agent.id, None)
        review_favours(centre, agent)
        agent.profile.note(agent)


def _count(centre: Centre, agent: AgentState, change: int) -> None:
    counts = centre.pools_signed_in
    for pool in agent.profile.pools:
        count = counts[pool] = counts.get(pool, 0) + change
        if pool in centre.tier_pools and count == (1 if change > 0 else 0):
            centre.epoch += 1
            centre.match_all = True


def _block(centre: Centre, holding: Holding) -> None:
    blocked = holding.agent.blocked
    if not blocked:
        centre.blocked_agents += 1
    blocked[holding.section_id] = blocked.get(holding.section_id, 0) + 1


def _unblock(centre: Centre, holding: Holding) -> None:
    blocked = holding.agent.blocked
    blocked[holding.section_id] -= 1
    if not blocked[holding.section_id]:
        del blocked[holding.section_id]
        if not blocked:
            centre.blocked_agents -= 1
