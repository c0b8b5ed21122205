"""Offers: made by a decision, ended in exactly one of six ways; and what follows for the work and for the agent."""

from __future__ import annotations

from router.core.affinity import remember_agent, rule_of
from router.core.broadcast import (
    TAKEN,
    add_offer,
    look_further,
    look_further_now,
    look_no_further,
    remove_offer,
)
from router.core.centre import OFFER_EXPIRY, REFUSAL_END, REFUSALS_CLEAR, Centre
from router.core.demand import DemandClass
from router.core.dialling import callbacks_of, dial, is_held, stop_dialling
from router.core.dialling import is_dialled_first as callback_comes_first
from router.core.effects import Connect, RescindOffer, SendOffer
from router.core.eligibility import eligible_agents
from router.core.facts import (
    NO_OFFER,
    InteractionAssigned,
    OfferEnd,
    OfferEnded,
    OfferMade,
    RefusalsCleared,
    make_fact,
)
from router.core.holdings import became_free, let_go, resuspend, take
from router.core.ladder import on_all_declined, run_waiting_operations
from router.core.names import AgentId, OfferId
from router.core.plan import OfferRules
from router.core.queueing import class_of, reclassify, stop_waiting, wait
from router.core.rates import count_end_of_offer
from router.core.records import AgentState, Holding, Interaction
from router.errors import SignalError, shown


def rules_of(interaction: Interaction) -> OfferRules:
    """Return the offer rules of the interaction's section and channel."""
    return interaction.queue.section.offers[interaction.channel.channel_id]


def match(centre: Centre, interaction: Interaction, agent: AgentState, tier: int, score: int) -> None:
    """Carry out a decision about work that waits."""
    klass = interaction.klass
    assert klass is not None
    if klass.rules.broadcast > 1:
        _match_broadcast(centre, klass, interaction, agent, tier, score)
        return
    stop_waiting(centre, interaction)
    hand_over(centre, klass, interaction, agent, tier, score)


def _match_broadcast(
    centre: Centre, klass: DemandClass, interaction: Interaction, agent: AgentState, tier: int, score: int
) -> None:
    """Carry out a decision about work that waits, or is offered to some and named by further agents."""
    was_listed = interaction.listed
    if interaction.owner is None:
        stop_waiting(centre, interaction)
    else:
        look_no_further(centre, interaction)
    hand_over(centre, klass, interaction, agent, tier, score)
    look_further_now(centre, interaction, is_listed=was_listed)


def hand_over(
    centre: Centre, klass: DemandClass, interaction: Interaction, agent: AgentState, tier: int, score: int
) -> None:
    """Offer the interaction, which does not wait, or waits no more, in the class, to the agent, or connect it at once."""
    decision = centre.last_decision = centre.last_decision + 1
    if decision == centre.watched_decision and centre.watcher is not None:
        centre.watcher(interaction, agent)
    interaction.klass = None
    rules, choice = klass.rules, klass.choice_name
    if interaction.favour is not None and interaction.favour.held_for:
        choice = rule_of(interaction, agent.id)
    elif klass.pick is not None:
        klass.queue.last_picked[choice] = agent.id
    profile = agent.profile
    units = profile.costs[klass.channel.channel_id]
    is_dialled_first = interaction.callback is not None and callback_comes_first(interaction)
    if rules.auto_answer and not is_dialled_first:
        holding = Holding(interaction, agent, decision, NO_OFFER, units, tier, score, choice)
        _assign(centre, holding)
        if profile.is_single and not profile.maxima and not agent.units:
            # All that ``take`` does for an idle agent whom any work fills.
            agent.holdings.append(holding)
            agent.units = units
            agent.stamp += 1
            agent.is_noted = True
        else:
            take(centre, holding)
        if interaction.callback is not None:
            dial(centre, interaction, holding, NO_OFFER)
        return
    now = centre.now
    offer_id = centre.last_offer = OfferId(centre.last_offer + 1)
    holding = Holding(interaction, agent, decision, offer_id, units, tier, score, choice)
    expires_at = now + rules.timeout_ms
    if is_dialled_first:
        expires_at = now + callbacks_of(interaction).dial_ms
    holding.until = expires_at
    interaction.state = "offered"
    add_offer(interaction, holding)
    centre.offers[offer_id] = holding
    if centre.link_lost_at is not None:
        centre.offered_unheard[offer_id] = now
    queue_id = holding.queue_id
    centre.facts.append(
        OfferMade(
            now, decision, offer_id, interaction.id, agent.id, queue_id, tier, score, choice, expires_at
        )
    )
    if not is_dialled_first:
        centre.effects.append(SendOffer(offer_id, interaction.id, agent.id, expires_at))
    centre.deadline(expires_at, OFFER_EXPIRY, interaction.number, agent.id, holding, offer_id)
    take(centre, holding)
    if is_dialled_first:
        dial(centre, interaction, holding, offer_id)


