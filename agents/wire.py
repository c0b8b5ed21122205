"""The one protocol file: every message between the router and the world, as versioned models, and the names of MQTT topics. HTTP carries
the same models. Knows nothing of either transport, and nothing of the router.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, TypeAdapter

from agents.model import WrapUpScope
from agents.presence import Presence

VERSION: Final = 1
"""The version of the protocol: ``v1`` in every path and topic."""

BODY_MAX: Final = 65_536
"""Bytes of a message; a larger one is refused unread."""
DEPTH_MAX: Final = 16
"""Brackets and braces inside each other; a deeper text is refused unread."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Text = Annotated[str, StringConstraints(max_length=1024)]
Moment = Annotated[AwareDatetime, Field(description="RFC 3339 with a zone: 2026-11-24T13:00:00.000Z")]
AttributeValue = bool | int | float | str


class Message(BaseModel):
    """What all messages have in common: no unknown fields, and no value taken for another kind than it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Command(Message):
    """Something asked of the router. ``request`` comes back in the reply; over MQTT it is how the two are matched, and a
    command that is repeated with the same ``request`` is carried out once.
    """

    v: Literal[1] = 1
    request: Id | None = None


class Submit(Command):
    """Somebody wants something. ``interaction_id`` is the sender's, and the idempotency key: repeat with it until accepted."""

    interaction_id: Id
    section: Id
    channel: Id | None = Field(None, description="May be left out where the centre has one channel only.")
    attributes: dict[str, AttributeValue] = Field(default_factory=dict)
    queue: Id | None = None
    priority: int | None = None
    requirement: JsonValue = Field(
        None, description="What an agent must have, written as in a section's file."
    )
    customer: Text | None = None
    due_at: Moment | None = None
    not_before: Moment | None = None
    original_arrived_at: Moment | None = None


class Cancel(Command):
    """Call the interaction off, in whatever state it is."""

    interaction_id: Id
    reason: Text = ""


class Abandon(Command):
    """The customer left before an answer."""

    interaction_id: Id


class Complete(Command):
    """The contact ended from the customer's side."""

    interaction_id: Id


class Ask(Command):
    """What became of the interaction? The reply's ``told`` says who has it or how it ended, with nothing of the reason and the agent at the
    end; null while it waits. For a submitter that was away: a broker that is killed may lose what it had acknowledged. Only who
    submitted the interaction hears of it.
    """

    interaction_id: Id


class AgentCommand(Command):
    """Something an agent says; which agent, the topic or path tells. ``session`` names the connection that speaks: a last will of an
    older session changes nothing.
    """

    session: Id | None = None


class SignIn(AgentCommand):
    """The agent is there; ``ready`` false: but does not take work yet. The reply holds its offers and work."""

    ready: bool = True
    reason: Text = ""


class Ready(AgentCommand):
    """The agent takes work."""


class NotReady(AgentCommand):
    """The agent takes no new work: a break, training."""

    reason: Text = ""


class Drain(AgentCommand):
    """The agent finishes what it holds and then goes offline."""


class SignOut(AgentCommand):
    """The agent leaves."""


class Heartbeat(AgentCommand):
    """The agent is still there."""


class Accept(AgentCommand):
    """The agent takes the offer."""

    offer_id: int


class Decline(AgentCommand):
    """The agent refuses the offer."""

    offer_id: int
    reason: Text = ""


class Fail(AgentCommand):
    """The offer could not reach the agent: busy, unreachable. Never the agent's fault."""

    offer_id: int
    reason: Text = ""


class Finish(AgentCommand):
    """The agent finished the contact."""

    interaction_id: Id


class WrapUpDone(AgentCommand):
    """The agent finished its after-contact work."""

    interaction_id: Id


class Transfer(AgentCommand):
    """The agent gives the interaction on: to ``queue``, or back to its own."""

    interaction_id: Id
    queue: Id | None = None
    priority: int | None = None
    requirement: JsonValue = None
    keep_place: bool = True
    to_people: bool = False


SUBMITTER_COMMANDS: Final[Mapping[str, type[Command]]] = {
    "submit": Submit,
    "cancel": Cancel,
    "abandon": Abandon,
    "complete": Complete,
    "ask": Ask,
}
"""What submitters may ask, by its name in topics and paths."""

AGENT_COMMANDS: Final[Mapping[str, type[AgentCommand]]] = {
    "sign-in": SignIn,
    "ready": Ready,
    "not-ready": NotReady,
    "drain": Drain,
    "sign-out": SignOut,
    "heartbeat": Heartbeat,
    "accept": Accept,
    "decline": Decline,
    "fail": Fail,
    "finish": Finish,
    "wrap-up-done": WrapUpDone,
    "transfer": Transfer,
}
"""What agents may ask, by its name in topics and paths."""


class Connection(Message):
    """Retained on an agent's ``connection`` topic, and its last will: whether that session is there."""

    v: Literal[1] = 1
    session: Id
    is_connected: bool


# ── what the router tells ────────────────────────────────────────────────────────────────────────────────────────


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


SubmitterMessage = Annotated[Assigned | Requeued | Diverted | Ended, Field(discriminator="type")]
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


