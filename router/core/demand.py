"""Demand: queues, and the classes of waiting work that is alike in queue, channel and what is asked now.

Each class keeps its waiting work in one heap by key, thrown away lazily: an entry is true while the interaction
still waits in the class with that key. Which profiles serve a class, in which tier and with which score, is worked
out once and remembered until the supply changes.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from router.core.guards import Guard, guard
from router.core.intake import Intake
from router.core.ladder_plan import AllDeclined
from router.core.names import AgentId, ChannelId, PoolId
from router.core.plan import (
    EVENT_TRIGGERS,
    TIMED_TRIGGERS,
    After,
    AllOf,
    Channel,
    OfferRules,
    Queue,
    Section,
    Step,
)
from router.core.policy import KeyedChoice, MeasuredChoice, PickChoice, Policies

if TYPE_CHECKING:
    from agents.model import WrapUp
    from router.core.calendar import OpenHours
    from router.core.line import Line
    from router.core.needs import Asked, Need
    from router.core.records import AgentState, Interaction, Key
    from router.core.supply import Entry, FreeHeap, Profile

Free = tuple[int, int, int, int, AgentId, int, "AgentState"]
"""(tier, −score, key, key, agent id, stamp, agent): the smallest is chosen first."""

Waiting = tuple[int, int, int, int, "Interaction", "Key"]
"""(…key, interaction, key); the number in the key is unique, so interactions are never compared. The entry is true
while the interaction's key is this very key.
"""

SLACK = 64
"""How many outdated entries a class may carry beyond twice its live ones before it is cleaned."""


class SectionState:
    """A section of the plan, with how many of its interactions are queued."""

    __slots__ = ("intake", "offers", "plan", "waiting", "wrap_up")

    def __init__(self, plan: Section) -> None:
        self.plan = plan
        self.intake = Intake(plan.intake)
        self.offers: dict[ChannelId, OfferRules] = dict(plan.offers)
        self.wrap_up: dict[ChannelId, WrapUp] = dict(plan.wrap_up)
        self.waiting = 0


class QueueState:
    """A queue of the plan, ready to use. ``tick_at`` is its next level check, ``last_picked`` whom each picking choice
    chose last, ``line`` who stands where, once a position was asked, ``hours`` what its calendar says now.
    ``is_calm``: beginning to wait here sets no deadline, touches no level and is never refused for want of room, and
    work is offered to one agent at a time.
    ``timed_steps``, ``declined_steps`` and ``level_steps`` are the ladder by kinds of triggers; ``is_plainly_timed``: the timed ones are
    due in the order in which they stand. ``guards`` are the conditions of those that have one, by name.
    ``level_delays``: the waits after which it opens to agents who serve it at a later level, the shortest first.
    """

    __slots__ = (
        "after_steps",
        "asked",
        "classes",
        "declined_steps",
        "guards",
        "has_limit",
        "hours",
        "index",
        "is_calm",
        "is_plainly_timed",
        "last_picked",
        "level_delays",
        "level_steps",
        "line",
        "plain",
        "plan",
        "priority",
        "queue_id",
        "section",
        "section_id",
        "tick_at",
        "time_to_live_ms",
        "timed_steps",
        "waiting",
    )

    def __init__(
        self,
        plan: Queue,
        section: SectionState,
        index: int,
        asked: Asked,
        *,
        centre_is_limited: bool,
        level_delays: tuple[int, ...] = (),
    ) -> None:
        self.plan = plan
        self.queue_id = plan.queue_id
        self.section_id = plan.section_id
        self.priority = plan.priority
        self.section = section
        self.index = index
        self.asked = asked
        self.after_steps: tuple[tuple[int, Step], ...] = tuple(
            (step.trigger.ms, step) for step in plan.ladder if isinstance(step.trigger, After)
        )
        self.timed_steps: tuple[Step, ...] = tuple(
            step for step in plan.ladder if isinstance(step.trigger, TIMED_TRIGGERS)
        )
        self.is_plainly_timed = all(
            isinstance(step.trigger, After) and step.repeat_ms is None for step in self.timed_steps
        )
        self.declined_steps: tuple[Step, ...] = tuple(
            step for step in plan.ladder if isinstance(step.trigger, AllDeclined)
        )
        self.level_steps: tuple[Step, ...] = tuple(
            step for step in plan.ladder if not isinstance(step.trigger, (*TIMED_TRIGGERS, *EVENT_TRIGGERS))
        )
        self.guards: dict[str, Guard] = {
            step.name: guard(step.guard) for step in plan.ladder if step.guard != AllOf()
        }
        self.level_delays = level_delays
        self.has_limit = centre_is_limited or plan.limit is not None or section.plan.limit is not None
        self.time_to_live_ms = plan.time_to_live_ms
        self.hours: OpenHours | None = None
        is_bound_to_time = plan.time_to_live_ms is not None or plan.hours is not None or bool(level_delays)
        self.is_calm = (
            not self.has_limit
            and not plan.ladder
            and not asked.instants
            and not is_bound_to_time
            and all(rules.broadcast == 1 for rules in section.offers.values())
        )
        self.waiting = 0
        self.classes: list[DemandClass] = []
        self.plain: dict[ChannelId, DemandClass] = {}
        self.last_picked: dict[str, AgentId] = {}
        self.tick_at: int | None = None
        self.line: Line | None = None


class Entrance:
    """What arrivals of one section and channel find that name one queue, or none.

    ``queue`` is where they wait unless an intake rule says otherwise. ``is_plain``: nothing is to be looked up or weighed for
    an arrival that brings nothing of its own but its queue.
    """

    __slots__ = ("channel", "is_plain", "own_queue", "queue", "section")

    def __init__(
        self, section: SectionState, channel: Channel, own_queue: QueueState | None, queue: QueueState
    ) -> None:
        self.section = section
        self.channel = channel
        self.own_queue = own_queue
        self.queue = queue
        plan = section.plan
        self.is_plain = not plan.intake and (own_queue is not None or not plan.refuse_unmatched)


class DemandClass:
    """Waiting work that is alike.

    ``rules`` and ``choice_name`` are what its queue and channel say. ``names_agents``: some of its work has named, or names,
    agents that are judged one by one. ``is_usual``: the best-scored alone are chosen from, by a key; ``tolerance`` is in millionths,
    as scores are.

    ``waited_ms``: the longest delay of the queue's levels that its work has waited; ``closed_to`` are profiles that serve it only after
    a longer one. ``served_by`` gives the (tier, score) of each profile that serves it, ``groups`` those that have room at all by (tier,
    score), best first. With a keyed choice and few profiles, ``heaps`` are their free heaps, grouped alike, and ``orders``
    the lists within those; with many (``is_wide``) ``free`` is one order of all free agents. All are of ``epoch``.
    """

    __slots__ = (
        "channel",
        "choice",
        "choice_name",
        "closed_to",
        "count",
        "epoch",
        "free",
        "groups",
        "heap",
        "heaps",
        "is_usual",
        "is_wide",
        "measured",
        "names_agents",
        "need",
        "opened",
        "orders",
        "people_only",
        "pick",
        "queue",
        "rules",
        "served_by",
        "tolerance",
        "waited_ms",
        "width",
    )

    def __init__(
        self,
        queue: QueueState,
        channel: Channel,
        need: Need,
        opened: tuple[PoolId, ...],
        waited_ms: int,
        *,
        people_only: bool,
        policies: Policies,
    ) -> None:
        self.queue = queue
        self.channel = channel
        self.need = need
        self.opened = opened
        self.waited_ms = waited_ms
        self.people_only = people_only
        self.rules = queue.section.offers[channel.channel_id]
        self.choice_name = queue.plan.choice or channel.choice
        self.choice: KeyedChoice | None = policies.keyed.get(self.choice_name)
        self.measured: MeasuredChoice | None = policies.measured.get(self.choice_name)
        self.pick: PickChoice | None = policies.picks.get(self.choice_name)
        self.tolerance = queue.plan.tolerance * 1000
        self.is_usual = self.choice is not None and not self.tolerance
        self.heap: list[Waiting] = []
        self.count = 0
        self.names_agents = False
        self.epoch = -1
        self.served_by: dict[Profile, tuple[int, int]] = {}
        self.closed_to: list[Profile] = []
        self.groups: list[tuple[int, int, list[Profile]]] = []
        self.heaps: list[tuple[int, int, list[FreeHeap]]] = []
        self.orders: list[tuple[int, int, list[list[Entry]]]] = []
        self.is_wide = False
        self.free: list[Free] = []
        self.width = 0

    # ── waiting work ─────────────────────────────────────────────────────────────────────────────────────────────

    def enlist(self, interaction: Interaction, key: Key) -> None:
        """Put the interaction, which waits here, into the order."""
        interaction.listed = True
        heap = self.heap
        heappush(heap, (*key, interaction, key))
        if len(heap) > SLACK + 2 * self.count:
            self.heap = [entry for entry in heap if self._is_true(entry)]
            heapify(self.heap)

    def rekey(self, interaction: Interaction, key: Key) -> None:
        """Let the interaction, which waits here, wait under another key."""
        heappush(self.heap, (*key, interaction, key))

    def head(self) -> Interaction | None:
        """Return the first waiting interaction."""
        heap = self.heap
        while heap:
            entry = heap[0]
            interaction = entry[4]
            if interaction.klass is self and interaction.key is entry[5]:
                return interaction
            heappop(heap)
        return None

    def head_for(self, agent_id: AgentId) -> Interaction | None:
        """Return the first waiting interaction that does not refuse or name the agent."""
        passed: list[Waiting] = []
        found: Interaction | None = None
        while (interaction := self.head()) is not None:
            if not is_barred(interaction, agent_id):
                found = interaction
                break
            passed.append(heappop(self.heap))
        for entry in passed:
            heappush(self.heap, entry)
        return found

    def set_aside(self, interaction: Interaction) -> None:
        """Take the head out of the order for a while; ``bring_back`` undoes it."""
        if self.head() is interaction:
            heappop(self.heap)

    def bring_back(self, interaction: Interaction) -> None:
        """Put an interaction that was set aside, and waits here still, back into the order."""
        if interaction.klass is self and interaction.key is not None:
            heappush(self.heap, (*interaction.key, interaction, interaction.key))

    def waiting(self) -> list[Interaction]:
        """Return the interactions that wait here, in no particular order; not those that are broadcast."""
        found = {entry[4].number: entry[4] for entry in self.heap if self._is_true(entry)}
        return [interaction for interaction in found.values() if interaction.state == "queued"]

    # ── free agents of a wide class ──────────────────────────────────────────────────────────────────────────────

    def feed(self, agent: AgentState, tier: int, score: int) -> None:
        """Note that the agent is free."""
        assert self.choice is not None
        key, second = self.choice.key(agent.units, agent.profile.capacity, agent.idle_since)
        heappush(self.free, (tier, -score, key, second, agent.id, agent.stamp, agent))
        if len(self.free) > SLACK + 2 * self.width:
            self.free = [entry for entry in self.free if entry[5] == entry[6].stamp]
            heapify(self.free)

    def first_free(self, barred: set[AgentId]) -> Free | None:
        """Return the first free agent's entry that is neither barred nor blocked for the queue's section."""
        section_id = self.queue.plan.section_id
        passed: list[Free] = []
        found: Free | None = None
        while self.free:
            entry = self.free[0]
            if entry[5] != entry[6].stamp:
                heappop(self.free)
            elif entry[4] in barred or section_id in entry[6].blocked:
                passed.append(heappop(self.free))
            else:
                found = entry
                break
        for entry in passed:
            heappush(self.free, entry)
        return found

    def _is_true(self, entry: Waiting) -> bool:
        return entry[4].klass is self and entry[4].key is entry[5]


def is_barred(interaction: Interaction, agent_id: AgentId) -> bool:
    """Say whether the class may not speak for this pair: the pair rests, the agent has an open offer of it, or the agent is named and
    judged by itself.
    """
    if interaction.refused is not None and agent_id in interaction.refused:
        return True
    if interaction.owner is not None and interaction.is_offered_to(agent_id):
        return True
    return interaction.need is not None and agent_id in interaction.need.named
