"""The plan: a centre's whole configuration, compiled, immutable, pure data.

Everything is resolved (a section's default queue is named, an offer rule exists for every channel), every list is
ordered, all times are integer milliseconds, all weights thousandths. ``router.config`` makes plans from files;
a program may make one itself. Nothing here reads a clock, decides, or keeps state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from agents.model import Agent, Pool, WrapUp
from router.core.affinity_plan import AgentWindow
from router.core.calendar_plan import Calendar, Closed, Hours
from router.core.callback_plan import Callbacks, OfferCallback
from router.core.estimate_plan import EstimatedWait, EstimateRules
from router.core.ladder_plan import AllDeclined, Announce, BeforeDue, Holds
from router.core.names import AttributeValue, CentreId, ChannelId, PoolId, QueueId, SectionId, SkillName
from router.core.order_plan import Expedite, SetPriority
from router.core.plan_origin import PlanOrigin
from router.core.requirement import NO_REQUIREMENT, Requirement
from router.core.selection_plan import DEFAULT_SELECTION, QueueSelection

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
NO_WINDOW: Final = AgentWindow()
PREFERRED_WINDOW: Final = AgentWindow(ms=30_000)
DAY_MS: Final = 86_400_000


# ── channels, offers, wrap-up, limits ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How work of one kind reaches agents.

    ``cost`` is the units one interaction holds. ``interruptible_by`` names channels whose work may interrupt it.
    ``hold_ms`` says what happens to connected work when its agent is lost: None keeps it with the agent (people
    may still be talking), otherwise it is queued again, expedited, after that long. ``choice`` is the dynamic
    policy of queues that name none.
    """

    channel_id: ChannelId
    cost: int = 100
    interruptible_by: tuple[ChannelId, ...] = ()
    hold_ms: int | None = 60_000
    choice: str = "longest-idle"


