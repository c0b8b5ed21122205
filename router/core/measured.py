"""The free agents of a profile in the order of a choice by a figure that time changes.

An entry is true while the agent's stamp is the one it was made with and it is the latest made for the agent. The figures
whose time has come are read anew before the order is asked, so that an agent costs something only when its figure changes.
"""

from __future__ import annotations

from collections.abc import Set
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

from router.core.names import AgentId, SectionId
from router.core.plan import Channel
from router.core.policy import MeasuredChoice

if TYPE_CHECKING:
    from router.core.records import AgentState
    from router.core.supply import Profile

Measured = tuple[int, int, int, AgentId, int, int, "AgentState"]
"""(0 if nothing is held else 1, measure, idle since, agent id, serial number, stamp, agent): the smallest is chosen first."""

Due = tuple[int, int, int, "AgentState"]
"""(when the figure may be another, serial number, stamp, agent)"""

AT_ONCE: Final = -1
"""Before every instant: the figure is to be read."""

SLACK: Final = 64
"""How many outdated entries an order may carry beyond twice its live ones before it is cleaned."""


class MeasuredHeap:
    """The free agents of a profile for one channel, smallest figure of a measuring choice first."""

    __slots__ = ("_due", "_latest", "_order", "_serial", "channel", "choice", "profile")

    def __init__(self, profile: Profile, channel: Channel, choice: MeasuredChoice) -> None:
        self.profile = profile
        self.channel = channel
        self.choice = choice
        self._order: list[Measured] = []
        self._due: list[Due] = []
        self._latest: dict[AgentId, int] = {}
        self._serial = 0

    def add(self, agent: AgentState) -> None:
        """Note that the agent is free; its figure is read when somebody asks."""
        self._await(agent, AT_ONCE)

    def first_for(self, barred: Set[AgentId], section_id: SectionId, now: int) -> Measured | None:
        """Return the first free agent's entry that is neither barred nor blocked for the section."""
        passed: list[Measured] = []
        found: Measured | None = None
        while (entry := self._first(now)) is not None:
            agent = entry[6]
            if agent.id not in barred and section_id not in agent.blocked:
                found = entry
                break
            passed.append(heappop(self._order))
        for entry in passed:
            heappush(self._order, entry)
        return found

    def _first(self, now: int) -> Measured | None:
        self._read(now)
        order = self._order
        while order:
            if self._is_true(order[0]):
                return order[0]
            heappop(order)
        return None

    def _read(self, now: int) -> None:
        """Read the figures of those for whom it is time."""
        due = self._due
        while due and due[0][0] <= now:
            _, serial, stamp, agent = heappop(due)
            if stamp != agent.stamp or self._latest.get(agent.id) != serial:
                continue
            assert agent.standing is not None
            measure, until = self.choice.measure(agent.standing, now)
            serial = self._await(agent, until)
            held = 1 if agent.units else 0
            heappush(self._order, (held, measure, agent.idle_since, agent.id, serial, agent.stamp, agent))
        if len(self._order) > SLACK + 2 * len(self.profile.agents):
            self._order = [entry for entry in self._order if self._is_true(entry)]
            heapify(self._order)

    def _await(self, agent: AgentState, until: int | None) -> int:
        """Make the next entry of the agent the only true one; return its serial number."""
        serial = self._serial = self._latest[agent.id] = self._serial + 1
        if until is not None:
            heappush(self._due, (until, serial, agent.stamp, agent))
            if len(self._due) > SLACK + 2 * len(self.profile.agents):
                # In place: ``_read`` goes through this very list.
                self._due[:] = [
                    entry
                    for entry in self._due
                    if entry[2] == entry[3].stamp and self._latest.get(entry[3].id) == entry[1]
                ]
                heapify(self._due)
        return serial

    def _is_true(self, entry: Measured) -> bool:
        agent = entry[6]
        return entry[5] == agent.stamp and self._latest.get(agent.id) == entry[4]
