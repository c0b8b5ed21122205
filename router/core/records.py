"""The engine's mutable records: interactions, agents, and what an agent holds. Slotted, no behaviour beyond reading.

Records refer to each other only from the interaction and the agent to what is held between them, and those
references are cut when the holding ends, so that no cycle outlives its work.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

from agents.model import Agent, WrapUpScope
from agents.presence import Presence
from router.core.facts import InteractionEnd, OfferEnd
from router.core.names import AgentId, ChannelId, InteractionId, OfferId, PoolId, QueueId, SectionId
from router.core.plan import Channel, Operation, Relax, Step
from router.core.standing import Standing

if TYPE_CHECKING:
    from router.core.affinity import Favour
    from router.core.demand import DemandClass, QueueState
    from router.core.needs import Asked, Need
    from router.core.signals import InteractionArrived
    from router.core.supply import Profile
    from router.core.tails import Tail

InteractionState = Literal["scheduled", "queued", "offered", "assigned", "ended"]
HoldingState = Literal["offered", "connected", "wrap-up", "closed"]
Origin = Literal["sender", "intake", "queue"]
Key = tuple[int, int, int, int]
"""(0 if expedited else 1, rank, queued_at, number); the last two are others where a position was asked (``tail``)."""


class LadderState:
    """Where an interaction stands on its ladders; made when the first step is near.

    ``taken`` and ``caught_up`` remember (queue, step); ``repeats`` how often a step that repeats was taken, and when it was taken or
    skipped last; ``waiting`` are operations that wait for an offer to end.
    """

    __slots__ = ("caught_up", "repeats", "taken", "waiting")

    def __init__(self) -> None:
        self.taken: set[tuple[QueueId, str]] = set()
        self.caught_up: set[tuple[QueueId, str]] = set()
        self.repeats: dict[tuple[QueueId, str], tuple[int, int]] = {}
        self.waiting: list[Operation] = []


class CallbackState:
    """What a customer who is called back wants, and how far that is: ``attempts`` that failed; whether it is being dialled, until
    ``dial_due`` for a connected agent, or while the offer ``held`` holds its agent; when it waits again (``resume_at``).
    """

    __slots__ = (
        "attempts",
        "dial_due",
        "held",
        "is_dialling",
        "not_after",
        "not_before",
        "number",
        "resume_at",
    )

    def __init__(self, number: str, not_before: int | None, not_after: int | None) -> None:
        self.number = number
        self.not_before = not_before
        self.not_after = not_after
        self.attempts = 0
        self.is_dialling = False
        self.held = OfferId(0)
        self.dial_due: int | None = None
        self.resume_at: int | None = None


class Interaction:
    """One interaction, from its arrival until its id is forgotten.

    ``listed``: it stands in the order of its class; work that has just begun to wait does so only after a first look
    for an agent. ``klass`` is set while agents can name it: while it is queued, and while it is broadcast to fewer than it may be.
    ``owner`` is what its agent holds of it, connected or offered; ``also_offered`` are the further open offers of a broadcast.
    """

    __slots__ = (
        "also_offered",
        "answer",
        "arrival",
        "asked",
        "callback",
        "channel",
        "elapsed_floor",
        "ended_at",
        "ended_how",
        "expedited",
        "expires_due",
        "favour",
        "hops",
        "id",
        "key",
        "klass",
        "ladder",
        "ladder_at",
        "ladder_due",
        "listed",
        "need",
        "need_due",
        "number",
        "opened",
        "opens_due",
        "origin",
        "owner",
        "people_only",
        "priority",
        "queue",
        "queued_at",
        "refused",
        "refused_clear_at",
        "relaxations",
        "rule",
        "state",
        "tail",
        "waited_ms",
        "waiting_since",
    )

    def __init__(
        self,
        interaction_id: InteractionId,
        number: int,
        arrival: InteractionArrived,
        queue: QueueState,
        channel: Channel,
        priority: int,
        asked: Asked,
        origin: Origin,
        rule: str,
    ) -> None:
        self.id = interaction_id
        self.number = number
        self.arrival = arrival
        self.queue = queue
        self.channel = channel
        self.priority = priority
        self.asked = asked
        self.need: Need | None = None
        self.origin = origin
        self.rule = rule
        self.state: InteractionState = "scheduled"
        self.answer = ""
        self.queued_at = 0
        self.waiting_since: int | None = None
        self.waited_ms = 0
        self.ladder_at = 0
        self.ladder_due: int | None = None
        self.ladder: LadderState | None = None
        self.need_due: int | None = None
        self.elapsed_floor = 0
        self.expedited = False
        self.favour: Favour | None = None
        self.expires_due: int | None = None
        self.key: Key | None = None
        self.tail: Tail | None = None
        self.klass: DemandClass | None = None
        self.listed = False
        self.relaxations: tuple[Relax, ...] = ()
        self.opened: tuple[PoolId, ...] = ()
        self.opens_due: int | None = None
        self.people_only = False
        self.refused: dict[AgentId, int] | None = None
        self.refused_clear_at: int | None = None
        self.hops = 0
        self.owner: Holding | None = None
        self.callback: CallbackState | None = None
        self.also_offered: list[Holding] | None = None
        self.ended_how: InteractionEnd | None = None
        self.ended_at = 0

    def open_offers(self) -> list[Holding]:
        """Return its open offers, in the order of their ids."""
        if self.state != "offered" or self.owner is None:
            return []
        return [self.owner, *(self.also_offered or ())]

    def is_offered_to(self, agent_id: AgentId) -> bool:
        """Say whether an offer of it to the agent is open."""
        return any(holding.agent.id == agent_id for holding in self.open_offers())


class Holding:
    """What an agent holds of one interaction: an offer, then a connected assignment, then wrap-up.

    ``decision`` is the number of the decision that made it, ``units`` and ``counts`` (whether it counts against the
    channel's maximum) what it holds now, ``until`` the deadline of its present state, ``held_until`` the end of a
    hold after the agent was lost.
    """

    __slots__ = (
        "agent",
        "choice",
        "connected_at",
        "counts",
        "decision",
        "held_until",
        "interaction",
        "offer_end",
        "offer_ended_at",
        "offer_id",
        "queue_id",
        "scope",
        "score",
        "section_id",
        "state",
        "suspended",
        "tier",
        "units",
        "until",
        "wrap_up_at",
    )

    def __init__(
        self,
        interaction: Interaction,
        agent: AgentState,
        decision: int,
        offer_id: OfferId,
        units: int,
        tier: int,
        score: int,
        choice: str,
    ) -> None:
        self.interaction = interaction
        self.agent = agent
        self.decision = decision
        self.offer_id = offer_id
        self.units = units
        self.tier = tier
        self.score = score
        self.choice = choice
        self.state: HoldingState = "offered"
        self.counts = True
        self.suspended = False
        self.until = 0
        self.held_until: int | None = None
        self.connected_at = 0
        self.wrap_up_at = 0
        self.scope: WrapUpScope = "agent"
        queue = interaction.queue
        self.queue_id: QueueId = queue.queue_id
        self.section_id: SectionId = queue.section_id
        self.offer_end: OfferEnd | None = None
        self.offer_ended_at = 0


class Starts:
    """What counts against the rate limit of an automated agent: when it was connected, the oldest first, as far as that counts
    still, and how many offers are open to it. ``until`` is when a used-up limit lets work in again by the passing of time alone.
    """

    __slots__ = ("connected_at", "offers", "until")

    def __init__(self) -> None:
        self.connected_at: deque[int] = deque()
        self.offers = 0
        self.until: int | None = None


class AgentState:
    """One agent as the engine sees it.

    ``stamp`` changes whenever an index entry made for it is no longer true, ``is_noted`` says whether the indexes have
    true ones. ``is_spent``: its rate limit, of which ``starts`` keeps account, is used up.
    """

    __slots__ = (
        "blocked",
        "counts",
        "favoured_by",
        "has_suspended",
        "holdings",
        "id",
        "idle_since",
        "is_noted",
        "is_spent",
        "last_heard",
        "lease_due",
        "leaving",
        "named_by",
        "no_answers",
        "paused_until",
        "presence",
        "profile",
        "reason",
        "spec",
        "stamp",
        "standing",
        "starts",
        "units",
    )

    def __init__(self, spec: Agent, profile: Profile) -> None:
        self.id = spec.agent_id
        self.spec = spec
        self.profile = profile
        self.presence: Presence = "offline"
        self.reason = ""
        self.holdings: list[Holding] = []
        self.units = 0
        self.has_suspended = False
        self.counts: dict[ChannelId, int] = {}
        self.idle_since = 0
        self.stamp = 0
        self.is_noted = False
        self.paused_until: int | None = None
        self.no_answers = 0
        self.last_heard = 0
        self.lease_due: int | None = None
        self.leaving = False
        self.blocked: dict[SectionId, int] = {}
        self.named_by: dict[int, Interaction] = {}
        self.favoured_by: dict[int, Interaction] = {}
        self.standing: Standing | None = None
        self.is_spent = False
        self.starts: Starts | None = None if profile.rate is None else Starts()


StepKey = tuple[QueueId, str]


def taken(interaction: Interaction, queue_id: QueueId, step: Step) -> bool:
    """Say whether the interaction has taken the step in that queue, and will not take it again."""
    ladder = interaction.ladder
    if ladder is None:
        return False
    key = (queue_id, step.name)
    if key in ladder.taken:
        return True
    if not ladder.repeats or (repeated := ladder.repeats.get(key)) is None:
        return False
    return step.repeat_ms is None or (step.times is not None and repeated[0] >= step.times)


def rests_until(interaction: Interaction, queue_id: QueueId, step: Step) -> int | None:
    """Return from when on a step that repeats may be taken again; None where it has not been taken."""
    ladder = interaction.ladder
    if ladder is None or step.repeat_ms is None:
        return None
    repeated = ladder.repeats.get((queue_id, step.name))
    return None if repeated is None else repeated[1] + step.repeat_ms
