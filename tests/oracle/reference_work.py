"""What agents hold and how they come by it and lose it: presence, offers, assignments, wrap-ups, suspension."""

from __future__ import annotations

from agents.model import WrapUp
from agents.presence import Presence
from router.core.effects import (
    Connect,
    ReleaseWork,
    RescindOffer,
    ResumeWork,
    SendOffer,
    SetPresence,
    SuspendWork,
)
from router.core.facts import (
    NO_OFFER,
    AgentPaused,
    AssignmentClosed,
    HoldEnded,
    InteractionAssigned,
    LinkChanged,
    OfferEnd,
    OfferEnded,
    OfferExtended,
    OfferMade,
    PresenceChanged,
    WorkHeld,
    WorkResumed,
    WorkSuspended,
    WrapUpStarted,
)
from router.core.names import OfferId
from tests.oracle.reference_affinity import meet
from tests.oracle.reference_broadcast import offers_of_work
from tests.oracle.reference_choice import count_anew
from tests.oracle.reference_dialling import dial, is_dialled_first, is_held, rules_of, stop_dialling
from tests.oracle.reference_estimates import note_service, note_wait
from tests.oracle.reference_ladder import forget_refusals, put_in_queue, run_waiting_operations
from tests.oracle.reference_matching import Decision, would_do
from tests.oracle.reference_rates import connected
from tests.oracle.reference_selection import note_handle_time
from tests.oracle.reference_state import Assignment, Offer, Person, State, Work

# ── decisions and offers ─────────────────────────────────────────────────────────────────────────────────────────


def carry_out(state: State, decision: Decision) -> None:
    """Offer the work to the agent, or connect it at once."""
    work, person = decision.work, decision.person
    state.decisions += 1
    if decision.choice == "round-robin":
        state.last_round_robin[work.queue] = person.agent_id
    rules = state.offer_rules(work)
    units = state.cost(person, work.channel)
    if work.state == "queued":
        state.touched.add(work.queue)
    dialled_first = is_dialled_first(state, work)
    if rules.auto_answer and not dialled_first:
        offer = Offer(
            offer_id=NO_OFFER,
            decision=state.decisions,
            work=work,
            agent_id=person.agent_id,
            units=units,
            tier=decision.tier,
            score=decision.score,
            choice=decision.choice,
            expires_at=state.now,
        )
        _assign(state, offer)
        return
    offer = Offer(
        offer_id=OfferId(len(state.offers) + 1),
        decision=state.decisions,
        work=work,
        agent_id=person.agent_id,
        units=units,
        tier=decision.tier,
        score=decision.score,
        choice=decision.choice,
        expires_at=state.now + (rules_of(state, work).dial_ms if dialled_first else rules.timeout_ms),
        made_at=state.now,
    )
    state.offers.append(offer)
    work.state = "offered"
    state.facts.append(
        OfferMade(
            at=state.now,
            decision=offer.decision,
            offer_id=offer.offer_id,
            interaction_id=work.interaction_id,
            agent_id=person.agent_id,
            queue=work.queue,
            tier=offer.tier,
            score=offer.score,
            choice=offer.choice,
            expires_at=offer.expires_at,
        )
    )
    if not dialled_first:
        state.effects.append(
            SendOffer(offer.offer_id, work.interaction_id, person.agent_id, offer.expires_at)
        )
    update_suspension(state, person)
    if dialled_first:
        dial(state, work, person.agent_id, offer.offer_id)


def restore_link(state: State) -> None:
    """Give open offers back the time in which nobody could answer, and take everybody for heard from."""
    lost_at = state.link_lost_at
    assert lost_at is not None
    state.link_lost_at = None
    state.facts.append(LinkChanged(state.now, "restored"))
    for offer in state.open_offers():
        offer.expires_at += state.now - max(lost_at, offer.made_at)
        interaction_id = offer.work.interaction_id
        state.facts.append(
            OfferExtended(state.now, offer.offer_id, interaction_id, offer.agent_id, offer.expires_at)
        )
        if not is_held(offer):
            state.effects.append(SendOffer(offer.offer_id, interaction_id, offer.agent_id, offer.expires_at))
    for person in state.people.values():
        if person.is_signed_in:
            person.heard_at = state.now


