"""What the reference router remembers: interactions, agents, offers and assignments as plain records in plain lists.

Only look-ups live here; no rule of the published order does. Nothing is indexed: every question is a scan.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agents.model import Agent, Pool
from agents.presence import SIGNED_IN, Presence
from router.core.effects import Effect
from router.core.facts import NO_OFFER, Fact
from router.core.names import AgentId, ChannelId, InteractionId, OfferId, PoolId, QueueId, SectionId
from router.core.plan import Channel, OfferRules, Operation, Plan, Queue, Relax, Section
from router.core.requirement import NO_REQUIREMENT, Requirement
from router.core.signals import InteractionArrived


@dataclass(slots=True, eq=False)
class Callback:
    """What a customer wants who is called back: number, not before, not after. ``held`` is the offer that holds an agent meanwhile."""

    wanted: tuple[str, int | None, int | None]
    failed: int = 0
    dialled_until: int | None = None
    held: OfferId = NO_OFFER
    resume_at: int | None = None


@dataclass(slots=True, eq=False)
class Work:
    """An interaction. ``state`` is ``new`` until it is scheduled, queued or ended for the first time."""

    number: int
    arrival: InteractionArrived
    section: SectionId
    queue: QueueId
    priority: int
    requirement: Requirement
    requirement_origin: str
    rule: str
    state: str = "new"
    answer: str = ""
    how: str = ""
    ended_at: int = 0
    is_forgotten: bool = False
    people_only: bool = False
    expedited: bool = False
    queued_at: int = 0
    rank: int = 0
    tail: tuple[int, ...] | None = None
    """What stands behind the rank in the key, where a position was asked; else (place, number)."""
    ladder_clock: int = 0
    service_clock: int | None = None
    wait_ms: int = 0
    hops: int = 0
    owner: AgentId | None = None
    elapsed_least: int = 0
    """The most that *elapsed* has been for this requirement before the place was started anew."""
    time_facts_until: int = 0
    """Times of the requirement up to this elapsed have had their fact, or give none."""
    relaxations: list[Relax] = field(default_factory=list)
    opened: list[PoolId] = field(default_factory=list)
    steps_taken: list[tuple[QueueId, str]] = field(default_factory=list)
    steps_half_taken: list[tuple[QueueId, str]] = field(default_factory=list)
    steps_repeated: dict[tuple[QueueId, str], tuple[int, int]] = field(default_factory=dict)
    """Of steps that repeat: how often they were taken, and when they were taken or skipped last."""
    operations_waiting: list[Operation] = field(default_factory=list)
    callback: Callback | None = None
    refusals: dict[AgentId, int] = field(default_factory=dict)
    refusals_clear_at: int | None = None
    last_agent: AgentId | None = None
    preferred: tuple[AgentId, ...] = ()

    @property
    def interaction_id(self) -> InteractionId:
        """The sender's id."""
        return self.arrival.interaction_id

    @property
    def channel(self) -> ChannelId:
        """The channel it came by."""
        return self.arrival.channel


@dataclass(slots=True, eq=False)
class Person:
    """An agent and where it is. ``removed``: no plan has it any more, but it still holds something."""

    agent: Agent
    presence: Presence = "offline"
    reason: str = ""
    paused_until: int | None = None
    unanswered: int = 0
    idle_since: int = 0
    heard_at: int = 0
    removed: bool = False
    counted_from: int = 0
    occupied_ms: int = 0
    connected_at: list[int] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)
    """When it was connected while it had a rate limit."""

    @property
    def agent_id(self) -> AgentId:
        """The agent's id."""
        return self.agent.agent_id

    @property
    def is_signed_in(self) -> bool:
        """Whether it is there, ready or not."""
        return self.presence in SIGNED_IN


@dataclass(slots=True, eq=False)
class Offer:
    """One offer; ``how`` is empty while it is open."""

    offer_id: OfferId
    decision: int
    work: Work
    agent_id: AgentId
    units: int
    tier: int
    score: int
    choice: str
    expires_at: int
    made_at: int = 0
    how: str = ""
    ended_at: int = 0


@dataclass(slots=True, eq=False)
class Assignment:
    """An agent's part in an interaction, from connected to closed; closed ones are not kept."""

    decision: int
    work: Work
    agent_id: AgentId
    units: int
    connected_at: int
    queue: QueueId
    section: SectionId
    is_wrap_up: bool = False
    contact_ended_at: int = 0
    wrap_up_until: int = 0
    scope: str = ""
    held_until: int | None = None
    is_suspended: bool = False

    @property
    def holds_units(self) -> bool:
        """Connected work does, and wrap-ups of scope ``agent`` do."""
        return not self.is_wrap_up or self.scope == "agent"


@dataclass(frozen=True, slots=True)
class Service:
    """Units of an assignment came free that it had held for so much work, in unit·ms."""

    at: int
    queue: QueueId
    channel: ChannelId
    work: int


@dataclass(frozen=True, slots=True)
class Ending:
    """A wait ended: ``answered``, or as the interaction did."""

    at: int
    queue: QueueId
    channel: ChannelId
    waited: int
    how: str


@dataclass(frozen=True, slots=True)
class Told:
    """What work was told of its wait when that began."""

    work: Work
    at: int
    queue: QueueId
    p50: int
    p90: int


@dataclass(frozen=True, slots=True)
class QuoteEnd:
    """How what was told turned out; None where nobody will ever know."""

    at: int
    queue: QueueId
    channel: ChannelId
    rule: str
    in_50: bool | None
    in_90: bool | None


