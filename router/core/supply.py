"""Supply: agents alike in everything that matching reads share a profile, and each profile keeps its free agents in
the order of the dynamic policies that ask for them.

An order is kept lazily: an entry carries the agent's stamp and is thrown away when the stamp has moved on. Classes
that very many profiles serve keep an order of free agents of their own (see ``demand``); profiles feed it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from agents.model import Agent
from agents.pools import is_member
from agents.queue_levels import QueueLevels, merged
from agents.skills import levels, places
from router.core.measured import MeasuredHeap
from router.core.names import AgentId, ChannelId, PoolId, SectionId
from router.core.plan import Channel, Plan
from router.core.policy import KeyedChoice, MeasuredChoice

if TYPE_CHECKING:
    from router.core.demand import DemandClass
    from router.core.records import AgentState

Entry = tuple[int, int, AgentId, int, "AgentState"]
"""(key, key, agent id, stamp, agent): the smallest is chosen first."""

Service = tuple[int, "DemandClass", bool, int, int]
"""(precedence, class, whether an idle agent has room for it, tier, score)"""

SLACK = 64
"""How many outdated entries an order may carry beyond twice its live ones before it is cleaned."""


class FreeHeap:
    """The free agents of a profile for one channel, smallest key of a keyed choice first."""

    __slots__ = ("channel", "choice", "heap", "profile")

    def __init__(self, profile: Profile, channel: Channel, choice: KeyedChoice) -> None:
        self.profile = profile
        self.channel = channel
        self.choice = choice
        # The very list that classes look into: it is changed in place, never replaced.
        self.heap: list[Entry] = []

    def add(self, agent: AgentState) -> None:
        """Note that the agent is free, with its key of now."""
        key, second = self.choice.key(agent.units, self.profile.capacity, agent.idle_since)
        heap = self.heap
        heappush(heap, (key, second, agent.id, agent.stamp, agent))
        if len(heap) > SLACK + 2 * len(self.profile.agents):
            self.heap[:] = [entry for entry in heap if entry[3] == entry[4].stamp]
            heapify(self.heap)

    def first(self) -> Entry | None:
        """Return the first free agent's entry, or None."""
        heap = self.heap
        while heap:
            entry = heap[0]
            if entry[3] == entry[4].stamp:
                return entry
            heappop(heap)
        return None

    def first_for(self, barred: set[AgentId], section_id: SectionId) -> Entry | None:
        """Return the first free agent's entry that is neither barred nor blocked for the section."""
        passed: list[Entry] = []
        found: Entry | None = None
        while (entry := self.first()) is not None:
            agent = entry[4]
            if agent.id not in barred and section_id not in agent.blocked:
                found = entry
                break
            passed.append(heappop(self.heap))
        for entry in passed:
            heappush(self.heap, entry)
        return found


class FreeList:
    """The free agents of a profile for one channel by id, for choices that pick; with a section, without those whom a
    wrap-up blocks for it.
    """

    __slots__ = ("channel", "ids", "profile", "section_id")

    def __init__(self, profile: Profile, channel: Channel, section_id: SectionId | None) -> None:
        self.profile = profile
        self.channel = channel
        self.section_id = section_id
        self.ids: list[AgentId] = []

    def update(self, agent: AgentState) -> None:
        """Note whether the agent is free."""
        is_free = (
            is_available(agent)
            and self.profile.has_room(agent, self.channel)
            and (self.section_id is None or self.section_id not in agent.blocked)
        )
        index = bisect_left(self.ids, agent.id)
        present = index < len(self.ids) and self.ids[index] == agent.id
        if is_free and not present:
            insort(self.ids, agent.id)
        elif present and not is_free:
            del self.ids[index]


