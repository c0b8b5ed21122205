"""A book-keeper that knows nothing but the plan, the signals and the facts, and says where they cannot be true.

It checks what must always hold (docs/semantics.md, whatever the rules decide): nothing that was accepted is lost, work
has one owner, capacity is kept, agents are offered only what they may take, each offer ends once, and the like.
Requirements, tiers and order are not its business: there the engine must equal the reference.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from agents.presence import Presence
from router.core.facts import (
    NO_OFFER,
    AgentPaused,
    AgentUnpaused,
    AssignmentClosed,
    CallbackBooked,
    CallbackPostponed,
    CustomerDialled,
    CustomerNotReached,
    CustomerReached,
    Fact,
    HoldEnded,
    InteractionAssigned,
    InteractionEnded,
    InteractionMoved,
    InteractionPassedOn,
    InteractionQueued,
    InteractionScheduled,
    LinkChanged,
    OfferEnded,
    OfferExtended,
    OfferMade,
    PlanAdopted,
    PresenceChanged,
    RefusalsCleared,
    SectionClosed,
    SectionOpened,
    WorkHeld,
    WorkResumed,
    WorkSuspended,
    WrapUpStarted,
)
from router.core.names import AgentId, ChannelId, InteractionId, OfferId, QueueId, SectionId
from router.core.plan import DAY_MS, Plan
from router.core.signals import InteractionArrived, PlanReplaced, Signal


@dataclass(slots=True, eq=False)
class Entry:
    """What the books say about an interaction."""

    section: SectionId
    queue: QueueId
    channel: ChannelId
    state: str
    owner: AgentId | None = None
    for_people: bool = False
    rests: dict[AgentId, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Held:
    """What the books say an agent holds for an interaction."""

    entry: Entry
    interaction_id: InteractionId
    units: int
    stage: str
    scope: str = ""
    section: str = ""
    """Of a wrap-up: the section that the contact was in."""
    is_held: bool = False
    is_suspended: bool = False

    @property
    def counts(self) -> bool:
        """Whether it holds units."""
        return self.stage != "wrap-up" or self.scope == "agent"


class OpenOffer(NamedTuple):
    """An offer that has not ended."""

    interaction_id: InteractionId
    agent_id: AgentId


class Books:
    """Keeps the books of one centre. `enter` raises AssertionError when the facts cannot be true."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.at = 0
        self.adopted_at = -DAY_MS
        self.entries: dict[InteractionId, Entry] = {}
        self.submitted: Counter[SectionId] = Counter()
        self.given_on: Counter[SectionId] = Counter()
        self.ended: Counter[SectionId] = Counter()
        self.offers: dict[OfferId, OpenOffer] = {}
        self.offers_made = 0
        self.link_is_lost = False
        self.is_open: dict[str, bool] = {}
        """Queues that have opened or closed, and what they are now."""
        self.decisions = 0
        self.held: dict[AgentId, list[Held]] = {}
        self.presence: dict[AgentId, Presence] = {}
        self.paused: set[AgentId] = set()
        self.capacity: dict[AgentId, int] = {}
        self.connections: dict[AgentId, list[int]] = {}
        self.unlimited: set[OfferId] = set()
        """Open offers that were made under an earlier plan, which may have had no limit."""
        self._took: set[AgentId] = set()
        self._twice: set[tuple[AgentId, InteractionId]] = set()
        """Pairs that hold an interaction twice, say a wrap-up of it and the contact that came back: facts name the
        pair, so nobody can tell which of the two is suspended."""
        self._learn(plan)

    def _learn(self, plan: Plan) -> None:
        self.plan = plan
        self.agents = getattr(self, "agents", {}) | {agent.agent_id: agent for agent in plan.agents}
        self.channels = {channel.channel_id: channel for channel in plan.channels}
        self.sections = {q.queue_id: section for section in plan.sections for q in section.queues}

    # ── one step ─────────────────────────────────────────────────────────────────────────────────────────────────

    def enter(self, signal: Signal | None, facts: list[Fact], answer: str, now: int) -> None:
        """Enter what a step brought, and check that the books balance."""
        for fact in facts:
            if not isinstance(fact, WorkSuspended):
                self._check_capacity()
            assert self.at <= fact.at <= now, f"{fact} is out of order (the clock was {self.at}, is {now})"
            self.at = fact.at
            if isinstance(fact, PlanAdopted):
                assert isinstance(signal, PlanReplaced), f"{fact} without a new plan"
                self._adopt(signal.plan)
            else:
                self._enter(fact)
        self._check_capacity()
        if isinstance(signal, InteractionArrived) and answer:
            assert signal.interaction_id in self.entries, (
                f"{signal.interaction_id}: {answer}, and not a fact about it"
            )
        self._balance()

    def _adopt(self, plan: Plan) -> None:
        self._learn(plan)
        self.is_open = {queue: was for queue, was in self.is_open.items() if queue in self.sections}
        self.adopted_at = self.at
        self.unlimited.update(self.offers)
        for entry in self.entries.values():
            if entry.state != "ended" and entry.queue in self.sections:
                self._follow(entry, entry.queue)

    def _balance(self) -> None:
        live = Counter(entry.section for entry in self.entries.values() if entry.state != "ended")
        for section in {*self.submitted, *self.given_on, *self.ended, *live}:
            have = live[section] + self.ended[section]
            assert self.submitted[section] + self.given_on[section] == have, (
                f"{section}: work was lost or doubled"
            )
        for entry in self.entries.values():
            assert (entry.state == "assigned") == (entry.owner is not None), (
                f"{entry} has no owner, or one too many"
            )
        offered = Counter(offer.interaction_id for offer in self.offers.values())
        pairs = Counter(self.offers.values())
        assert all(count == 1 for count in pairs.values()), f"offered twice at once to one agent: {pairs}"
        states = {
            interaction_id for interaction_id, entry in self.entries.items() if entry.state == "offered"
        }
        assert states == set(offered), f"offered: {states}, open offers: {set(offered)}"
        for agent_id, presence in self.presence.items():
            if presence != "ready":
                mine = [offer for offer in self.offers.values() if offer.agent_id == agent_id]
                assert not mine, f"{agent_id} is {presence} and has offers: {mine}"
            if presence == "draining":
                assert self.held.get(agent_id), f"{agent_id} is draining and holds nothing"

    def _check_capacity(self) -> None:
        """Check the agents that took something, now that what it suspends is suspended."""
        for agent_id in self._took - {agent_id for agent_id, _ in self._twice}:
            held = [one for one in self.held.get(agent_id, []) if one.counts and not one.is_suspended]
            units, capacity = sum(one.units for one in held), self.agents[agent_id].capacity
            assert units <= capacity, f"{agent_id} holds {units} of {capacity} units: {held}"
        self._took.clear()

    # ── facts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _enter(self, fact: Fact) -> None:
        match fact:
            case InteractionScheduled():
                self._open(fact.interaction_id, fact.section, fact.queue, fact.channel, "scheduled")
            case InteractionQueued():
                self._queued(fact)
            case InteractionMoved():
                self._moved(fact)
            case OfferMade():
                self._offer_made(fact)
            case OfferExtended():
                assert self.offers[fact.offer_id].agent_id == fact.agent_id, f"{fact}: of somebody else"
            case OfferEnded():
                assert fact.how != "expired" or not self.link_is_lost, f"{fact}: nobody could answer"
                self._offer_ended(fact)
            case InteractionAssigned():
                self._assigned(fact)
            case InteractionPassedOn():
                self._passed_on(fact)
            case InteractionEnded():
                self._ended(fact)
            case CustomerNotReached():
                entry = self.entries[fact.interaction_id]
                if entry.state == "assigned":
                    entry.state, entry.owner = "unreached", None
            case CallbackPostponed():
                entry = self.entries[fact.interaction_id]
                assert entry.state in ("queued", "scheduled", "unreached"), f"{fact}: it is {entry.state}"
                assert fact.until > fact.at, f"{fact}: it has nothing to wait for"
                entry.state = "scheduled"
                entry.rests.clear()
            case CustomerReached():
                entry = self.entries[fact.interaction_id]
                assert entry.state in ("offered", "assigned"), f"{fact}: it is {entry.state}"
            case CallbackBooked():
                entry = self.entries[fact.interaction_id]
                assert entry.state in ("queued", "offered", "scheduled"), f"{fact}: it is {entry.state}"
            case CustomerDialled():
                wanted = "offered" if fact.offer_id else "assigned"
                assert self.entries[fact.interaction_id].state == wanted, f"{fact}: it is not {wanted}"
            case WrapUpStarted() | AssignmentClosed() | WorkHeld() | HoldEnded():
                self._stage(fact)
            case WorkSuspended() | WorkResumed():
                suspended = isinstance(fact, WorkSuspended)
                assert (fact.agent_id, fact.interaction_id) in self._twice or any(
                    self._set_suspended(held, suspended)
                    for held in self.held.get(fact.agent_id, [])
                    if held.interaction_id == fact.interaction_id and held.stage != "offered" and held.counts
                ), f"{fact}: it was so already, or the agent does not hold it"
            case RefusalsCleared():
                self.entries[fact.interaction_id].rests.clear()
            case PresenceChanged():
                self._presence_changed(fact)
            case AgentPaused():
                assert self.presence.get(fact.agent_id) == "ready", f"{fact}: not ready"
                self.paused.add(fact.agent_id)
            case AgentUnpaused():
                assert fact.agent_id in self.paused, f"{fact}: not paused"
                self.paused.remove(fact.agent_id)
            case LinkChanged():
                assert (fact.change == "lost") != self.link_is_lost, f"{fact}: it is so already"
                self.link_is_lost = fact.change == "lost"
            case SectionOpened() | SectionClosed():
                for queue in fact.queues:
                    is_open = isinstance(fact, SectionOpened)
                    assert self.sections[QueueId(queue)].section_id == fact.section, (
                        f"{fact}: {queue} is elsewhere"
                    )
                    assert self.is_open.get(queue, not is_open) != is_open, f"{fact}: {queue} is so already"
                    self.is_open[queue] = is_open
            case PlanAdopted():
                raise AssertionError(f"{fact}: _adopt enters it")
            case _:
                entry = self.entries[fact.interaction_id]
                assert entry.state in ("queued", "offered"), f"{fact}: it is {entry.state}"

    def _hold(self, agent_id: AgentId, held: Held) -> None:
        mine = self.held.setdefault(agent_id, [])
        if any(one.interaction_id == held.interaction_id for one in mine):
            self._twice.add((agent_id, held.interaction_id))
        mine.append(held)

    def _release(self, agent_id: AgentId, held: Held) -> None:
        mine = self.held[agent_id]
        mine.remove(held)
        if all(one.interaction_id != held.interaction_id for one in mine):
            self._twice.discard((agent_id, held.interaction_id))

    def _set_suspended(self, held: Held, suspended: bool) -> bool:
        if held.is_suspended == suspended:
            return False
        held.is_suspended = suspended
        return True

    def _open(
        self,
        interaction_id: InteractionId,
        section: SectionId,
        queue: QueueId,
        channel: ChannelId,
        state: str,
    ) -> Entry:
        known = self.entries.get(interaction_id)
        assert known is None or known.state == "ended", f"{interaction_id} arrived twice"
        assert queue in self.sections, f"{interaction_id}: there is no queue {queue}"
        assert self.sections[queue].section_id == section, f"{interaction_id}: {queue} is not in {section}"
        entry = Entry(section, queue, channel, state)
        # An id that was forgotten may come again; what ended before stays counted.
        self.entries[interaction_id] = entry
        self.submitted[section] += 1
        return entry

    def _follow(self, entry: Entry, queue: QueueId) -> None:
        section = self.sections[queue].section_id
        self.given_on[entry.section] -= 1
        self.given_on[section] += 1
        entry.queue, entry.section = queue, section

    def _queued(self, fact: InteractionQueued) -> None:
        expected = "between"  # transferred, or agent-lost
        match fact.cause:
            case "arrived":
                known = self.entries.get(fact.interaction_id)
                if known is None or known.state != "new":  # else an overflow moved it before
                    self._open(fact.interaction_id, fact.section, fact.queue, fact.channel, "new")
                self.entries[fact.interaction_id].channel = fact.channel
                expected = "new"
            case "due" | "callback":
                expected = "scheduled"
            case _:
                pass
        entry = self.entries[fact.interaction_id]
        assert entry.state == expected, f"{fact}: it is {entry.state}"
        assert (entry.queue, entry.section) == (fact.queue, fact.section), (
            f"{fact}: it was going to {entry.queue}"
        )
        assert fact.queued_at <= fact.at, f"{fact}: its place is in the future"
        entry.state = "queued"

    def _moved(self, fact: InteractionMoved) -> None:
        known = self.entries.get(fact.interaction_id)
        if fact.cause == "overflow" and (known is None or known.state == "ended"):
            channel = ChannelId("")  # its InteractionQueued will not say otherwise
            section = self.sections[fact.from_queue].section_id
            self._open(fact.interaction_id, section, fact.from_queue, channel, "new")
        entry = self.entries[fact.interaction_id]
        states = {
            "overflow": ("new", "scheduled"),
            "ladder": ("queued",),
            "plan": ("scheduled", "queued", "offered", "assigned"),
        }
        assert entry.state in states[fact.cause], f"{fact}: it is {entry.state}"
        assert entry.queue == fact.from_queue, f"{fact}: it is in {entry.queue}"
        self._follow(entry, fact.to_queue)

    def _check_may_take(self, fact: OfferMade | InteractionAssigned) -> Entry:
        entry = self.entries[fact.interaction_id]
        agent_id = fact.agent_id
        agent = self.agents[agent_id]
        self.decisions += 1
        assert fact.decision == self.decisions, f"{fact}: decisions count by one"
        self._check_may_be_offered(fact, entry)
        assert entry.queue == fact.queue, f"{fact}: it is in {entry.queue}"
        assert self.presence.get(agent_id) == "ready", f"{fact}: the agent is {self.presence.get(agent_id)}"
        assert agent_id not in self.paused, f"{fact}: the agent is paused"
        assert not (entry.for_people and agent.kind == "automated"), f"{fact}: it is for people"
        assert not agent.channels or entry.channel in ("", *agent.channels), (
            f"{fact}: not the agent's channel"
        )
        assert fact.at >= entry.rests.get(agent_id, 0), f"{fact}: the pair rests"
        held = self.held.setdefault(agent_id, [])
        wrapping_up = [one for one in held if one.scope == "section" and one.stage == "wrap-up"]
        assert all(one.section != entry.section for one in wrapping_up), f"{fact}: wraps up for the section"
        most = dict(agent.channel_max).get(entry.channel)
        count = sum(1 for one in held if one.counts and one.entry.channel == entry.channel)
        assert most is None or count < most, f"{fact}: the agent holds {count} already"
        self._took.add(agent_id)
        return entry

    def _check_may_be_offered(self, fact: OfferMade | InteractionAssigned, entry: Entry) -> None:
        if entry.state == "queued":
            return
        assert entry.state == "offered", f"{fact}: it is {entry.state}"
        others = [offer for offer in self.offers.values() if offer.interaction_id == fact.interaction_id]
        most = dict(self.sections[entry.queue].offers)[entry.channel].broadcast
        assert isinstance(fact, OfferMade), f"{fact}: it is offered to {others}"
        assert len(others) < most, f"{fact}: it is offered to {others} already"

    def _cost(self, agent_id: AgentId, channel: ChannelId) -> int:
        return dict(self.agents[agent_id].costs).get(channel) or self.channels[channel].cost

    def _offer_made(self, fact: OfferMade) -> None:
        entry = self._check_may_take(fact)
        self.offers_made += 1
        assert fact.offer_id == self.offers_made, f"{fact}: offers count by one"
        assert fact.expires_at >= fact.at, f"{fact}: over before it began"
        entry.state = "offered"
        self.offers[fact.offer_id] = OpenOffer(fact.interaction_id, fact.agent_id)
        units = self._cost(fact.agent_id, entry.channel)
        self._hold(fact.agent_id, Held(entry, fact.interaction_id, units, "offered"))

    def _offer_ended(self, fact: OfferEnded) -> None:
        offer = self.offers.pop(fact.offer_id, None)
        assert offer == OpenOffer(fact.interaction_id, fact.agent_id), f"{fact}: no such offer is open"
        entry = self.entries[fact.interaction_id]
        held = self._held(fact.agent_id, fact.interaction_id, "offered")
        if entry.state == "accepted":
            assert (fact.how, fact.reason) == ("rescinded", "taken"), f"{fact}: somebody has accepted"
            self._release(fact.agent_id, held)
            return
        assert entry.state == "offered", f"{fact}: it is {entry.state}"
        assert fact.reason != "taken", f"{fact}: nobody has accepted"
        if fact.how == "accepted":
            held.stage = "accepted"
            entry.state = "accepted"
            return
        self._release(fact.agent_id, held)
        if all(offer.interaction_id != fact.interaction_id for offer in self.offers.values()):
            entry.state = "queued"
        if fact.how in ("declined", "expired", "failed"):
            rules = dict(self.sections[entry.queue].offers)[entry.channel]
            entry.rests[fact.agent_id] = fact.at + rules.retry_after_ms

    def _assigned(self, fact: InteractionAssigned) -> None:
        if fact.offer_id == NO_OFFER:
            entry = self._check_may_take(fact)
            units = self._cost(fact.agent_id, entry.channel)
            self._hold(fact.agent_id, Held(entry, fact.interaction_id, units, "connected"))
        else:
            entry = self.entries[fact.interaction_id]
            assert entry.state == "accepted", f"{fact}: it is {entry.state}"
            others = [offer for offer in self.offers.values() if offer.interaction_id == fact.interaction_id]
            assert not others, f"{fact}: it is offered to {others} still"
            self._held(fact.agent_id, fact.interaction_id, "accepted").stage = "connected"
        self._check_rate(fact)
        assert entry.owner is None, f"{fact}: it is {entry.owner}'s"
        assert fact.wait_ms >= 0, f"{fact}: a wait below 0"
        entry.state = "assigned"
        entry.owner = fact.agent_id
        entry.rests.clear()

    def _check_rate(self, fact: InteractionAssigned) -> None:
        """Check the limit, where no plan changed it in the span that it looks at: neither then nor with the offer open."""
        if fact.offer_id in self.unlimited:
            return
        mine = self.connections.setdefault(fact.agent_id, [])
        mine.append(fact.at)
        rate = self.agents[fact.agent_id].rate
        if rate is not None and self.adopted_at + rate.per_ms <= fact.at:
            recent = [at for at in mine if at + rate.per_ms > fact.at]
            assert len(recent) <= rate.starts, f"{fact}: connected {len(recent)} times in {rate.per_ms} ms"

    def _passed_on(self, fact: InteractionPassedOn) -> None:
        entry = self.entries[fact.interaction_id]
        assert entry.owner == fact.agent_id, f"{fact}: it is {entry.owner}'s"
        self._held(fact.agent_id, fact.interaction_id, "connected").section = entry.section
        entry.state = "between"
        entry.owner = None
        entry.for_people |= fact.to_people
        rules = dict(self.sections[fact.to_queue].offers)[entry.channel]
        entry.rests = {fact.agent_id: fact.at + rules.retry_after_ms}
        self._follow(entry, fact.to_queue)

    def _ended(self, fact: InteractionEnded) -> None:
        known = self.entries.get(fact.interaction_id)
        if fact.how in ("refused", "diverted") and (known is None or known.state == "ended"):
            known = self._open(fact.interaction_id, fact.section, fact.queue, ChannelId(""), "new")
        assert known is not None, f"{fact}: never heard of it"
        assert known.state not in ("ended", "offered", "between"), f"{fact}: it is {known.state}"
        assert (known.queue, known.section) == (fact.queue, fact.section), f"{fact}: it is in {known.queue}"
        assert known.owner == fact.agent_id, f"{fact}: it is {known.owner}'s"
        assert fact.wait_ms >= 0, f"{fact}: a wait below 0"
        known.state = "ended"
        known.owner = None
        self.ended[known.section] += 1

    def _held(self, agent_id: AgentId, interaction_id: InteractionId, stage: str) -> Held:
        found = [
            held
            for held in self.held.get(agent_id, [])
            if held.interaction_id == interaction_id and held.stage == stage
        ]
        assert found, f"{agent_id} holds no {interaction_id} that is {stage}"
        return found[0]

    def _stage(self, fact: WrapUpStarted | AssignmentClosed | WorkHeld | HoldEnded) -> None:
        agent_id, interaction_id = fact.agent_id, fact.interaction_id
        match fact:
            case WrapUpStarted():
                held = self._held(agent_id, interaction_id, "connected")
                assert held.entry.owner is None, f"{fact}: the contact has not ended"
                assert not held.is_held, f"{fact}: it is held"
                held.stage, held.scope = "wrap-up", fact.scope
                held.section = held.section or held.entry.section
                assert self.presence.get(agent_id) != "offline", f"{fact}: the agent is gone"
            case AssignmentClosed():
                stages = [
                    held.stage
                    for held in self.held.get(agent_id, [])
                    if held.interaction_id == interaction_id
                ]
                over = [h for h in self.held.get(agent_id, []) if h.interaction_id == interaction_id]
                over = [h for h in over if h.stage != "offered"]  # an open offer ends otherwise
                over = [h for h in over if h.stage == "wrap-up" or h.entry.owner != agent_id]
                assert over, f"{fact}: the agent holds it as {stages}"
                closes = [h for h in over if (h.stage == "wrap-up") == (fact.wrap_up_ms > 0)] or over
                assert not closes[0].is_held, f"{fact}: it is held"
                self._release(agent_id, closes[0])
            case WorkHeld():
                held = self._held(agent_id, interaction_id, "connected")
                assert self.presence.get(agent_id) == "offline", f"{fact}: the agent is there"
                assert not held.is_held, f"{fact}: twice"
                held.is_held = True
            case HoldEnded():
                held = self._held(agent_id, interaction_id, "connected")
                assert held.is_held, f"{fact}: it is not held"
                held.is_held = False
                if fact.how == "requeued":
                    held.entry.state = "between"
                    held.entry.owner = None
                    held.entry.rests.clear()

    def _presence_changed(self, fact: PresenceChanged) -> None:
        before = self.presence.get(fact.agent_id, "offline")
        assert before == fact.before, f"{fact}: it was {before}"
        assert (fact.before != fact.presence) or fact.presence == "not-ready", f"{fact}: no change"
        self.presence[fact.agent_id] = fact.presence
        self.paused.discard(fact.agent_id)
