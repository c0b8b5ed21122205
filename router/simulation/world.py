"""The world in virtual time: a heap of what happens next, jumped through from one event or deadline to the
next. Customers arrive, wait, leave; agents answer, talk, wrap up; the shipped engine decides. What the
facts amount to lives in router.telemetry, not here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush, heapreplace
from itertools import count
from typing import Any, Final, NamedTuple, Protocol

from agents.model import AgentId
from router.core.calendar import starting_at
from router.core.effects import (
    Connect,
    DialCustomer,
    Divert,
    Effect,
    EndInteraction,
    PlayAnnouncement,
    ProposeCallback,
    ReleaseWork,
    RescindOffer,
    ResumeWork,
    SendNotice,
    SendOffer,
    SetPresence,
    StopDialling,
    SuspendWork,
)
from router.core.engine import Engine
from router.core.facts import AssignmentClosed, Fact, WrapUpStarted
from router.core.names import InteractionId, OfferId
from router.core.outcome import Outcome
from router.core.plan import Plan
from router.core.signals import (
    InteractionAbandoned,
    InteractionTransferred,
    OfferAccepted,
    OfferDeclined,
    Signal,
    WorkFinished,
    WrapUpDone,
)
from router.errors import SignalError
from router.policies import BUILT_IN
from router.simulation.desks import desks
from router.simulation.garbage import rare_collections
from router.simulation.scenario import Scenario
from router.simulation.traffic import Customer, Source, customers

Sink = Callable[[Sequence[Fact]], None]
"""Takes the facts of one step, in order, as they happen."""

HandleTime = Callable[[Customer, AgentId], int]
"""Says how long this agent takes for that customer, when they are connected."""

# Kinds of events, the third field of a heap entry. The first two, time and number, are unique, so no comparison gets that far.
_FINISH: Final = 0
_ARRIVE: Final = 1
_LEAVE: Final = 2
_ANSWER: Final = 3
_WRAPPED: Final = 4
_CALL: Final = 5

_Event = tuple[int, int, int, Any, Any]
"""(when, number, kind, what, who): the kind says what the last two are."""


class Decider(Protocol):
    """What the world needs of an engine."""

    def handle(self, signal: Signal, now: int) -> Outcome: ...  # noqa: D102
    def advance(self, now: int) -> Outcome: ...  # noqa: D102
    def next_deadline(self) -> int | None: ...  # noqa: D102


class Run(NamedTuple):
    """What the world counted: customers that arrived, arrivals the engine refused to take in (by code, with
    the first one's message), customers still there at the end, and when that was.
    """

    customers: int
    rejected: dict[str, tuple[int, str]]
    left_over: int
    ended_at: int


class World:
    """One run of a scenario. ``sink`` takes the facts as they are made. ``sources`` replaces the scenario's
    own streams (a trace, say), ``handle_ms`` the customers' own handle times. An ``engine`` of the caller's own decides
    without leases too (``presence_ttl_ms``): agents are not heard from while nothing happens to them.

    The same plan, scenario and seed give the same facts, byte for byte. Replies, finishes and departures
    that come at the very time of a deadline come after it.
    """

    def __init__(
        self,
        plan: Plan,
        scenario: Scenario,
        *,
        seed: int | str,
        sink: Sink,
        sources: Sequence[Source] | None = None,
        handle_ms: HandleTime | None = None,
        engine: Decider | None = None,
    ) -> None:
        # Nothing gets lost here, so every lease would be renewed in time: without leases it comes to the same, and an agent
        # that nothing happens to costs nothing.
        unleased = replace(plan, presence_ttl_ms=None)
        self._engine: Decider = (
            Engine(starting_at(unleased, scenario.starts_ms), BUILT_IN, now=0) if engine is None else engine
        )
        self._sink = sink
        self._handle_ms = handle_ms
        self._end = scenario.duration_ms
        self._last = scenario.duration_ms + scenario.drain_ms
        self._numbers = count(1)
        self._heap: list[_Event] = []
        # Everybody who is there stands in one of the three: waiting, being served, or suspended for more urgent work.
        self._waiting: dict[InteractionId, Customer] = {}
        self._talks: dict[InteractionId, _Event] = {}
        self._suspended: dict[InteractionId, tuple[int, Customer, AgentId]] = {}
        self._patience: dict[InteractionId, _Event] = {}
        self._offers: dict[OfferId, _Event | None] = {}
        self._wrap_ups: dict[tuple[InteractionId, AgentId], _Event] = {}
        self._rejected: dict[str, tuple[int, str]] = {}
        self._desks = desks(scenario.workers, seed=seed, at=self._at)
        self._automated = {agent.agent_id for agent in plan.agents if agent.kind == "automated"}
        self._watch_wrap_ups = any(worker.behaviour.wrap_up is not None for worker in scenario.workers)
        if sources is None:
            sources = [customers(stream, seed, scenario.duration_ms) for stream in scenario.streams]
        for source in sources:
            first = next(source, None)
            if first is not None:
                self._heap.append((first[0], next(self._numbers), _ARRIVE, first, source))
        heapify(self._heap)
        self._carriers: dict[type[Effect], Callable[[Effect, int], None]] = {
            SendOffer: self._send_offer,
            RescindOffer: self._rescind_offer,
            ReleaseWork: self._release_work,
            SuspendWork: self._suspend_work,
            ResumeWork: self._resume_work,
            Divert: self._end_interaction,
            EndInteraction: self._end_interaction,
            PlayAnnouncement: self._ignore,
            ProposeCallback: self._ignore,
            DialCustomer: self._ignore,  # nobody books one in a simulation
            StopDialling: self._ignore,
            SendNotice: self._ignore,
            SetPresence: self._set_presence,
        }

    def call_at(self, when: int, what: Callable[[int], None]) -> None:
        """Call ``what(now)`` at that time, before what else happens then if that is arranged later."""
        self._at(when, lambda now: what(now))  # noqa: PLW0108 - gives None as the signal

    def present(self) -> list[InteractionId]:
        """Return who is there: those being served in the order in which that began, then those waiting in the order
        in which that did.
        """
        return [*self._talks, *self._suspended, *self._waiting]

    def is_served(self, interaction_id: InteractionId) -> bool:
        """Return whether an agent is connected."""
        return interaction_id in self._talks or interaction_id in self._suspended

    def run(self, *, stop_after: int | None = None) -> Run:
        """Let everything happen, to the end of the arrivals and until what waits then is served.

        ``stop_after``: or until so many contacts have been finished.
        """
        with rare_collections():
            return self._run(-1 if stop_after is None else stop_after)

    def _run(self, left: int) -> Run:
        # The hot loop: two turns for each customer. Names are local, the two commonest events and the commonest effect are
        # handled here, and everything else by a method.
        heap, waiting, talks, patience_of = self._heap, self._waiting, self._talks, self._patience
        suspended = self._suspended
        handle, advance, next_deadline = self._engine.handle, self._engine.advance, self._engine.next_deadline
        sink, carriers, others, numbers = self._sink, self._carriers, self._others(), self._numbers
        watches, handle_ms = self._watch_wrap_ups, self._handle_ms
        new, finished, connect = tuple.__new__, WorkFinished, Connect
        end, last, now, arrived = self._end, self._last, 0, 0
        while left:
            due = next_deadline()
            if heap and (due is None or heap[0][0] < due):
                event = heap[0]
                now, _, kind, what, who = event
                if now > end and (now > last or not (waiting or talks or suspended)):
                    break
                if kind == _FINISH:
                    heappop(heap)
                    interaction_id = what[1][0]
                    talk = talks.pop(interaction_id, None)
                    if talk is not event:
                        # It was interrupted: the event is an old one, and ends nothing.
                        if talk is not None:
                            talks[interaction_id] = talk
                        continue
                    left -= 1
                    if what[4]:
                        outcome = self._pass_on(what, who, now)
                    else:
                        outcome = handle(new(finished, (interaction_id, who)), now)
                elif kind == _ARRIVE:
                    following = next(who, None)
                    if following is None:
                        heappop(heap)
                    else:
                        heapreplace(heap, (following[0], next(numbers), _ARRIVE, following, who))
                    arrived += 1
                    signal = what[1]
                    interaction_id = signal[0]
                    waiting[interaction_id] = what
                    if what[3] is not None:
                        self._start_waiting(what, now)
                    try:
                        outcome = handle(signal, now)
                    except SignalError as error:
                        self._reject(interaction_id, error)
                        continue
                else:
                    heappop(heap)
                    happened = others[kind](event, now)
                    if happened is None:
                        continue
                    outcome = happened
            elif due is None or (due > end and (due > last or not (waiting or talks or suspended))):
                break
            else:
                now = due
                outcome = advance(due)
            facts = outcome.facts
            if facts:
                sink(facts)
                if watches:
                    self._watch(facts, now)
            for effect in outcome.effects:
                if type(effect) is connect:
                    interaction_id, agent_id = effect
                    customer = waiting.pop(interaction_id)
                    if customer[4]:
                        customer = self._as_taken(customer, agent_id)
                    takes = customer[2] if handle_ms is None else handle_ms(customer, agent_id)
                    talk = (now + takes, next(numbers), _FINISH, customer, agent_id)
                    talks[interaction_id] = talk
                    heappush(heap, talk)
                    if patience_of:
                        patience_of.pop(interaction_id, None)
                else:
                    carriers[type(effect)](effect, now)
        return Run(arrived, self._rejected, len(self.present()), now)

    # ── arranging ────────────────────────────────────────────────────────────────────────────────────────────────

    def _push(self, when: int, kind: int, what: object, who: object = None) -> _Event:
        event = (when, next(self._numbers), kind, what, who)
        heappush(self._heap, event)
        return event

    def _at(self, when: int, what: Callable[[int], Signal | None]) -> None:
        self._push(when, _CALL, what)

    def _start_waiting(self, customer: Customer, now: int) -> None:
        """The customer's patience starts to run out; it does so anew for every stretch of waiting."""
        patience = customer[3]
        if patience is not None:
            self._patience[customer[1].interaction_id] = self._push(now + patience, _LEAVE, customer)

    def _reject(self, interaction_id: InteractionId, error: SignalError) -> None:
        """The engine did not take the arrival in: its sender's fault. It is counted, and the first of each
        kind is kept.
        """
        del self._waiting[interaction_id]
        self._patience.pop(interaction_id, None)
        times, first = self._rejected.get(error.code, (0, f"{interaction_id}: {error}"))
        self._rejected[error.code] = (times + 1, first)

    # ── events but the two that make up most of a run ────────────────────────────────────────────────────────────

    def _others(self) -> dict[int, Callable[[_Event, int], Outcome | None]]:
        return {_LEAVE: self._leave, _ANSWER: self._answer, _WRAPPED: self._wrapped, _CALL: self._call}

    def _leave(self, event: _Event, now: int) -> Outcome | None:
        interaction_id = event[3][1].interaction_id
        if self._patience.get(interaction_id) is not event:
            return None
        del self._patience[interaction_id], self._waiting[interaction_id]
        return self._engine.handle(InteractionAbandoned(interaction_id), now)

    def _answer(self, event: _Event, now: int) -> Outcome | None:
        offer: SendOffer = event[3]
        if self._offers.pop(offer.offer_id, None) is not event:
            return None
        if event[4] == "accept":
            return self._engine.handle(OfferAccepted(offer.offer_id, offer.agent_id), now)
        return self._engine.handle(OfferDeclined(offer.offer_id, offer.agent_id, "busy"), now)

    def _wrapped(self, event: _Event, now: int) -> Outcome | None:
        pair: tuple[InteractionId, AgentId] = event[3]
        if self._wrap_ups.get(pair) is not event:
            return None
        return self._engine.handle(WrapUpDone(*pair), now)

    def _call(self, event: _Event, now: int) -> Outcome | None:
        signal: Signal | None = event[3](now)
        return None if signal is None else self._engine.handle(signal, now)

    def _as_taken(self, customer: Customer, agent_id: AgentId) -> Customer:
        """What the customer's work is with this agent, where automated agents and people do it differently."""
        at, signal, _, patience, (stop, *more) = customer
        if stop.by == "everybody" or (stop.by == "automated" and agent_id in self._automated):
            return customer
        if agent_id in self._automated:
            return (*customer[:4], tuple(more))
        return (at, signal, stop.handle_ms, patience, tuple(more))

    def _pass_on(self, customer: Customer, agent_id: AgentId, now: int) -> Outcome:
        """The contact ended, but another agent has to go on with it."""
        at, signal, _, patience, (stop, *more) = customer
        customer = (at, signal, stop.handle_ms, patience, tuple(more))
        self._waiting[signal.interaction_id] = customer
        self._start_waiting(customer, now)
        passed_on = InteractionTransferred(
            signal.interaction_id,
            agent_id,
            stop.queue,
            keep_place=stop.keep_place,
            to_people=stop.by == "automated",
        )
        return self._engine.handle(passed_on, now)

    def _watch(self, facts: Sequence[Fact], now: int) -> None:
        """Wrap-ups begin and end without an effect: the agent just knows."""
        for fact in facts:
            if type(fact) is WrapUpStarted:
                pair = (fact.interaction_id, fact.agent_id)
                takes_ms = self._desks[fact.agent_id].wrap_up_ms()
                if takes_ms is not None and now + takes_ms < fact.until:
                    self._wrap_ups[pair] = self._push(now + takes_ms, _WRAPPED, pair)
            elif type(fact) is AssignmentClosed:
                self._wrap_ups.pop((fact.interaction_id, fact.agent_id), None)

    # ── effects but Connect ──────────────────────────────────────────────────────────────────────────────────────

    def _send_offer(self, effect: Effect, now: int) -> None:
        assert isinstance(effect, SendOffer)
        desk = self._desks.get(effect.agent_id)
        kind, after_ms = ("ignore", 0) if desk is None else desk.reply()
        if kind != "ignore" and now + after_ms < effect.expires_at:
            self._offers[effect.offer_id] = self._push(now + after_ms, _ANSWER, effect, kind)

    def _rescind_offer(self, effect: Effect, _now: int) -> None:
        assert isinstance(effect, RescindOffer)
        self._offers.pop(effect.offer_id, None)

    def _release_work(self, effect: Effect, now: int) -> None:
        """The agent lost the work: the customer waits again, and will want the whole contact."""
        assert isinstance(effect, ReleaseWork)
        talk = self._talks.pop(effect.interaction_id, None)
        suspended = self._suspended.pop(effect.interaction_id, None)
        customer: Customer | None = (
            talk[3] if talk is not None else suspended[1] if suspended is not None else None
        )
        if customer is not None and effect.reason == "agent-lost":
            self._waiting[effect.interaction_id] = customer
            self._start_waiting(customer, now)

    def _suspend_work(self, effect: Effect, now: int) -> None:
        assert isinstance(effect, SuspendWork)
        talk = self._talks.pop(effect.interaction_id, None)
        if talk is not None:
            self._suspended[effect.interaction_id] = (talk[0] - now, talk[3], talk[4])

    def _resume_work(self, effect: Effect, now: int) -> None:
        assert isinstance(effect, ResumeWork)
        suspended = self._suspended.pop(effect.interaction_id, None)
        if suspended is not None:
            left_ms, customer, agent_id = suspended
            self._talks[effect.interaction_id] = self._push(now + left_ms, _FINISH, customer, agent_id)

    def _end_interaction(self, effect: Effect, _now: int) -> None:
        assert isinstance(effect, EndInteraction | Divert)
        del self._waiting[effect.interaction_id]
        self._patience.pop(effect.interaction_id, None)

    def _set_presence(self, effect: Effect, now: int) -> None:
        assert isinstance(effect, SetPresence)
        desk = self._desks.get(effect.agent_id)
        if desk is not None and effect.presence == "not-ready":
            desk.set_aside(now)

    def _ignore(self, effect: Effect, now: int) -> None:
        """Nobody in this world acts on it."""
