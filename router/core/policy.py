"""The plug-in points: what a policy is asked, when, and what it may answer.

Policies are pure: no clock, no randomness but the draw they are handed, no state. They see plain values, never the
engine. All numbers are integers, scores in thousandths. The built-in ones live in ``router.policies``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from router.core.names import AgentId, SkillName
from router.core.plan import Queue, Section
from router.core.standing import Standing


class OrderPolicy(Protocol):
    """Ranks waiting work; one per centre."""

    @property
    def name(self) -> str:
        """What ``Plan.order`` calls it."""

    @property
    def honours_positions(self) -> bool:
        """True when asked positions are: the rank is the same however long the work has waited."""

    def rank(self, queued_at: int, priority: int, due_at: int | None, queue: Queue, section: Section) -> int:
        """Return the rank; the smaller is served first.

        Asked when work enters a queue and when something changes its rank; never because time has passed.
        """


class SelectionPolicy(Protocol):
    """Groups the work a free agent could take; it takes from the smallest group first, by key within a group."""

    @property
    def name(self) -> str:
        """What ``Plan.selection`` calls it."""

    @property
    def uniform(self) -> bool:
        """True when every group is the same, so that the key alone decides."""

    def group(self, wanted: frozenset[SkillName], places: Mapping[SkillName, int]) -> int:
        """Return the group of work that wants these skills, for an agent with these places.

        Asked once per demand class and supply profile.
        """


class Head(NamedTuple):
    """The first work of a queue that a free agent can take, and what a selection may know about its queue.

    ``place`` is the queue's place in the plan, from 0. ``wait_ms`` is how long the work has waited by the clock of the service
    level. ``length`` interactions wait in the queue, ``total`` in the centre, whose queues have ``shares`` in all.
    ``handle_ms`` is the running mean of the queue's handle times, and ``others`` how many agents that are signed in, beside
    this one, could serve the work (kind, channel, pool and requirement); both are 0 for policies that do not ask for them.
    """

    queue: Queue
    place: int
    wait_ms: int
    length: int
    total: int
    shares: int
    handle_ms: int
    others: int


class HeadSelection(Protocol):
    """Chooses among the heads of the queues a free agent can serve, of its first level: it takes the head chosen."""

    @property
    def name(self) -> str:
        """What ``Plan.selection`` calls it."""

    @property
    def reads_handle_times(self) -> bool:
        """Whether it reads ``Head.handle_ms``."""

    @property
    def counts_agents(self) -> bool:
        """Whether it reads ``Head.others``."""

    def pick(self, heads: Sequence[Head], draw: int) -> int:
        """Return the index of the head that is taken.

        ``heads`` has one head of each queue, the smallest key first, and is never empty; ``draw`` is the random number of the next
        decision, 0..2^64-1. Asked for every free agent again after each decision.
        """

    def compared(self, head: Head) -> str:
        """Return what is compared of the head, for people: ``60 s waited ÷ 20 s = 3``."""


class ScoreTerm(Protocol):
    """One term of the static score."""

    @property
    def name(self) -> str:
        """What a queue's ``score`` calls it."""

    def value(
        self,
        wanted: Mapping[SkillName, int],
        levels: Mapping[SkillName, int],
        places: Mapping[SkillName, int],
        speed: int,
    ) -> int:
        """Return the term in thousandths; the larger, the better the agent.

        ``wanted`` gives the least level that is asked of each wanted skill, ``speed`` the agent's on the channel, in thousandths.

        Asked once per demand class and supply profile.
        """


class KeyedChoice(Protocol):
    """A dynamic choice that orders agents by a key of their own: the smallest (key, id) is chosen."""

    @property
    def name(self) -> str:
        """What a queue's or channel's ``choice`` calls it."""

    def key(self, units: int, capacity: int, idle_since: int) -> tuple[int, int]:
        """Return the agent's key; asked whenever what it holds, or its idle time, has changed."""


class MeasuredChoice(Protocol):
    """A dynamic choice by a figure that the passing of time may change: of the best-scored, those who hold nothing come before
    the others; of either the smallest (measure, idle since, id) is chosen.
    """

    @property
    def name(self) -> str:
        """What a queue's or channel's ``choice`` calls it."""

    def measure(self, standing: Standing, now: int) -> tuple[int, int | None]:
        """Return the agent's figure at ``now``, and the first instant at which time alone may make it another; None: never.

        Asked when what the agent holds has changed, and when that instant has come.
        """

    def describe(self, standing: Standing, now: int) -> str:
        """Return the figure in words."""


class Candidates(Protocol):
    """The best-scored agents in the order of their ids: counted and looked up, never listed."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int) -> AgentId:
        """The id at the index, from 0; raises ``IndexError`` beyond the last."""

    def count_to(self, agent_id: AgentId) -> int:
        """How many ids are the given one or smaller; it need not be a candidate's."""


class PickChoice(Protocol):
    """A dynamic choice that picks from all of the best-scored, given in the order of their ids."""

    @property
    def name(self) -> str:
        """What a queue's or channel's ``choice`` calls it."""

    def pick(self, ids: Candidates, last: AgentId | None, draw: int) -> int:
        """Return an index into ``ids`` (never empty).

        ``last`` is the agent this policy chose last in this queue; ``draw`` is this decision's own random number,
        0..2^64-1.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies an engine can use, by name."""

    orders: Mapping[str, OrderPolicy] = field(default_factory=dict)
    selections: Mapping[str, SelectionPolicy] = field(default_factory=dict)
    heads: Mapping[str, HeadSelection] = field(default_factory=dict)
    terms: Mapping[str, ScoreTerm] = field(default_factory=dict)
    keyed: Mapping[str, KeyedChoice] = field(default_factory=dict)
    measured: Mapping[str, MeasuredChoice] = field(default_factory=dict)
    picks: Mapping[str, PickChoice] = field(default_factory=dict)

    def selection_names(self) -> tuple[str, ...]:
        """Return the names of all selections."""
        return (*self.selections, *self.heads)

    def choices(self) -> tuple[str, ...]:
        """Return the names of all dynamic choices."""
        return (*self.keyed, *self.measured, *self.picks)