class Profile:
    """Agents alike in kind, skills and their order, tags, pools, capacity, channels, costs, maxima, speeds, rate limit
    and queue levels.

    ``cheapest`` is the least an interaction costs these agents, ``interrupting`` the channels that may interrupt others.
    ``is_single``: any work at all fills such an agent, so that what it takes needs no look at the orders; never where free
    lists or standings are kept, which have to be told.
    ``serving`` lists the classes the profile serves in the order of their precedence, as of ``serving_epoch``;
    ``feeds`` are those among them that keep an order of free agents of their own.
    """

    __slots__ = (
        "agents",
        "capacity",
        "cheapest",
        "costs",
        "feeds",
        "heaps",
        "interrupting",
        "is_automated",
        "is_single",
        "levels",
        "lists",
        "maxima",
        "places",
        "pools",
        "queue_levels",
        "rate",
        "serving",
        "serving_epoch",
        "signed_in",
        "speeds",
        "tags",
    )

    def __init__(
        self,
        agent: Agent,
        pools: frozenset[PoolId],
        costs: dict[ChannelId, int],
        interrupting: frozenset[ChannelId],
        queue_levels: QueueLevels,
        *,
        keeps_standings: bool,
    ) -> None:
        self.is_automated = agent.kind == "automated"
        self.levels = levels(agent)
        self.places = places(agent)
        self.tags = dict(agent.tags)
        self.pools = pools
        self.queue_levels = queue_levels
        self.capacity = agent.capacity
        self.costs = costs
        self.cheapest = min(costs.values(), default=0)
        self.interrupting = interrupting.intersection(costs)
        self.rate = agent.rate
        self.is_single = (
            2 * self.cheapest > self.capacity
            and not self.interrupting
            and agent.rate is None
            and not keeps_standings
        )
        own_speeds = dict(agent.speeds)
        self.speeds = {channel_id: own_speeds.get(channel_id, agent.speed) for channel_id in costs}
        self.maxima = dict(agent.channel_max)
        self.agents: dict[AgentId, AgentState] = {}
        self.signed_in = 0
        self.heaps: dict[tuple[ChannelId, str], FreeHeap | MeasuredHeap] = {}
        self.lists: dict[tuple[ChannelId, SectionId | None], FreeList] = {}
        self.feeds: dict[DemandClass, tuple[int, int]] = {}
        self.serving: list[Service] = []
        self.serving_epoch = -1

    def has_room(self, agent: AgentState, channel: Channel) -> bool:
        """Say whether the agent's units and maxima leave room for one more of the channel."""
        channel_id = channel.channel_id
        cost = self.costs.get(channel_id)
        if cost is None:
            return False
        maximum = self.maxima.get(channel_id)
        if maximum is not None and agent.counts.get(channel_id, 0) >= maximum:
            return False
        room = self.capacity - agent.units - cost
        if room < 0 and channel_id in self.interrupting:
            for holding in agent.holdings:
                if holding.state != "offered" and channel_id in holding.interaction.channel.interruptible_by:
                    room += holding.units
        return room >= 0

    def free_heap(self, channel: Channel, choice: KeyedChoice) -> FreeHeap:
        """Return the heap for the channel and choice, made and filled when first asked for."""
        heap = self.heaps.get((channel.channel_id, choice.name))
        if not isinstance(heap, FreeHeap):
            heap = FreeHeap(self, channel, choice)
            self._fill(heap)
        return heap

    def measured_heap(self, channel: Channel, choice: MeasuredChoice) -> MeasuredHeap:
        """Return the heap for the channel and a choice that measures, made and filled when first asked for."""
        heap = self.heaps.get((channel.channel_id, choice.name))
        if not isinstance(heap, MeasuredHeap):
            heap = MeasuredHeap(self, channel, choice)
            self._fill(heap)
        return heap

    def _fill(self, heap: FreeHeap | MeasuredHeap) -> None:
        self.heaps[heap.channel.channel_id, heap.choice.name] = heap
        for agent in self.agents.values():
            if is_available(agent) and self.has_room(agent, heap.channel):
                heap.add(agent)

    def free_list(self, channel: Channel, section_id: SectionId | None) -> FreeList:
        """Return the list for the channel and, where some are blocked, the section, made and filled when first asked for."""
        key = (channel.channel_id, section_id)
        free = self.lists.get(key)
        if free is None:
            free = self.lists[key] = FreeList(self, channel, section_id)
            self.is_single = False
            for agent in self.agents.values():
                free.update(agent)
        return free

    def note(self, agent: AgentState) -> None:
        """Bring all orders up to date with what the agent is and holds now."""
        agent.stamp += 1
        agent.is_noted = True
        available = agent.presence == "ready" and agent.paused_until is None and not agent.is_spent
        if available and (agent.units + self.cheapest <= self.capacity or self.interrupting):
            # Only profiles that have room when idle are in the orders.
            is_idle = not agent.units and not self.maxima
            for heap in self.heaps.values():
                if is_idle or self.has_room(agent, heap.channel):
                    heap.add(agent)
            if self.feeds:
                for klass, (tier, score) in self.feeds.items():
                    if is_idle or self.has_room(agent, klass.channel):
                        klass.feed(agent, tier, score)
        if self.lists:
            for free in self.lists.values():
                free.update(agent)


def is_available(agent: AgentState) -> bool:
    """Say whether the agent is ready, not paused, and within its rate limit."""
    return agent.presence == "ready" and agent.paused_until is None and not agent.is_spent


class Profiles:
    """All profiles of a plan. ``have_levels``: some of them serve one queue before another."""

    __slots__ = ("_by_key", "_interrupting", "_keeps_standings", "_plan", "_pools", "have_levels")

    def __init__(self, plan: Plan, *, keeps_standings: bool) -> None:
        self._plan = plan
        self.have_levels = False
        self._keeps_standings = keeps_standings
        self._pools = plan.pools
        self._by_key: dict[tuple[object, ...], Profile] = {}
        self._interrupting = frozenset(by for channel in plan.channels for by in channel.interruptible_by)

    def of(self, agent: Agent) -> Profile:
        """Return the agent's profile."""
        pools = frozenset(pool.pool_id for pool in self._pools if is_member(pool, agent))
        key = (
            agent.kind,
            agent.skills,
            frozenset(agent.tags),
            agent.capacity,
            frozenset(agent.channels),
            frozenset(agent.costs),
            frozenset(agent.channel_max),
            agent.speed,
            frozenset(agent.speeds),
            agent.queue_levels,
            agent.rate,
            pools,
        )
        profile = self._by_key.get(key)
        if profile is None:
            own = dict(agent.costs)
            costs = {
                channel.channel_id: own.get(channel.channel_id, channel.cost)
                for channel in self._plan.channels
                if not agent.channels or channel.channel_id in agent.channels
            }
            lists = (pool.queue_levels for pool in self._pools if pool.pool_id in pools)
            queue_levels = merged((agent.queue_levels, *lists))
            if queue_levels:
                self.have_levels = True
            profile = self._by_key[key] = Profile(
                agent, pools, costs, self._interrupting, queue_levels, keeps_standings=self._keeps_standings
            )
        return profile

    def __iter__(self) -> Iterator[Profile]:
        return iter(self._by_key.values())
