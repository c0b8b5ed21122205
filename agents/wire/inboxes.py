"""What the router tells agents and submitters unasked: the messages of their inboxes, and an agent as the router sees it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from agents.model import WrapUpScope
from agents.presence import Presence
from agents.wire.calling import Announcement, CallbackOffer, Dial, StopDial
from agents.wire.message import AttributeValue, Message, Moment


class Work(Message):
    """An interaction, as an agent needs to see it. ``queued_at`` is its place."""

    interaction_id: str
    section: str
    queue: str
    channel: str
    priority: int
    attributes: dict[str, AttributeValue] = Field(default_factory=dict)
    customer: str | None = None
    queued_at: Moment


class Offer(Message):
    """This interaction is held for the agent until it answers, or until ``expires_at``."""

    type: Literal["offer"] = "offer"
    offer_id: int
    expires_at: Moment
    work: Work


class Rescind(Message):
    """The offer is no more: it expired, was withdrawn, or its interaction ended."""

    type: Literal["rescind"] = "rescind"
    offer_id: int
    interaction_id: str
    reason: str


class Connect(Message):
    """The interaction is the agent's from now on: by its accept, or without an offer where the centre says so."""

    type: Literal["connect"] = "connect"
    work: Work


class Release(Message):
    """The interaction is not the agent's any more, without its word: it was cancelled, or queued again."""

    type: Literal["release"] = "release"
    interaction_id: str
    reason: str


class Suspend(Message):
    """Put the work aside: more urgent work interrupts it."""

    type: Literal["suspend"] = "suspend"
    interaction_id: str


class Resume(Message):
    """Take the suspended work up again."""

    type: Literal["resume"] = "resume"
    interaction_id: str


class WrapUpStarted(Message):
    """The contact is over; the after-contact work may take until ``until``."""

    type: Literal["wrap-up"] = "wrap-up"
    interaction_id: str
    scope: WrapUpScope
    until: Moment


class Closed(Message):
    """The agent is done with the interaction, wrap-up included."""

    type: Literal["closed"] = "closed"
    interaction_id: str


class PresenceSet(Message):
    """The agent's presence is now this."""

    type: Literal["presence"] = "presence"
    presence: Presence
    reason: str


AgentMessage = Annotated[
    Offer | Rescind | Connect | Release | Suspend | Resume | WrapUpStarted | Closed | PresenceSet,
    Field(discriminator="type"),
]
"""What an agent's inbox holds."""


class Assigned(Message):
    """An agent is connected, after ``wait_ms`` of waiting."""

    type: Literal["assigned"] = "assigned"
    interaction_id: str
    agent_id: str
    queue: str
    wait_ms: int


class Requeued(Message):
    """It waits again: its agent transferred it, or was lost."""

    type: Literal["requeued"] = "requeued"
    interaction_id: str
    queue: str
    cause: str


class Diverted(Message):
    """Send the interaction to ``target``: voicemail, a message, an external number."""

    type: Literal["diverted"] = "diverted"
    interaction_id: str
    target: str


class Ended(Message):
    """It ended, in the one way it ends."""

    type: Literal["ended"] = "ended"
    interaction_id: str
    how: str
    reason: str
    agent_id: str | None
    wait_ms: int


SubmitterMessage = Annotated[
    Assigned | Requeued | Diverted | Ended | Announcement | CallbackOffer | Dial | StopDial,
    Field(discriminator="type"),
]
"""What a submitter's inbox holds, about what it submitted."""


class HeldWork(Message):
    """What an agent holds: connected, suspended, or in wrap-up until ``until``."""

    state: Literal["connected", "suspended", "wrap-up"]
    until: Moment | None = None
    work: Work


class AgentState(Message):
    """An agent as the router sees it: enough for a desktop that has just been started to go on."""

    agent_id: str
    presence: Presence
    reason: str = ""
    offers: list[Offer] = Field(default_factory=list)
    work: list[HeldWork] = Field(default_factory=list)


AGENT_MESSAGE: Final[TypeAdapter[Any]] = TypeAdapter(AgentMessage)
SUBMITTER_MESSAGE: Final[TypeAdapter[Any]] = TypeAdapter(SubmitterMessage)