def _assign(centre: Centre, holding: Holding) -> None:
    interaction = holding.interaction
    now = centre.now
    waited = interaction.waited_ms = max(now - (interaction.waiting_since or 0), 0)
    if centre.figures is not None:
        node = interaction.queue.queue_id, interaction.channel.channel_id
        centre.figures.answered(node, interaction.number, waited, now)
    interaction.state = "assigned"
    interaction.owner = holding
    interaction.favour = None
    if centre.remembers_customers and interaction.arrival.customer is not None:
        remember_agent(centre, interaction.arrival.customer, holding.agent.id)
    interaction.refused = None
    interaction.refused_clear_at = None
    interaction.ladder_due = None
    interaction.need_due = None
    if interaction.ladder is not None:
        interaction.ladder.waiting.clear()
    holding.state = "connected"
    holding.connected_at = now
    if holding.agent.standing is not None:
        holding.agent.standing.handled_at.append(now)
    interaction_id, agent_id = interaction.id, holding.agent.id
    centre.facts.append(
        make_fact(
            InteractionAssigned,
            (
                now,
                holding.decision,
                holding.offer_id,
                interaction_id,
                agent_id,
                interaction.queue.queue_id,
                holding.tier,
                holding.score,
                holding.choice,
                waited,
            ),
        )
    )
    centre.effects.append(make_fact(Connect, (interaction_id, agent_id)))


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def open_offer(centre: Centre, offer_id: OfferId, agent_id: AgentId) -> Holding:
    """Return the open offer; raises ``unknown-offer``, ``not-yours``, ``offer-ended`` or ``offer-held``."""
    holding = offer_of(centre, offer_id, agent_id)
    if holding.offer_end is not None:
        how = holding.offer_end
        raise SignalError("offer-ended", f"offer {offer_id} has ended already: {how}", state=how)
    if is_held(holding):
        raise SignalError(
            "offer-held",
            f"offer {offer_id} holds its agent while the customer is dialled: there is nothing to answer",
            state="offered",
        )
    return holding


def offer_of(centre: Centre, offer_id: OfferId, agent_id: AgentId) -> Holding:
    """Return the offer, ended or not; raises ``unknown-offer`` or ``not-yours``."""
    centre.forget()
    holding = centre.offers.get(offer_id)
    if holding is None:
        raise SignalError(
            "unknown-offer", f"offer {shown(offer_id)} is not known, or ended more than an hour ago"
        )
    if holding.agent.id != agent_id:
        raise SignalError("not-yours", f"offer {offer_id} was made to another agent than {agent_id!r}")
    return holding


def end_offer(centre: Centre, holding: Holding, how: OfferEnd, reason: str) -> None:
    """End the offer, and free what it held unless it was accepted. The interaction is left for the caller."""
    interaction = holding.interaction
    holding.offer_end = how
    holding.offer_ended_at = centre.now
    centre.ended_offers.append(holding)
    centre.facts.append(
        OfferEnded(centre.now, holding.offer_id, interaction.id, holding.agent.id, how, reason)
    )
    if how in ("expired", "rescinded", "cancelled"):
        centre.effect(
            RescindOffer(
                holding.offer_id, interaction.id, holding.agent.id, how if how == "expired" else reason
            )
        )
    if holding.agent.profile.rate is not None:
        count_end_of_offer(centre, holding.agent, is_accepted=how == "accepted")
    if how != "accepted":
        if is_held(holding):
            stop_dialling(centre, interaction)
        remove_offer(interaction, holding)
        let_go(centre, holding)


