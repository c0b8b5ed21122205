"""Signals: what the world says happened, in the past tense. The only way anything gets into the engine.

Plain immutable tuples with names, since one is made for everything that happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from router.core.names import (
    AgentId,
    AttributeValue,
    ChannelId,
    InteractionId,
    OfferId,
    QueueId,
    SectionId,
)
from router.core.plan import Plan
from router.core.requirement import Requirement

NO_ATTRIBUTES: Final[Mapping[str, AttributeValue]] = MappingProxyType({})


class InteractionArrived(NamedTuple):
    """Somebody wants something. ``interaction_id`` is the sender's, and the idempotency key.

    ``original_arrived_at`` backdates the place; ``not_before`` keeps the work scheduled until then; work that is not assigned by
    ``expires_at`` ends as expired; ``position`` is where in its queue it asks to stand, from 1 (order ``strict`` only); it is kept
    for the ``preferred`` agents for a while; ``customer`` is whom it comes from; ``reply_to`` is carried, not read. Times are
    milliseconds of the engine's clock.
    """

    interaction_id: InteractionId
    section: SectionId
    channel: ChannelId
    attributes: Mapping[str, AttributeValue] = NO_ATTRIBUTES
    queue: QueueId | None = None
    priority: int | None = None
    requirement: Requirement | None = None
    customer: str | None = None
    due_at: int | None = None
    not_before: int | None = None
    original_arrived_at: int | None = None
    reply_to: str | None = None
    expires_at: int | None = None
    position: int | None = None
    preferred: tuple[AgentId, ...] = ()


class InteractionAbandoned(NamedTuple):
    """The customer left before an answer."""

    interaction_id: InteractionId


class InteractionCancelled(NamedTuple):
    """The interaction was called off, by its sender or a supervisor, in whatever state it is."""

    interaction_id: InteractionId
    reason: str = ""


class InteractionCompleted(NamedTuple):
    """The contact of an assigned interaction ended from the customer's side."""

    interaction_id: InteractionId


class CallbackRequested(NamedTuple):
    """The customer who waits rather is called back under ``number``, not before and not after these times."""

    interaction_id: InteractionId
    number: str
    not_before: int | None = None
    not_after: int | None = None


class CallbackAnswered(NamedTuple):
    """The customer who was being dialled has answered."""

    interaction_id: InteractionId


class CallbackUnanswered(NamedTuple):
    """The customer who was being dialled was not reached: busy, nobody there."""

    interaction_id: InteractionId
    reason: str = ""


class WorkFinished(NamedTuple):
    """The agent that owns the interaction finished the contact."""

    interaction_id: InteractionId
    agent_id: AgentId


class WrapUpDone(NamedTuple):
    """The agent finished its after-contact work."""

    interaction_id: InteractionId
    agent_id: AgentId


class InteractionTransferred(NamedTuple):
    """The owning agent gave the interaction on: to a queue, or back to its own (None).

    ``priority`` and ``requirement`` replace the interaction's where given. ``keep_place`` False starts the place
    anew. ``to_people``: only human agents may take it from now on (an automated agent's hand-over).
    """

    interaction_id: InteractionId
    agent_id: AgentId
    queue: QueueId | None = None
    priority: int | None = None
    requirement: Requirement | None = None
    keep_place: bool = True
    to_people: bool = False


class OfferAccepted(NamedTuple):
    """The agent took the offer."""

    offer_id: OfferId
    agent_id: AgentId


class OfferDeclined(NamedTuple):
    """The agent refused the offer."""

    offer_id: OfferId
    agent_id: AgentId
    reason: str = ""


class ConnectFailed(NamedTuple):
    """The offer could not reach the agent: busy, unreachable. Never the agent's fault."""

    offer_id: OfferId
    agent_id: AgentId
    reason: str = ""


class AgentSignedIn(NamedTuple):
    """The agent is there; ``ready`` False: but does not take work yet."""

    agent_id: AgentId
    ready: bool = True
    reason: str = ""


class AgentBecameReady(NamedTuple):
    """A signed-in agent takes work."""

    agent_id: AgentId


class AgentBecameNotReady(NamedTuple):
    """A signed-in agent takes no work: a break, training."""

    agent_id: AgentId
    reason: str = ""


class AgentStartedDraining(NamedTuple):
    """A signed-in agent finishes what it holds and then goes offline."""

    agent_id: AgentId


class AgentSignedOut(NamedTuple):
    """The agent left."""

    agent_id: AgentId


class AgentHeartbeat(NamedTuple):
    """The agent is still there; renews the presence lease."""

    agent_id: AgentId


class AgentLost(NamedTuple):
    """The agent's connection broke without a word."""

    agent_id: AgentId
    reason: str = "lost"


class LinkLost(NamedTuple):
    """Agents cannot be reached, or heard, any more: the router's own connection broke, or the router was not running."""


class LinkRestored(NamedTuple):
    """Agents can be reached again."""


class PlanReplaced(NamedTuple):
    """The centre has a new configuration, all of it at once."""

    plan: Plan


Signal = (
    InteractionArrived
    | InteractionAbandoned
    | InteractionCancelled
    | InteractionCompleted
    | CallbackRequested
    | CallbackAnswered
    | CallbackUnanswered
    | WorkFinished
    | WrapUpDone
    | InteractionTransferred
    | OfferAccepted
    | OfferDeclined
    | ConnectFailed
    | AgentSignedIn
    | AgentBecameReady
    | AgentBecameNotReady
    | AgentStartedDraining
    | AgentSignedOut
    | AgentHeartbeat
    | AgentLost
    | LinkLost
    | LinkRestored
    | PlanReplaced
)