def accept(state: State, offer: Offer) -> None:
    """Connect the agent that took the offer."""
    _close_offer(state, offer, "accepted", "")
    state.people[offer.agent_id].unanswered = 0
    for other in offers_of_work(state, offer.work):
        _close_offer(state, other, "rescinded", "taken")
        _rescind_effect(state, other, "taken")
        update_suspension(state, state.people[other.agent_id])
    _assign(state, offer)


def _assign(state: State, offer: Offer) -> None:
    work, person = offer.work, state.people[offer.agent_id]
    work.state = "assigned"
    work.owner = person.agent_id
    person.connected_at.append(state.now)
    meet(state, work, person.agent_id)
    work.wait_ms = max(0, state.now - (work.service_clock or 0))
    note_wait(state, work, "answered")
    work.operations_waiting.clear()
    forget_refusals(work)
    connected(state, person)
    state.assignments.append(
        Assignment(
            decision=offer.decision,
            work=work,
            agent_id=person.agent_id,
            units=offer.units,
            connected_at=state.now,
            queue=work.queue,
            section=work.section,
        )
    )
    state.facts.append(
        InteractionAssigned(
            at=state.now,
            decision=offer.decision,
            offer_id=offer.offer_id,
            interaction_id=work.interaction_id,
            agent_id=person.agent_id,
            queue=work.queue,
            tier=offer.tier,
            score=offer.score,
            choice=offer.choice,
            wait_ms=work.wait_ms,
        )
    )
    state.effects.append(Connect(work.interaction_id, person.agent_id))
    update_suspension(state, person)
    if work.callback is not None:
        dial(state, work, person.agent_id, NO_OFFER)


def _close_offer(state: State, offer: Offer, how: OfferEnd, reason: str) -> None:
    offer.how = how
    offer.ended_at = state.now
    state.facts.append(
        OfferEnded(state.now, offer.offer_id, offer.work.interaction_id, offer.agent_id, how, reason)
    )


def _rescind_effect(state: State, offer: Offer, reason: str) -> None:
    state.effects.append(RescindOffer(offer.offer_id, offer.work.interaction_id, offer.agent_id, reason))


def cancel_offer(state: State, work: Work, reason: str) -> None:
    """End the open offer of work that is about to end, if it has one."""
    for offer in state.open_offers():
        if offer.work is work:
            _close_offer(state, offer, "cancelled", reason)
            _rescind_effect(state, offer, reason)
            if is_held(offer):
                stop_dialling(state, work)
            update_suspension(state, state.people[offer.agent_id])


def withdraw_offer(state: State, work: Work, reason: str) -> None:
    """End the open offer of work that is not to go back to its queue."""
    for offer in state.open_offers():
        if offer.work is work:
            _close_offer(state, offer, "rescinded", reason)
            _rescind_effect(state, offer, reason)
            if is_held(offer):
                stop_dialling(state, work)
            update_suspension(state, state.people[offer.agent_id])


def decline(state: State, offer: Offer, reason: str) -> None:
    """Take the work back from the agent that refused it."""
    person = state.people[offer.agent_id]
    _close_offer(state, offer, "declined", reason)
    update_suspension(state, person)
    person.idle_since = state.now
    _give_back(state, offer.work)
    _refuse(state, offer.work, person)
    _run_waiting(state, offer.work)


def fail_offer(state: State, offer: Offer, reason: str) -> None:
    """Take the work back from the agent that could not be reached."""
    person = state.people[offer.agent_id]
    _close_offer(state, offer, "failed", reason)
    update_suspension(state, person)
    _give_back(state, offer.work)
    _refuse(state, offer.work, person)
    _run_waiting(state, offer.work)