def accept(centre: Centre, holding: Holding) -> None:
    """The agent takes the offer."""
    holding.agent.no_answers = 0
    end_offer(centre, holding, "accepted", "")
    interaction = holding.interaction
    if interaction.klass is not None or interaction.also_offered is not None:
        look_no_further(centre, interaction)
        for other in interaction.open_offers():
            if other is not holding:
                end_offer(centre, other, "rescinded", TAKEN)
    _assign(centre, holding)
    resuspend(centre, holding.agent)
    if holding.interaction.callback is not None:
        dial(centre, holding.interaction, holding, NO_OFFER)
    if holding.interaction.channel.interruptible_by:
        became_free(centre, holding.agent)


def decline(centre: Centre, holding: Holding, reason: str) -> None:
    """The agent refuses the offer."""
    holding.agent.idle_since = centre.now
    end_offer(centre, holding, "declined", reason)
    back_in_queue(centre, holding)
    refuse(centre, holding.interaction, holding.agent)
    run_waiting_operations(centre, holding.interaction)


def fail(centre: Centre, holding: Holding, reason: str) -> None:
    """The offer did not reach the agent."""
    end_offer(centre, holding, "failed", reason)
    back_in_queue(centre, holding)
    refuse(centre, holding.interaction, holding.agent)
    run_waiting_operations(centre, holding.interaction)


def back_in_queue(centre: Centre, holding: Holding) -> None:
    """The interaction waits again, in its place; while other offers of it are open it looks for another agent in the place of this one."""
    interaction = holding.interaction
    if interaction.owner is not None:
        look_further(centre, interaction)
        return
    look_no_further(centre, interaction)
    interaction.state = "queued"
    wait(centre, interaction)


def refuse(centre: Centre, interaction: Interaction, agent: AgentState) -> None:
    """Let the pair rest; when all who could take it rest, set the clearing of the memory."""
    rules = rules_of(interaction)
    rest(centre, interaction, agent, rules.retry_after_ms)
    if interaction.refused_clear_at is None and _all_have_refused(centre, interaction):
        clear_at = interaction.refused_clear_at = centre.now + rules.all_declined_pause_ms
        centre.deadline(clear_at, REFUSALS_CLEAR, interaction.number, "", interaction)


def _all_have_refused(centre: Centre, interaction: Interaction) -> bool:
    """Say whether every ready agent that passes kind, channel, pool and requirement rests, and there is one."""
    klass = interaction.klass
    if klass is None:  # offered, and naming nobody any more
        interaction.klass = class_of(centre, interaction)
    refused = interaction.refused or {}
    ready = [agent for agent in eligible_agents(centre, interaction) if agent.presence == "ready"]
    interaction.klass = klass
    return bool(ready) and all(agent.id in refused for agent in ready)


def rest(centre: Centre, interaction: Interaction, agent: AgentState, rest_ms: int) -> None:
    """Let the pair rest for a while."""
    if interaction.refused is None:
        interaction.refused = {}
    until = interaction.refused[agent.id] = centre.now + rest_ms
    centre.deadline(until, REFUSAL_END, interaction.number, agent.id, interaction)
    if interaction.favour is not None and interaction.klass is not None:
        reclassify(centre, interaction)


def end_rest(centre: Centre, interaction: Interaction, agent_id: AgentId, due: int) -> None:
    """The pair has rested long enough."""
    if interaction.refused is not None and interaction.refused.get(agent_id) == due:
        del interaction.refused[agent_id]
        _try_again(centre, interaction)


def clear_refusals(centre: Centre, interaction: Interaction) -> None:
    """Everybody eligible has refused: all may be asked again."""
    interaction.refused_clear_at = None
    interaction.refused = None
    centre.fact(RefusalsCleared(centre.now, interaction.id))
    if interaction.queue.declined_steps:
        on_all_declined(centre, interaction)
    _try_again(centre, interaction)


def _try_again(centre: Centre, interaction: Interaction) -> None:
    if interaction.klass is None:
        return
    if interaction.favour is None:
        centre.new_work.append(interaction)
    else:
        reclassify(centre, interaction)


def rescind_all(centre: Centre, agent: AgentState) -> None:
    """Withdraw the agent's open offers, oldest first; each interaction is back in its queue, or offered to others still."""
    for holding in [holding for holding in agent.holdings if holding.state == "offered"]:
        end_offer(centre, holding, "rescinded", agent.presence)
        back_in_queue(centre, holding)
        run_waiting_operations(centre, holding.interaction)
