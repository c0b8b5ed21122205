"""The reference router: the published order of `docs/semantics.md`, written down as slowly and plainly as can be.

It shares nothing with the engine but the value types; the tests hold the engine equal to it, fact for fact. This
module takes signals and lets time pass; what the rules do is in the modules `reference_*` beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import assert_never

from agents.presence import MOVES, PresenceEvent
from router.core.effects import ReleaseWork
from router.core.facts import InteractionPassedOn, LinkChanged, PlanAdopted
from router.core.names import AgentId, InteractionId, OfferId
from router.core.outcome import Outcome
from router.core.plan import Plan
from router.core.signals import (
    AgentBecameNotReady,
    AgentBecameReady,
    AgentHeartbeat,
    AgentLost,
    AgentSignedIn,
    AgentSignedOut,
    AgentStartedDraining,
    CallbackAnswered,
    CallbackRequested,
    CallbackUnanswered,
    ConnectFailed,
    InteractionAbandoned,
    InteractionArrived,
    InteractionCancelled,
    InteractionCompleted,
    InteractionTransferred,
    LinkLost,
    LinkRestored,
    OfferAccepted,
    OfferDeclined,
    PlanReplaced,
    Signal,
    WorkFinished,
    WrapUpDone,
)
from router.errors import SignalError
from tests.oracle.reference_affinity import forget_contacts
from tests.oracle.reference_callbacks import book, not_reached, reached
from tests.oracle.reference_choice import adopt_counts, pass_time
from tests.oracle.reference_deadlines import deadlines
from tests.oracle.reference_dialling import is_held, stop_dialling
from tests.oracle.reference_estimates import follow_plan, quote_begun
from tests.oracle.reference_hours import has_begun, open_now, tell_hours
from tests.oracle.reference_intake import arrive, check_priority, check_requirement
from tests.oracle.reference_ladder import (
    end,
    follow_queue,
    forget_refusals,
    move,
    put_in_queue,
    read_levels,
    start_clocks,
)
from tests.oracle.reference_matching import next_decision, rank
from tests.oracle.reference_rates import change_agent
from tests.oracle.reference_selection import keep_handle_times
from tests.oracle.reference_state import Offer, Person, State, Work
from tests.oracle.reference_work import (
    accept,
    assignment_of,
    cancel_offer,
    carry_out,
    close,
    decline,
    end_contact,
    fail_offer,
    lose,
    restore_link,
    set_presence,
    settle,
)

_HOUR_MS = 60 * 60 * 1000

_RENEWS_LEASE = (
    AgentSignedIn
    | AgentBecameReady
    | AgentBecameNotReady
    | AgentStartedDraining
    | AgentSignedOut
    | AgentHeartbeat
    | OfferAccepted
    | OfferDeclined
    | WorkFinished
    | WrapUpDone
    | InteractionTransferred
)


class ReferenceRouter:
    """One centre. The same signals at the same times give what the engine must give."""

    def __init__(
        self, plan: Plan, *, now: int = 0, plan_problems: Callable[[Plan], list[str]] | None = None
    ) -> None:
        self.plan_problems = plan_problems or (lambda plan: [])
        """What makes a new plan impossible; the reference itself only looks at the live work."""
        self.state = State(plan, now)
        self.fired: Counter[int] = Counter()
        """How often deadlines of each kind (row of the table) fired: for tests that ask what they reached."""
        for agent in plan.agents:
            self.state.people[agent.agent_id] = Person(agent, counted_from=now)

    # ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def handle(self, signal: Signal, now: int) -> Outcome:
        """Let time pass up to `now`, then take the signal."""
        self._let_time_pass(now)
        answer = self._take(signal)
        if isinstance(signal, _RENEWS_LEASE):
            sender = self.state.people.get(signal.agent_id)
            if sender is not None:
                sender.heard_at = now
        self._run_instant(now)
        return self._outcome(answer)

    def advance(self, now: int) -> Outcome:
        """Let time pass up to `now`."""
        self._let_time_pass(now)
        return self._outcome("")

    def next_deadline(self) -> int | None:
        """Return when the next deadline is due."""
        return min((deadline.due for deadline in deadlines(self.state)), default=None)

    def _let_time_pass(self, now: int) -> None:
        if now < self.state.now:
            raise SignalError("clock-back", f"{now} is before {self.state.now}")
        while (due := self.next_deadline()) is not None and due <= now:
            pass_time(self.state, max(due, self.state.now))
            self._run_instant(self.state.now)
        pass_time(self.state, now)

    def _run_instant(self, now: int) -> None:
        state = self.state
        while True:
            while due := [deadline for deadline in deadlines(state) if deadline.due <= now]:
                first = min(due, key=lambda deadline: (deadline.due, deadline.order))
                self.fired[first.kind] += 1
                first.fire()
            while (decision := next_decision(state)) is not None:
                carry_out(state, decision)
            step_taken = read_levels(state)
            if not step_taken and not any(deadline.due <= now for deadline in deadlines(state)):
                quote_begun(state)
                return

    def _outcome(self, answer: str) -> Outcome:
        outcome = Outcome(self.state.effects, self.state.facts, answer)
        self.state.effects, self.state.facts = [], []
        return outcome

    # ── signals ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, signal: Signal) -> str:
        match signal:
            case InteractionArrived():
                return arrive(self.state, signal)
            case InteractionAbandoned():
                return self._abandon(signal)
            case InteractionCancelled():
                return self._cancel(signal)
            case InteractionCompleted():
                return self._complete(signal)
            case CallbackRequested():
                return book(self.state, self._live_work(signal.interaction_id), signal)
            case CallbackAnswered():
                reached(self.state, self._live_work(signal.interaction_id))
                return "done"
            case CallbackUnanswered():
                not_reached(self.state, self._live_work(signal.interaction_id), signal.reason)
                return "done"
            case WorkFinished():
                return self._finish(signal)
            case WrapUpDone():
                return self._wrap_up_done(signal)
            case InteractionTransferred():
                return self._transfer(signal)
            case OfferAccepted():
                return self._accept(signal)
            case OfferDeclined():
                decline(self.state, self._open_offer(signal.offer_id, signal.agent_id), signal.reason)
                return "done"
            case ConnectFailed():
                fail_offer(self.state, self._open_offer(signal.offer_id, signal.agent_id), signal.reason)
                return "done"
            case AgentSignedIn():
                event: PresenceEvent = "signed-in" if signal.ready else "signed-in-not-ready"
                return self._move_presence(signal.agent_id, event, signal.reason)
            case AgentBecameReady():
                return self._move_presence(signal.agent_id, "ready", "")
            case AgentBecameNotReady():
                return self._move_presence(signal.agent_id, "not-ready", signal.reason)
            case AgentStartedDraining():
                return self._move_presence(signal.agent_id, "draining", "")
            case AgentSignedOut():
                return self._move_presence(signal.agent_id, "signed-out", "")
            case AgentLost():
                return self._move_presence(signal.agent_id, "lost", signal.reason)
            case AgentHeartbeat():
                return self._heartbeat(signal)
            case LinkLost():
                if self.state.link_lost_at is not None:
                    return "unchanged"
                self.state.link_lost_at = self.state.now
                self.state.facts.append(LinkChanged(self.state.now, "lost"))
                return "done"
            case LinkRestored():
                if self.state.link_lost_at is None:
                    return "unchanged"
                restore_link(self.state)
                return "done"
            case PlanReplaced():
                return self._replace_plan(signal.plan)
        assert_never(signal)

    def _live_work(self, interaction_id: InteractionId) -> Work:
        work = self.state.known(interaction_id)
        if work is None:
            raise SignalError("unknown-interaction", f"there is no interaction {interaction_id!r}")
        if work.state == "ended":
            raise SignalError("interaction-ended", f"{interaction_id} has ended: {work.how}", state=work.how)
        return work

    def _person(self, agent_id: AgentId) -> Person:
        person = self.state.people.get(agent_id)
        if person is None:
            raise SignalError("unknown-agent", f"there is no agent {agent_id!r}")
        return person

    def _owned_work(self, interaction_id: InteractionId, agent_id: AgentId) -> Work:
        work = self._live_work(interaction_id)
        self._person(agent_id)
        _require(work, "assigned")
        if work.owner != agent_id:
            raise SignalError("not-yours", f"{interaction_id} is not {agent_id}'s")
        return work

    # ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _abandon(self, signal: InteractionAbandoned) -> str:
        work = self._live_work(signal.interaction_id)
        _require(work, "queued", "offered", "scheduled")
        if work.callback is not None:
            return "callback"
        cancel_offer(self.state, work, "abandoned")
        end(self.state, work, "abandoned", "")
        return "done"

    def _cancel(self, signal: InteractionCancelled) -> str:
        work = self._live_work(signal.interaction_id)
        cancel_offer(self.state, work, "cancelled")
        if work.state == "assigned":
            self._end_assigned(work, "cancelled", signal.reason, release=True)
        else:
            end(self.state, work, "cancelled", signal.reason)
        return "done"

    def _complete(self, signal: InteractionCompleted) -> str:
        work = self._live_work(signal.interaction_id)
        _require(work, "assigned")
        self._end_assigned(work, "completed", "", release=True)
        return "done"

    def _finish(self, signal: WorkFinished) -> str:
        work = self._owned_work(signal.interaction_id, signal.agent_id)
        self._end_assigned(work, "completed", "", release=False)
        return "done"

    def _end_assigned(self, work: Work, how: str, reason: str, *, release: bool) -> None:
        assignment = assignment_of(self.state, work)
        end(self.state, work, "cancelled" if how == "cancelled" else "completed", reason)
        if release:
            self.state.effects.append(ReleaseWork(work.interaction_id, assignment.agent_id, how))
        end_contact(self.state, assignment)

    def _wrap_up_done(self, signal: WrapUpDone) -> str:
        running = [
            assignment
            for assignment in self.state.assignments
            if assignment.is_wrap_up
            and assignment.agent_id == signal.agent_id
            and assignment.work.interaction_id == signal.interaction_id
        ]
        if running:
            close(self.state, min(running, key=lambda assignment: assignment.decision))
            return "done"
        work = self.state.known(signal.interaction_id)
        if work is None:
            raise SignalError("unknown-interaction", f"there is no interaction {signal.interaction_id!r}")
        self._person(signal.agent_id)
        raise SignalError(
            "illegal-state", f"{signal.agent_id} wraps up no {signal.interaction_id}", state=work.state
        )

    # ── transfer ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _transfer(self, signal: InteractionTransferred) -> str:
        state = self.state
        work = self._owned_work(signal.interaction_id, signal.agent_id)
        to = work.queue if signal.queue is None else signal.queue
        if state.find_queue(to) is None:
            raise SignalError("unknown-queue", f"there is no queue {to!r}")
        if signal.priority is not None:
            check_priority(signal.priority)
        if signal.requirement is not None:
            check_requirement(state, signal.requirement)
        if signal.to_people and self._person(signal.agent_id).agent.kind != "automated":
            raise SignalError("not-automated", f"{signal.agent_id} is no automated agent")

        state.facts.append(
            InteractionPassedOn(
                at=state.now,
                interaction_id=work.interaction_id,
                agent_id=signal.agent_id,
                from_queue=work.queue,
                to_queue=to,
                keep_place=signal.keep_place,
                to_people=signal.to_people,
            )
        )
        stop_dialling(state, work)
        end_contact(state, assignment_of(state, work))
        if signal.priority is not None:
            work.priority = signal.priority
        if not signal.keep_place:
            work.elapsed_least = state.elapsed(work)
            work.queued_at = state.now
            work.tail = None
        if signal.requirement is not None:
            work.requirement = signal.requirement
            work.requirement_origin = "sender"
            work.relaxations.clear()
            work.elapsed_least = 0
        work.people_only = work.people_only or signal.to_people
        forget_refusals(work)
        work.queue = to
        follow_queue(state, work)
        work.refusals[signal.agent_id] = state.now + state.offer_rules(work).retry_after_ms
        put_in_queue(state, work, "transferred")
        return "done"

    # ── offers ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _offer(self, offer_id: OfferId, agent_id: AgentId) -> Offer:
        now = self.state.now
        for offer in self.state.offers:
            if offer.offer_id == offer_id and (not offer.how or now - offer.ended_at <= _HOUR_MS):
                if offer.agent_id != agent_id:
                    raise SignalError("not-yours", f"offer {offer_id} is not {agent_id}'s")
                return offer
        raise SignalError("unknown-offer", f"there is no offer {offer_id}")

    def _open_offer(self, offer_id: OfferId, agent_id: AgentId) -> Offer:
        offer = self._offer(offer_id, agent_id)
        if offer.how:
            raise SignalError("offer-ended", f"offer {offer_id} has ended: {offer.how}", state=offer.how)
        if is_held(offer):
            raise SignalError("offer-held", f"offer {offer_id} holds its agent", state="offered")
        return offer

    def _accept(self, signal: OfferAccepted) -> str:
        if self._offer(signal.offer_id, signal.agent_id).how != "accepted":
            accept(self.state, self._open_offer(signal.offer_id, signal.agent_id))
        return "accepted"

    # ── agents ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _heartbeat(self, signal: AgentHeartbeat) -> str:
        person = self._person(signal.agent_id)
        if not person.is_signed_in:
            raise SignalError("illegal-state", f"{signal.agent_id} is offline", state="offline")
        return "unchanged"

    def _move_presence(self, agent_id: AgentId, event: PresenceEvent, reason: str) -> str:
        state = self.state
        person = self._person(agent_id)
        if person.removed and event != "lost":
            raise SignalError("unknown-agent", f"agent {agent_id!r} was removed")
        if event not in MOVES[person.presence]:
            raise SignalError(
                "illegal-state", f"{agent_id} is {person.presence}: {event} is illegal", state=person.presence
            )
        to = MOVES[person.presence][event]
        if to == person.presence and (to != "not-ready" or reason == person.reason):
            return "unchanged"
        connected = [a for a in state.assignments_of(agent_id) if not a.is_wrap_up]
        if event == "signed-out" and connected:
            raise SignalError("holds-work", f"{agent_id} is connected with {len(connected)}")
        if event == "lost":
            lose(state, person, reason)
        else:
            set_presence(state, person, to, reason)
        return "done"

    # ── plans ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _replace_plan(self, plan: Plan) -> str:
        state = self.state
        if impossible := self.plan_problems(plan):
            raise SignalError("plan-rejected", "; ".join(impossible))
        after = State(plan, state.now)
        successors = dict(plan.successors)
        problems = [
            f"{work.interaction_id}: queue {work.queue} is gone and has no successor"
            for work in state.live()
            if after.find_queue(work.queue) is None and work.queue not in successors
        ] + [
            f"{work.interaction_id}: channel {work.channel} is gone"
            for work in state.live()
            if after.find_channel(work.channel) is None
        ]
        if problems:
            raise SignalError("plan-rejected", "; ".join(problems))

        state.forget()
        state.facts.append(PlanAdopted(state.now, plan.version, state.plan.version))
        was_open = open_now(state)
        before, state.plan = state.plan, plan
        follow_plan(state, before)
        adopt_counts(state, before)
        forget_contacts(state, before)
        forget_contacts(state, plan)
        tell_hours(state, {queue: was for queue, was in was_open.items() if state.find_queue(queue)})
        keep_handle_times(state, before)
        gone = [queue_id for queue_id in state.last_round_robin if state.find_queue(queue_id) is None]
        for queue_id in gone:
            del state.last_round_robin[queue_id]
        self._adopt_agents(plan)
        for work in state.live():
            if state.find_queue(work.queue) is None:
                move(state, work, successors[work.queue], "plan")
        for work in state.live():
            follow_queue(state, work)
            if work.state in ("queued", "offered") and not has_begun(state, work):
                start_clocks(state, work)
            work.rank = rank(state, work)
        state.touched = {queue.queue_id for queue in state.queues()}
        return "done"

    def _adopt_agents(self, plan: Plan) -> None:
        state = self.state
        agents = {agent.agent_id: agent for agent in plan.agents}
        for agent_id, agent in agents.items():
            person = state.people.setdefault(agent_id, Person(agent, counted_from=state.now))
            change_agent(state, person, agent)
            person.removed = False
        for agent_id in sorted(state.people):
            person = state.people[agent_id]
            if agent_id in agents:
                continue
            person.removed = True
            if person.is_signed_in and person.presence != "draining":
                set_presence(state, person, "draining", "removed", by_router=True)
            else:
                settle(state, person)


def _require(work: Work, *states: str) -> None:
    if work.state not in states:
        raise SignalError("illegal-state", f"{work.interaction_id} is {work.state}", state=work.state)