# ── replies ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Fault(Message):
    """One thing that is wrong in a message: where, as a JSON pointer, and what."""

    pointer: str
    detail: str


class Problem(Message):
    """Why something was refused (RFC 9457). ``code`` is stable and meant for programs, ``detail`` for people; ``state`` is the real
    state where a command came too late. ``retry_after_s``: the same may succeed then.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    state: str = ""
    retry_after_s: int | None = None
    errors: list[Fault] = Field(default_factory=list)


class Accepted(Message):
    """The command was carried out, and what it did is kept. ``answer``: queued, scheduled, refused or diverted for a submission, accepted
    for an accepted offer, unchanged where it was so already, else done. ``agent`` comes with a sign-in, ``told`` with
    an ``ask`` where there is something to tell.
    """

    type: Literal["accepted"] = "accepted"
    request: str | None = None
    answer: str
    interaction_id: str | None = None
    agent: AgentState | None = None
    told: SubmitterMessage | None = None


class Refused(Message):
    """The command was not carried out."""

    type: Literal["refused"] = "refused"
    request: str | None = None
    problem: Problem


Reply = Annotated[Accepted | Refused, Field(discriminator="type")]


class DeadLetter(Message):
    """A message that could not be read: where it came, why not, how long it was and how it began."""

    topic: str
    problem: Problem
    length: int
    start: str


class RouterStatus(Message):
    """Retained on the router's ``status`` topic, and its last will. ``epoch`` is another for each start of the daemon; later
    ones sort later.
    """

    v: Literal[1] = 1
    state: Literal["running", "draining", "gone"]
    epoch: str


class Event(Message):
    """Something that happened, as a CloudEvent (1.0, structured). ``sequence`` goes up by one: a gap is a loss. ``subject`` is the
    interaction, else the agent, else the plan it is about; ``section`` is null where it belongs to none. Times in ``data`` are
    milliseconds since 1970.
    """

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: Moment
    datacontenttype: Literal["application/json"] = "application/json"
    sequence: int
    section: str | None = None
    data: dict[str, Any]


AGENT_MESSAGE: Final[TypeAdapter[Any]] = TypeAdapter(AgentMessage)
SUBMITTER_MESSAGE: Final[TypeAdapter[Any]] = TypeAdapter(SubmitterMessage)
REPLY: Final[TypeAdapter[Any]] = TypeAdapter(Reply)


def to_json(message: Message) -> bytes:
    """Return the message as it goes over the wire: what ``model_dump_json`` gives, without a text in between."""
    return message.__pydantic_serializer__.to_json(message)


def moment(ms: int) -> datetime:
    """Return milliseconds since 1970 as a moment in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_ms(when: datetime) -> int:
    """Return a moment as milliseconds since 1970."""
    return round(when.timestamp() * 1000)


# ── topics ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Sender(NamedTuple):
    """Who sent a command over MQTT, and which: ``kind`` is ``agents`` or ``submitters``."""

    kind: Literal["agents", "submitters"]
    name: str
    verb: str


class Topics:
    """The names of a centre's MQTT topics: ``{prefix}/v1/{centre}/…``. Ids are levels, so that a broker's rules can tell senders apart."""

    def __init__(self, centre: str, prefix: str = "switchroom") -> None:
        self.root = f"{prefix}/v{VERSION}/{centre}"
        self.status = f"{self.root}/router/status"
        """Retained: a ``RouterStatus``."""
        self.dead_letters = f"{self.root}/router/dead-letters"
        self.agent_commands = f"{self.root}/agents/+/commands/+"
        self.submitter_commands = f"{self.root}/submitters/+/commands/+"
        self.connections = f"{self.root}/agents/+/connection"

    def command(self, kind: Literal["agents", "submitters"], name: str, verb: str) -> str:
        """Where an agent or submitter sends commands."""
        return f"{self.root}/{kind}/{name}/commands/{verb}"

    def replies(self, kind: Literal["agents", "submitters"], name: str) -> str:
        """Where the router answers them."""
        return f"{self.root}/{kind}/{name}/replies"

    def inbox(self, kind: Literal["agents", "submitters"], name: str) -> str:
        """Where the router tells the agent or submitter what happens to them."""
        return f"{self.root}/{kind}/{name}/inbox"

    def connection(self, agent: str) -> str:
        """Retained, and the agent's last will: a ``Connection``."""
        return f"{self.root}/agents/{agent}/connection"

    def events(self, section: str) -> str:
        """Where events of a section appear; those that belong to none under ``-``."""
        return f"{self.root}/events/{section}"

    def sender(self, topic: str) -> Sender | None:
        """Return who sent a command, by the topic it came on; None for any other topic."""
        match topic.removeprefix(self.root).split("/"):
            case ["", "agents" | "submitters" as kind, name, "commands", verb]:
                return Sender("agents" if kind == "agents" else "submitters", name, verb)
            case _:
                return None

    def connected_agent(self, topic: str) -> str | None:
        """Return whose ``connection`` topic it is; None for any other topic."""
        match topic.removeprefix(self.root).split("/"):
            case ["", "agents", name, "connection"]:
                return name
            case _:
                return None