def expire_offer(state: State, offer: Offer) -> None:
    """Take the work back from the agent that did not answer, with the consequences for the agent."""
    person = state.people[offer.agent_id]
    rules = state.offer_rules(offer.work)
    _close_offer(state, offer, "expired", "")
    _rescind_effect(state, offer, "expired")
    update_suspension(state, person)
    person.idle_since = state.now
    _give_back(state, offer.work)
    _refuse(state, offer.work, person)
    _run_waiting(state, offer.work)
    if rules.broadcast > 1:
        return
    person.unanswered += 1
    if 0 < rules.max_no_answer <= person.unanswered:
        if person.presence == "ready":
            set_presence(state, person, "not-ready", "no-answer-limit", by_router=True)
    elif rules.on_no_answer == "not-ready":
        if person.presence == "ready":
            set_presence(state, person, "not-ready", "no-answer", by_router=True)
    elif rules.on_no_answer == "pause":
        person.paused_until = state.now + rules.pause_ms
        state.facts.append(AgentPaused(state.now, person.agent_id, person.paused_until))


def _rescind(state: State, offer: Offer, reason: str) -> None:
    _close_offer(state, offer, "rescinded", reason)
    _rescind_effect(state, offer, reason)
    if is_held(offer):
        stop_dialling(state, offer.work)
    update_suspension(state, state.people[offer.agent_id])
    _give_back(state, offer.work)
    _run_waiting(state, offer.work)


def _give_back(state: State, work: Work) -> None:
    if offers_of_work(state, work):
        return
    work.state = "queued"
    state.touched.add(work.queue)


def _run_waiting(state: State, work: Work) -> None:
    if work.state == "queued":
        run_waiting_operations(state, work)


def _refuse(state: State, work: Work, person: Person) -> None:
    rules = state.offer_rules(work)
    work.refusals[person.agent_id] = state.now + rules.retry_after_ms
    eligible = [
        other for other in state.people.values() if other.presence == "ready" and would_do(state, other, work)
    ]
    all_rest = all(other.agent_id in work.refusals for other in eligible)
    if eligible and all_rest and work.refusals_clear_at is None:
        work.refusals_clear_at = state.now + rules.all_declined_pause_ms


# ── assignments ──────────────────────────────────────────────────────────────────────────────────────────────────


def assignment_of(state: State, work: Work) -> Assignment:
    """Return the owner's assignment of assigned work."""
    return next(a for a in state.assignments if a.work is work and not a.is_wrap_up)


def end_contact(state: State, assignment: Assignment) -> None:
    """End the contact of a connected assignment: its wrap-up starts, or it closes."""
    person = state.people[assignment.agent_id]
    work = assignment.work
    work.owner = None
    assignment.queue, assignment.section = work.queue, work.section
    assignment.contact_ended_at = state.now
    if assignment.held_until is not None:
        assignment.held_until = None
        state.facts.append(HoldEnded(state.now, work.interaction_id, person.agent_id, "ended"))
    rule = _wrap_up_rule(state, person, work)
    if person.presence == "offline" or rule.kind == "none" or rule.limit_ms == 0:
        close(state, assignment)
        return
    assignment.is_wrap_up = True
    assignment.scope = rule.scope
    assignment.wrap_up_until = state.now + rule.limit_ms
    state.facts.append(
        WrapUpStarted(state.now, work.interaction_id, person.agent_id, rule.scope, assignment.wrap_up_until)
    )
    if rule.scope != "agent":
        note_service(state, assignment)
        person.idle_since = state.now
        assignment.is_suspended = False
    update_suspension(state, person)


def _wrap_up_rule(state: State, person: Person, work: Work) -> WrapUp:
    own = dict(person.agent.wrap_up).get(work.channel)
    return dict(state.section_of(work.queue).wrap_up)[work.channel] if own is None else own


def close(state: State, assignment: Assignment) -> None:
    """Close an assignment whose contact has ended."""
    person = state.people[assignment.agent_id]
    if assignment.holds_units:
        person.idle_since = state.now
        note_service(state, assignment)
    state.assignments.remove(assignment)
    state.facts.append(
        AssignmentClosed(
            at=state.now,
            interaction_id=assignment.work.interaction_id,
            agent_id=person.agent_id,
            queue=assignment.queue,
            connected_ms=assignment.contact_ended_at - assignment.connected_at,
            wrap_up_ms=state.now - assignment.contact_ended_at,
        )
    )
    note_handle_time(state, assignment.queue, state.now - assignment.connected_at)
    update_suspension(state, person)
    settle(state, person)


