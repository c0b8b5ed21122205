"""Agents coming, going and being lost, and what that does to what they hold."""

from __future__ import annotations

from agents.presence import MOVES, PresenceEvent
from router.core.arrivals import queued
from router.core.centre import HOLD_END, LEASE_END, PAUSE_END, Centre
from router.core.dialling import stop_dialling
from router.core.effects import ReleaseWork, SetPresence
from router.core.facts import (
    AgentPaused,
    AgentUnpaused,
    HoldEnded,
    PresenceChanged,
    WorkHeld,
)
from router.core.holdings import became_free, close, count_in, count_out, go_if_done
from router.core.ladder import run_waiting_operations
from router.core.offers import back_in_queue, end_offer, refuse, rescind_all, rules_of
from router.core.queueing import review_favours
from router.core.rates import keep_account
from router.core.records import AgentState, Holding
from router.errors import SignalError


def change(
    centre: Centre, agent: AgentState, event: PresenceEvent, reason: str, *, tell_agent: bool = False
) -> bool:
    """Move the agent's presence by the table; say whether anything changed. Raises ``illegal-state``.

    ``tell_agent``: the change is the router's own, and the agent has to be told.
    """
    before = agent.presence
    presence = MOVES[before].get(event)
    if presence is None:
        raise SignalError(
            "illegal-state",
            f"agent {agent.id!r} is {before}: it has to sign in before {event!r}",
            state=before,
        )
    if presence == before and (presence != "not-ready" or reason == agent.reason):
        return False
    agent.presence = presence
    agent.reason = reason
    agent.paused_until = None
    now = centre.now
    if presence == "ready" and before != "ready":
        agent.no_answers = 0
    if before == "offline":
        agent.idle_since = now
        if agent.standing is not None:
            agent.standing.restart(now, agent.units)
        count_in(centre, agent)
    centre.fact(PresenceChanged(now, agent.id, before, presence, reason))
    if agent.favoured_by:
        review_favours(centre, agent)
    if tell_agent:
        centre.effect(SetPresence(agent.id, presence, reason))
    if before == "offline":
        _return_to_held_work(centre, agent)
    if presence == "ready":
        became_free(centre, agent)
        return True
    agent.profile.note(agent)
    if presence == "offline":
        count_out(centre, agent)
    if before == "ready":
        rescind_all(centre, agent)
    if presence == "draining":
        go_if_done(centre, agent)
    return True


def heard_from(centre: Centre, agent: AgentState) -> None:
    """Renew the agent's lease."""
    agent.last_heard = centre.now
    if centre.plan.presence_ttl_ms is not None:
        watch_lease(centre, agent)


def watch_lease(centre: Centre, agent: AgentState) -> None:
    """Make sure that the lease is looked at when it may run out; a look that comes too early sets the next one."""
    ttl = centre.plan.presence_ttl_ms
    if ttl is None or agent.presence == "offline":
        return
    due = agent.last_heard + ttl
    if agent.lease_due is None or agent.lease_due > due:
        agent.lease_due = due
        centre.deadline(due, LEASE_END, 0, agent.id, agent)


def on_lease_due(centre: Centre, agent: AgentState) -> None:
    """The lease may have run out: the agent is lost, or it was heard from since."""
    agent.lease_due = None
    ttl = centre.plan.presence_ttl_ms
    if ttl is None or agent.presence == "offline":
        return
    if agent.last_heard + ttl > centre.now:
        watch_lease(centre, agent)
    else:
        lose(centre, agent, "lease")


def sign_out(centre: Centre, agent: AgentState) -> bool:
    """The agent leaves; raises ``holds-work`` while it is connected."""
    connected = [holding for holding in agent.holdings if holding.state == "connected"]
    if connected and agent.presence != "offline":
        names = ", ".join(holding.interaction.id for holding in connected)
        raise SignalError(
            "holds-work",
            f"agent {agent.id!r} is connected to {names}: finish or transfer it, or drain instead",
        )
    has_changed = change(centre, agent, "signed-out", "")
    if has_changed:
        _close_wrap_ups(centre, agent)
    return has_changed