OnNoAnswer = Literal["keep", "not-ready", "pause"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRules:
    """How work of one section and channel is offered.

    ``on_no_answer``: what an unanswered offer does to its agent (``pause`` for ``pause_ms``); ``max_no_answer``
    of them in a row set the agent not-ready whatever the rule (0: never). A refused pair rests ``retry_after_ms``;
    when all eligible have refused, the memory clears after ``all_declined_pause_ms``. ``auto_answer`` connects
    without an offer. ``broadcast``: to so many agents at once, of whom the first to accept has it; those who leave such an
    offer unanswered bear nothing.
    """

    timeout_ms: int = 20_000
    on_no_answer: OnNoAnswer = "not-ready"
    pause_ms: int = 30_000
    max_no_answer: int = 0
    retry_after_ms: int = 60_000
    all_declined_pause_ms: int = 5_000
    auto_answer: bool = False
    broadcast: int = 1


WhenFull = Literal["refuse", "divert", "overflow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Room for waiting work: with ``max_waiting`` waiting, or an estimated wait (p50) longer than ``max_estimated_ms``, an arrival that
    would have to wait is turned away. None: no such bound.

    ``refuse`` ends it, ``divert`` sends it to ``target`` (a name the outside understands), ``overflow`` tries the
    queue ``target``.
    """

    max_waiting: int | None = None
    when_full: WhenFull = "refuse"
    target: str = ""
    max_estimated_ms: int | None = None


# ── intake ───────────────────────────────────────────────────────────────────────────────────────────────────────

MatchOp = Literal["==", "!=", ">=", ">", "<=", "<", "in", "exists", "prefix"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One comparison. ``field`` is ``channel``, ``customer``, ``priority`` or ``attributes.NAME``.

    A missing field makes every operator false but ``!=`` and ``exists: false``. Values of kinds that cannot be
    ordered against each other make the comparison fail: it is false, and counted.
    """

    field: str
    op: MatchOp
    value: AttributeValue | tuple[AttributeValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """True when every part is; true when there is none."""

    of: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """True when a part is."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOf:
    """True when its part is not."""

    of: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """True when its text is, in the language of ``router.core.expression``; false, and counted, when it meets values that
    cannot be compared or reckoned with.
    """

    text: str


Condition = Match | AllOf | AnyOf | NotOf | Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRule:
    """The first rule whose condition holds sets what it names; None leaves it to the queue's default."""

    name: str
    when: Condition = AllOf()
    queue: QueueId | None = None
    priority: int | None = None
    requirement: Requirement | None = None


# ── ladders ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Fires this long after the ladder's clock started."""

    ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEligibleAgent:
    """Holds while no signed-in agent of an open pool meets the requirement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLength:
    """Holds while more than ``above`` interactions wait in the queue."""

    above: int


Trigger = After | BeforeDue | AllDeclined | NoEligibleAgent | QueueLength | Closed | Holds | EstimatedWait

TIMED_TRIGGERS: Final = (After, BeforeDue)
"""They say when they fire."""
EVENT_TRIGGERS: Final = (AllDeclined,)
"""They fire when something happens to the interaction. All that are neither timed nor events are levels: read now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relax:
    """Lower the requirement: terms on the skill (or tag) count as met, or, with ``to``, ask only for that level."""

    skill: SkillName | None = None
    tag: str | None = None
    to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WidenTo:
    """Open further pools to the interaction."""

    pools: tuple[PoolId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisePriority:
    """Add to the priority."""

    by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveTo:
    """Move to another queue; priority and place are kept."""

    queue: QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Tell somebody; ``target`` and ``message`` mean something to the outside only."""

    target: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertTo:
    """End here and go on elsewhere: voicemail, a message, an external number."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndWith:
    """End as ``expired``, with the reason."""

    reason: str


Operation = (
    Relax
    | WidenTo
    | RaisePriority
    | SetPriority
    | Expedite
    | MoveTo
    | Notify
    | Announce
    | OfferCallback
    | DivertTo
    | EndWith
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rule of a ladder. ``name`` is unique in its ladder and is what a reload remembers steps by.

    It is taken once per interaction; with ``repeat_ms`` again and again, that long apart at the least, ``times`` times at the
    most (None: as long as it waits). ``guard`` is a condition on the interaction, read when the step would be taken; beside the
    fields of intake rules it reads ``queue``, ``hops``, ``waiting`` (milliseconds since its place) and ``expedited``, and
    ``priority`` is that of now.
    """

    name: str
    trigger: Trigger
    operations: tuple[Operation, ...]
    guard: Condition = AllOf()
    repeat_ms: int | None = None
    times: int | None = None


# ── queues, sections, the centre ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A section's ordered waiting interactions.

    ``tiers``: pools by tier, tier 1 first; empty: every agent, in tier 1. ``score``: (term, weight in thousandths).
    ``choice`` None: the channel's; it decides among those whose score is at most ``tolerance`` (thousandths of a point) below the
    best. ``answer_within_ms`` is the service-level target T, ``answer_share`` the wanted
    share answered within it, in thousandths. ``last_agent`` and ``preferred``: how long work
    is kept for the agent its customer had last, and for those its sender prefers.
    ``time_to_live_ms``: work that is not assigned so long after it was queued
    ends as expired (None: it waits as long as it takes). ``selection``: what the policies that choose among queues read.
    """

    queue_id: QueueId
    section_id: SectionId
    requirement: Requirement = NO_REQUIREMENT
    priority: int = 0
    answer_within_ms: int = 20_000
    answer_share: int = 800
    time_to_live_ms: int | None = None
    tiers: tuple[tuple[PoolId, ...], ...] = ()
    skip_empty: bool = True
    score: tuple[tuple[str, int], ...] = ()
    choice: str | None = None
    tolerance: int = 0
    last_agent: AgentWindow = NO_WINDOW
    preferred: AgentWindow = PREFERRED_WINDOW
    ladder: tuple[Step, ...] = ()
    limit: Limit | None = None
    hours: Hours | None = None
    selection: QueueSelection = DEFAULT_SELECTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A department. ``offers`` and ``wrap_up`` have one entry for every channel of the centre.

    ``ms_per_point`` is the head start one point of priority gives under ``age-offset``. ``refuse_unmatched``: work
    that no intake rule matches is refused instead of going to ``default_queue``. ``callbacks`` None: nobody is called back.
    """

    section_id: SectionId
    queues: tuple[Queue, ...]
    default_queue: QueueId
    intake: tuple[IntakeRule, ...] = ()
    refuse_unmatched: bool = False
    trust_sender: bool = True
    ms_per_point: int = MINUTE_MS
    offers: tuple[tuple[ChannelId, OfferRules], ...] = ()
    wrap_up: tuple[tuple[ChannelId, WrapUp], ...] = ()
    limit: Limit | None = None
    callbacks: Callbacks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A centre. ``order`` and ``selection`` name policies; ``successors`` says where the work of queues goes that
    an earlier plan had and this one has not. ``presence_ttl_ms`` None: no leases. An ended interaction's id is
    remembered for ``remember_ms``. ``handled_window_ms``: how far back ``fewest-handled`` counts. ``estimates`` None: none are kept.
    ``origin`` None: it was made by a program, not compiled from a document that is kept.
    Which agent a customer had last is remembered for ``customer_memory_ms``, for at most ``customer_memory_max`` customers.
    """

    version: str
    centre_id: CentreId
    channels: tuple[Channel, ...]
    sections: tuple[Section, ...]
    pools: tuple[Pool, ...] = ()
    agents: tuple[Agent, ...] = ()
    order: str = "age-offset"
    selection: str = "oldest"
    seed: int = 0
    presence_ttl_ms: int | None = None
    hop_limit: int = 5
    check_every_ms: int = 5_000
    remember_ms: int = DAY_MS
    limit: Limit | None = None
    successors: tuple[tuple[QueueId, QueueId], ...] = ()
    estimates: EstimateRules | None = None
    handled_window_ms: int = HOUR_MS
    customer_memory_ms: int = 7 * DAY_MS
    customer_memory_max: int = 100_000
    calendars: tuple[Calendar, ...] = ()
    origin: PlanOrigin | None = None