def requeue_held(state: State, assignment: Assignment) -> None:
    """The hold ran out: take the work from the lost agent and queue it again, expedited, in its place."""
    work = assignment.work
    agent_id = assignment.agent_id
    assignment.held_until = None
    assignment.contact_ended_at = state.now
    assignment.queue = work.queue
    state.facts.append(HoldEnded(state.now, work.interaction_id, agent_id, "requeued"))
    stop_dialling(state, work)
    close(state, assignment)
    state.effects.append(ReleaseWork(work.interaction_id, agent_id, "agent-lost"))
    work.owner = None
    work.expedited = True
    forget_refusals(work)
    put_in_queue(state, work, "agent-lost")


def update_suspension(state: State, person: Person) -> None:
    """Say which work became suspended, and which goes on, by what the agent holds now."""
    holdings = state.holdings(person.agent_id)
    held_channels = {holding.work.channel for holding in holdings}
    units = sum(holding.units for holding in holdings)
    mine = sorted(state.assignments_of(person.agent_id), key=lambda assignment: assignment.decision)
    suspended: list[Assignment] = []
    for assignment in reversed(mine):
        if units <= person.agent.capacity:
            break
        channel = state.find_channel(assignment.work.channel)
        interruptible_by = channel.interruptible_by if channel is not None else ()
        if assignment.holds_units and any(name in held_channels for name in interruptible_by):
            suspended.append(assignment)
            units -= assignment.units
    for assignment in mine:
        if assignment in suspended and not assignment.is_suspended:
            assignment.is_suspended = True
            state.facts.append(WorkSuspended(state.now, assignment.work.interaction_id, person.agent_id))
            state.effects.append(SuspendWork(assignment.work.interaction_id, person.agent_id))
    for assignment in mine:
        if assignment not in suspended and assignment.is_suspended:
            assignment.is_suspended = False
            state.facts.append(WorkResumed(state.now, assignment.work.interaction_id, person.agent_id))
            state.effects.append(ResumeWork(assignment.work.interaction_id, person.agent_id))


# ── presence ─────────────────────────────────────────────────────────────────────────────────────────────────────


def set_presence(
    state: State, person: Person, presence: Presence, reason: str, *, by_router: bool = False
) -> None:
    """Change the agent's presence (or its reason), with all that follows but the holding of connected work."""
    before = person.presence
    state.facts.append(PresenceChanged(state.now, person.agent_id, before, presence, reason))
    if by_router:
        state.effects.append(SetPresence(person.agent_id, presence, reason))
    person.presence = presence
    person.reason = reason
    person.paused_until = None
    if presence == "ready" and before != "ready":
        person.unanswered = 0
    if before == "offline":
        person.idle_since = state.now
        count_anew(state, person)
        for assignment in state.assignments_of(person.agent_id):
            if assignment.held_until is not None:
                assignment.held_until = None
                state.facts.append(
                    HoldEnded(state.now, assignment.work.interaction_id, person.agent_id, "returned")
                )
    if before == "ready" and presence != "ready":
        for offer in state.offers_of(person.agent_id):
            _rescind(state, offer, presence)
    if presence == "offline":
        for assignment in state.assignments_of(person.agent_id):
            if assignment.is_wrap_up:
                close(state, assignment)
    settle(state, person)


def lose(state: State, person: Person, reason: str) -> None:
    """The agent is gone without a word: its connected work is held, or stays with it."""
    set_presence(state, person, "offline", reason)
    for assignment in state.assignments_of(person.agent_id):
        hold_ms = state.channel(assignment.work.channel).hold_ms
        if hold_ms is not None:
            assignment.held_until = state.now + hold_ms
            state.facts.append(
                WorkHeld(state.now, assignment.work.interaction_id, person.agent_id, assignment.held_until)
            )


def settle(state: State, person: Person) -> None:
    """Let an agent that holds nothing any more leave, if it is draining, and be forgotten, if it was removed."""
    if state.offers_of(person.agent_id) or state.assignments_of(person.agent_id):
        return
    if person.presence == "draining":
        set_presence(state, person, "offline", "drained", by_router=True)
    elif person.presence == "offline" and person.removed:
        state.people.pop(person.agent_id, None)