def lose(centre: Centre, agent: AgentState, reason: str) -> bool:
    """The agent is gone without a word; its connected work stays or is held, by the channel's rule."""
    if not change(centre, agent, "lost", reason):
        return False
    _close_wrap_ups(centre, agent)
    connected = [holding for holding in agent.holdings if holding.state == "connected"]
    for holding in sorted(connected, key=lambda holding: holding.interaction.number):
        hold_ms = holding.interaction.channel.hold_ms
        if hold_ms is not None:
            until = holding.held_until = centre.now + hold_ms
            interaction = holding.interaction
            centre.fact(WorkHeld(centre.now, interaction.id, agent.id, until))
            centre.deadline(until, HOLD_END, interaction.number, agent.id, holding, holding.decision)
    return True


def on_hold_end(centre: Centre, holding: Holding) -> None:
    """The lost agent did not come back in time: its work is queued again, in its place, expedited."""
    agent, interaction = holding.agent, holding.interaction
    now = centre.now
    holding.held_until = None
    interaction.owner = None
    holding.queue_id = interaction.queue.plan.queue_id
    centre.fact(HoldEnded(now, interaction.id, agent.id, "requeued"))
    if interaction.callback is not None:
        stop_dialling(centre, interaction)
    close(centre, holding)
    centre.effect(ReleaseWork(interaction.id, agent.id, "agent-lost"))
    interaction.expedited = True
    interaction.refused = None
    interaction.refused_clear_at = None
    queued(centre, interaction, "agent-lost")


def expire_offer(centre: Centre, holding: Holding) -> None:
    """Nobody answered in time: the work is back in its queue, and the agent bears what the rules say."""
    agent = holding.agent
    interaction = holding.interaction
    rules = rules_of(interaction)
    agent.idle_since = centre.now
    end_offer(centre, holding, "expired", "")
    back_in_queue(centre, holding)
    refuse(centre, interaction, agent)
    run_waiting_operations(centre, interaction)
    if rules.broadcast > 1:
        return
    agent.no_answers += 1
    if agent.presence != "ready":
        return
    if rules.max_no_answer and agent.no_answers >= rules.max_no_answer:
        change(centre, agent, "not-ready", "no-answer-limit", tell_agent=True)
    elif rules.on_no_answer == "not-ready":
        change(centre, agent, "not-ready", "no-answer", tell_agent=True)
    elif rules.on_no_answer == "pause":
        until = agent.paused_until = centre.now + rules.pause_ms
        centre.fact(AgentPaused(centre.now, agent.id, until))
        centre.deadline(until, PAUSE_END, 0, agent.id, agent)
        agent.profile.note(agent)


def on_pause_end(centre: Centre, agent: AgentState) -> None:
    """The pause after an unanswered offer is over."""
    agent.paused_until = None
    centre.fact(AgentUnpaused(centre.now, agent.id))
    became_free(centre, agent)


def on_rate_end(centre: Centre, agent: AgentState) -> None:
    """Time has passed since the agent's rate limit was used up: it may take work again, if that was long enough."""
    keep_account(centre, agent)
    if not agent.is_spent:
        became_free(centre, agent)


def _return_to_held_work(centre: Centre, agent: AgentState) -> None:
    held = [holding for holding in agent.holdings if holding.held_until is not None]
    for holding in sorted(held, key=lambda holding: holding.interaction.number):
        holding.held_until = None
        centre.fact(HoldEnded(centre.now, holding.interaction.id, agent.id, "returned"))


def _close_wrap_ups(centre: Centre, agent: AgentState) -> None:
    wrap_ups = [holding for holding in agent.holdings if holding.state == "wrap-up"]
    for holding in sorted(wrap_ups, key=lambda holding: (holding.interaction.number, holding.decision)):
        close(centre, holding)