@dataclass(slots=True, eq=False)
class State:
    """Everything the reference knows, and the facts and effects that were not handed out yet."""

    plan: Plan
    now: int
    works: list[Work] = field(default_factory=list)
    people: dict[AgentId, Person] = field(default_factory=dict)
    offers: list[Offer] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    touched: set[QueueId] = field(default_factory=set)
    levels_read_at: dict[QueueId, int] = field(default_factory=dict)
    last_round_robin: dict[QueueId, AgentId] = field(default_factory=dict)
    handle_times: dict[QueueId, int] = field(default_factory=dict)
    decisions: int = 0
    facts: list[Fact] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    failed_matches: int = 0
    link_lost_at: int | None = None
    contacts: list[tuple[str, AgentId, int]] = field(default_factory=list)
    """Customers with their last agents, and when, the oldest first; each once."""
    services: list[Service] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    quotes: list[Told] = field(default_factory=list)
    quote_ends: list[QuoteEnd] = field(default_factory=list)
    quoted_at: dict[QueueId, int] = field(default_factory=dict)
    begun: list[Work] = field(default_factory=list)
    hours_told_at: int = 0
    """What opens and closes has been told up to this instant."""

    def __post_init__(self) -> None:
        self.hours_told_at = self.now

    # ── the plan ─────────────────────────────────────────────────────────────────────────────────────────────────

    def queues(self) -> list[Queue]:
        """All queues in the order of the plan."""
        return [queue for section in self.plan.sections for queue in section.queues]

    def find_queue(self, queue_id: QueueId) -> Queue | None:
        """The queue, or None where the plan has none of this id."""
        return next((queue for queue in self.queues() if queue.queue_id == queue_id), None)

    def queue(self, queue_id: QueueId) -> Queue:
        """The queue of this id."""
        return next(queue for queue in self.queues() if queue.queue_id == queue_id)

    def section_of(self, queue_id: QueueId) -> Section:
        """The section that the queue is in."""
        return next(s for s in self.plan.sections if any(q.queue_id == queue_id for q in s.queues))

    def find_channel(self, channel_id: ChannelId) -> Channel | None:
        """The channel, or None where the plan has none of this id."""
        return next((channel for channel in self.plan.channels if channel.channel_id == channel_id), None)

    def channel(self, channel_id: ChannelId) -> Channel:
        """The channel of this id."""
        return next(channel for channel in self.plan.channels if channel.channel_id == channel_id)

    def find_pool(self, pool_id: PoolId) -> Pool | None:
        """The pool, or None where the plan has none of this id."""
        return next((pool for pool in self.plan.pools if pool.pool_id == pool_id), None)

    def offer_rules(self, work: Work) -> OfferRules:
        """The offer rules of the work's section and channel."""
        return dict(self.section_of(work.queue).offers)[work.channel]

    def cost(self, person: Person, channel_id: ChannelId) -> int:
        """The agent's cost for the channel: its own, else the channel's."""
        own = dict(person.agent.costs).get(channel_id)
        return self.channel(channel_id).cost if own is None else own

    # ── what there is ────────────────────────────────────────────────────────────────────────────────────────────

    def queued(self) -> list[Work]:
        """All waiting work, in order of its numbers."""
        return [work for work in self.works if work.state == "queued"]

    def live(self) -> list[Work]:
        """All work that has not ended, in order of its numbers."""
        return [work for work in self.works if work.state != "ended"]

    def known(self, interaction_id: InteractionId) -> Work | None:
        """The interaction of this id, if it is live or ended less than ``remember_ms`` ago."""
        self.forget()
        for work in reversed(self.works):
            if work.interaction_id == interaction_id and not work.is_forgotten:
                return work
        return None

    def forget(self) -> None:
        """Forget the ids of what ended too long ago; what is forgotten stays so, also under another plan."""
        for work in self.works:
            if work.state == "ended" and self.now - work.ended_at >= self.plan.remember_ms:
                work.is_forgotten = True

    def open_offers(self) -> list[Offer]:
        """All open offers, in order of their ids."""
        return [offer for offer in self.offers if not offer.how]

    def offers_of(self, agent_id: AgentId) -> list[Offer]:
        """The agent's open offers, in order of their ids."""
        return [offer for offer in self.open_offers() if offer.agent_id == agent_id]

    def assignments_of(self, agent_id: AgentId) -> list[Assignment]:
        """The agent's assignments, in order of their interactions' numbers."""
        mine = [assignment for assignment in self.assignments if assignment.agent_id == agent_id]
        return sorted(mine, key=lambda assignment: (assignment.work.number, assignment.decision))

    def holdings(self, agent_id: AgentId) -> list[Offer | Assignment]:
        """All that holds the agent's units: open offers, connected work, and wrap-ups of scope ``agent``."""
        return [
            *self.offers_of(agent_id),
            *(assignment for assignment in self.assignments_of(agent_id) if assignment.holds_units),
        ]

    def units_held(self, agent_id: AgentId) -> int:
        """The units of all that the agent holds."""
        return sum(holding.units for holding in self.holdings(agent_id))

    def elapsed(self, work: Work) -> int:
        """The clock of the work's requirement."""
        return max(self.now - work.queued_at, work.elapsed_least)


def new_work(number: int, arrival: InteractionArrived, section: Section) -> Work:
    """An interaction of which nothing has been decided yet."""
    return Work(number, arrival, section.section_id, section.default_queue, 0, NO_REQUIREMENT, "queue", "")
