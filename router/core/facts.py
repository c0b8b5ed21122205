"""Facts: what happened, in the past tense, complete enough for every report, metric and audit.

``at`` is the engine's clock in milliseconds. Plain immutable tuples with names, since several are made for every
interaction.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from agents.model import WrapUpScope
from agents.presence import Presence
from router.core.names import AgentId, ChannelId, InteractionId, OfferId, QueueId, SectionId

OfferEnd = Literal["accepted", "declined", "expired", "rescinded", "cancelled", "failed"]
InteractionEnd = Literal["completed", "abandoned", "diverted", "cancelled", "expired", "refused", "failed"]
QueueCause = Literal["arrived", "due", "transferred", "agent-lost", "callback"]
PostponedFor = Literal["window", "not-reached"]
MoveCause = Literal["ladder", "overflow", "plan"]

make_fact: Final = tuple.__new__
"""``make_fact(Kind, (…all fields…))``: what ``Kind(…)`` does in half the time, for the facts of every interaction."""

NO_OFFER: Final = OfferId(0)
"""The offer id of work that was connected without an offer."""


class InteractionScheduled(NamedTuple):
    """Accepted, and kept until ``not_before``."""

    at: int
    interaction_id: InteractionId
    section: SectionId
    queue: QueueId
    channel: ChannelId
    not_before: int


class InteractionQueued(NamedTuple):
    """Began to wait in a queue. ``queued_at`` is its place; ``rule`` names the intake rule that matched, if any."""

    at: int
    interaction_id: InteractionId
    section: SectionId
    queue: QueueId
    channel: ChannelId
    priority: int
    queued_at: int
    expedited: bool
    cause: QueueCause
    rule: str


class InteractionMoved(NamedTuple):
    """Waits in another queue from now on; place and priority are kept."""

    at: int
    interaction_id: InteractionId
    from_queue: QueueId
    to_queue: QueueId
    cause: MoveCause


class OfferMade(NamedTuple):
    """A decision: this agent, chosen in this tier with this score (millionths) by this dynamic policy."""

    at: int
    decision: int
    offer_id: OfferId
    interaction_id: InteractionId
    agent_id: AgentId
    queue: QueueId
    tier: int
    score: int
    choice: str
    expires_at: int


class OfferEnded(NamedTuple):
    """An offer ended, in the one way it ends."""

    at: int
    offer_id: OfferId
    interaction_id: InteractionId
    agent_id: AgentId
    how: OfferEnd
    reason: str


class InteractionAssigned(NamedTuple):
    """An agent is connected. ``offer_id`` is ``NO_OFFER`` where the work was connected without an offer.

    ``wait_ms`` is the time since the service-level clock started.
    """

    at: int
    decision: int
    offer_id: OfferId
    interaction_id: InteractionId
    agent_id: AgentId
    queue: QueueId
    tier: int
    score: int
    choice: str
    wait_ms: int


class InteractionEnded(NamedTuple):
    """Ended, once and for all. ``agent_id`` is the owner at the end, ``wait_ms`` how long it waited (until the answer
    where there was one, in the last queueing).
    """

    at: int
    interaction_id: InteractionId
    section: SectionId
    queue: QueueId
    how: InteractionEnd
    reason: str
    agent_id: AgentId | None
    wait_ms: int


class InteractionPassedOn(NamedTuple):
    """The owning agent transferred the interaction."""

    at: int
    interaction_id: InteractionId
    agent_id: AgentId
    from_queue: QueueId
    to_queue: QueueId
    keep_place: bool
    to_people: bool


class WrapUpStarted(NamedTuple):
    """The contact ended for the agent; its after-contact work runs, at the latest until ``until``."""

    at: int
    interaction_id: InteractionId
    agent_id: AgentId
    scope: WrapUpScope
    until: int


class AssignmentClosed(NamedTuple):
    """The agent is done with the interaction: how long it was connected and how long the wrap-up took."""

    at: int
    interaction_id: InteractionId
    agent_id: AgentId
    queue: QueueId
    connected_ms: int
    wrap_up_ms: int


class WorkSuspended(NamedTuple):
    """More urgent work interrupts this one at the agent."""

    at: int
    interaction_id: InteractionId
    agent_id: AgentId


class WorkResumed(NamedTuple):
    """The interrupted work goes on."""

    at: int
    interaction_id: InteractionId
    agent_id: AgentId


class WorkHeld(NamedTuple):
    """The agent was lost; its work waits for it until ``until`` and is queued again then."""

    at: int
    interaction_id: InteractionId
    agent_id: AgentId
    until: int


class HoldEnded(NamedTuple):
    """The agent came back, or the work was taken from it."""

    at: int
    interaction_id: InteractionId
    agent_id: AgentId
    how: Literal["returned", "requeued", "ended"]


class RequirementRelaxed(NamedTuple):
    """Less, or something else, is asked of an agent from now on; ``what`` names the parts that changed."""

    at: int
    interaction_id: InteractionId
    cause: Literal["time", "ladder"]
    what: str


class PoolsOpened(NamedTuple):
    """Further pools are open to the interaction."""

    at: int
    interaction_id: InteractionId
    pools: tuple[str, ...]


class PositionGiven(NamedTuple):
    """The work asked for a position in the queue and was given one, as near to it as its priority allows."""

    at: int
    interaction_id: InteractionId
    queue: QueueId
    asked: int
    position: int


class PriorityRaised(NamedTuple):
    """The priority changed."""

    at: int
    interaction_id: InteractionId
    before: int
    priority: int


class PrioritySet(NamedTuple):
    """The priority was made another."""

    at: int
    interaction_id: InteractionId
    before: int
    priority: int


class InteractionExpedited(NamedTuple):
    """It goes before all work that is not expedited from now on."""

    at: int
    interaction_id: InteractionId


class StepTaken(NamedTuple):
    """A step of the ladder fired; ``caught_up``: because the place was backdated."""

    at: int
    interaction_id: InteractionId
    queue: QueueId
    step: str
    caught_up: bool


class StepSkipped(NamedTuple):
    """A timed step of the ladder was due, and its condition did not hold."""

    at: int
    interaction_id: InteractionId
    queue: QueueId
    step: str


class AnnouncementMade(NamedTuple):
    """A ladder said something to the customer, or to whoever ``target`` is."""

    at: int
    interaction_id: InteractionId
    target: str
    text: str


class CallbackOffered(NamedTuple):
    """A ladder asked the customer whether to be called back."""

    at: int
    interaction_id: InteractionId
    text: str


class CallbackBooked(NamedTuple):
    """The customer is called back under this number, not before and not after these times; from now on it cannot abandon."""

    at: int
    interaction_id: InteractionId
    number: str
    not_before: int | None
    not_after: int | None


class CallbackPostponed(NamedTuple):
    """The callback waits, outside of its queue, for its window, or for another attempt; its place is kept."""

    at: int
    interaction_id: InteractionId
    until: int
    why: PostponedFor


class CustomerDialled(NamedTuple):
    """The customer is being called, for the connected agent, or while ``offer_id`` holds the agent."""

    at: int
    interaction_id: InteractionId
    agent_id: AgentId
    offer_id: OfferId
    attempt: int
    until: int


class CustomerReached(NamedTuple):
    """The customer has answered the call."""

    at: int
    interaction_id: InteractionId
    attempt: int


class CustomerNotReached(NamedTuple):
    """The customer has not answered; reason ``no-answer`` where the time was over."""

    at: int
    interaction_id: InteractionId
    attempt: int
    reason: str


class NoticeSent(NamedTuple):
    """A ladder told somebody."""

    at: int
    interaction_id: InteractionId
    target: str
    message: str


class HopLimitReached(NamedTuple):
    """A move was not made: the interaction has been moved too often. It stays where it is."""

    at: int
    interaction_id: InteractionId
    queue: QueueId
    to_queue: QueueId


class WaitEstimated(NamedTuple):
    """What was estimated when it began to wait: its place among those the same agents serve, from 1, and the quantiles of its wait."""

    at: int
    interaction_id: InteractionId
    queue: QueueId
    position: int
    p50_ms: int
    p90_ms: int
    method: str


class RefusalsCleared(NamedTuple):
    """Everybody eligible had refused; the memory is cleared and all may be offered it again."""

    at: int
    interaction_id: InteractionId


class PresenceChanged(NamedTuple):
    """The agent's presence changed, or the reason of its being not-ready."""

    at: int
    agent_id: AgentId
    before: Presence
    presence: Presence
    reason: str


