"""Effects: what the world is asked to do, in the imperative. They carry ids; doing one twice is harmless."""

from __future__ import annotations

from typing import NamedTuple

from agents.presence import Presence
from router.core.names import AgentId, InteractionId, OfferId, QueueId


class SendOffer(NamedTuple):
    """Show the offer to the agent; it runs out at ``expires_at``."""

    offer_id: OfferId
    interaction_id: InteractionId
    agent_id: AgentId
    expires_at: int


class RescindOffer(NamedTuple):
    """Take the offer from the agent's screen: it expired, was withdrawn, or the interaction ended."""

    offer_id: OfferId
    interaction_id: InteractionId
    agent_id: AgentId
    reason: str


class Connect(NamedTuple):
    """Connect the interaction to the agent."""

    interaction_id: InteractionId
    agent_id: AgentId


class ReleaseWork(NamedTuple):
    """Take the connected interaction from the agent: it was cancelled, or queued again without the agent's word."""

    interaction_id: InteractionId
    agent_id: AgentId
    reason: str


class SuspendWork(NamedTuple):
    """Put the agent's work on this interaction aside while more urgent work interrupts it."""

    interaction_id: InteractionId
    agent_id: AgentId


class ResumeWork(NamedTuple):
    """Take the suspended interaction up again."""

    interaction_id: InteractionId
    agent_id: AgentId


class Divert(NamedTuple):
    """Send the interaction to ``target``: voicemail, a message, an external number."""

    interaction_id: InteractionId
    target: str


class EndInteraction(NamedTuple):
    """Tell the customer's side that the interaction ended here: refused or expired, and why."""

    interaction_id: InteractionId
    how: str
    reason: str


class PlayAnnouncement(NamedTuple):
    """Say ``text``, or play what it names, to ``target``: the waiting customer, or whoever the outside takes it for."""

    interaction_id: InteractionId
    target: str
    text: str


class ProposeCallback(NamedTuple):
    """Ask the customer who waits whether to be called back; the answer is the signal ``CallbackRequested``."""

    interaction_id: InteractionId
    text: str


class DialCustomer(NamedTuple):
    """Call the customer under ``number``, until ``until`` at the most, and say whether it was reached. ``agent_id`` is connected, or held
    meanwhile.
    """

    interaction_id: InteractionId
    agent_id: AgentId
    number: str
    attempt: int
    until: int


class StopDialling(NamedTuple):
    """Call the customer no more: the agent is not there any more, or the interaction ended."""

    interaction_id: InteractionId


class SendNotice(NamedTuple):
    """Tell ``target`` something about a waiting interaction."""

    target: str
    message: str
    interaction_id: InteractionId
    queue: QueueId


class SetPresence(NamedTuple):
    """Tell the agent that the router changed its presence."""

    agent_id: AgentId
    presence: Presence
    reason: str


Effect = (
    SendOffer
    | RescindOffer
    | Connect
    | ReleaseWork
    | SuspendWork
    | ResumeWork
    | Divert
    | EndInteraction
    | PlayAnnouncement
    | ProposeCallback
    | DialCustomer
    | StopDialling
    | SendNotice
    | SetPresence
)