class AgentPaused(NamedTuple):
    """The agent left an offer unanswered and is offered nothing until ``until``."""

    at: int
    agent_id: AgentId
    until: int


class AgentUnpaused(NamedTuple):
    """The pause ended by itself."""

    at: int
    agent_id: AgentId


class LinkChanged(NamedTuple):
    """Agents cannot be reached any more, or can be again; meanwhile offers and presence leases do not run out."""

    at: int
    change: Literal["lost", "restored"]


class OfferExtended(NamedTuple):
    """The offer runs until ``expires_at`` now, because the agent could not be reached for a while."""

    at: int
    offer_id: OfferId
    interaction_id: InteractionId
    agent_id: AgentId
    expires_at: int


class SectionOpened(NamedTuple):
    """These queues of the section opened by their hours: arrivals are taken."""

    at: int
    section: SectionId
    queues: tuple[str, ...]


class SectionClosed(NamedTuple):
    """These queues of the section closed by their hours; what waits there stays."""

    at: int
    section: SectionId
    queues: tuple[str, ...]


class PlanAdopted(NamedTuple):
    """Decisions are made under this plan from now on."""

    at: int
    version: str
    before: str


Fact = (
    InteractionScheduled
    | InteractionQueued
    | InteractionMoved
    | OfferMade
    | OfferEnded
    | InteractionAssigned
    | InteractionEnded
    | InteractionPassedOn
    | WrapUpStarted
    | AssignmentClosed
    | WorkSuspended
    | WorkResumed
    | WorkHeld
    | HoldEnded
    | RequirementRelaxed
    | PoolsOpened
    | PositionGiven
    | PriorityRaised
    | PrioritySet
    | InteractionExpedited
    | StepTaken
    | StepSkipped
    | AnnouncementMade
    | CallbackOffered
    | CallbackBooked
    | CallbackPostponed
    | CustomerDialled
    | CustomerReached
    | CustomerNotReached
    | NoticeSent
    | HopLimitReached
    | WaitEstimated
    | RefusalsCleared
    | PresenceChanged
    | AgentPaused
    | AgentUnpaused
    | LinkChanged
    | OfferExtended
    | SectionOpened
    | SectionClosed
    | PlanAdopted
)
