"""What can be read of a router over HTTP: interactions, agents, queues and sections as they are, and why. Plain messages like those of
``agents.wire``; times are moments in UTC, durations milliseconds.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agents.model import AgentKind
from agents.presence import Presence
from agents.wire import AttributeValue, Message, Moment

InteractionState = Literal["scheduled", "queued", "offered", "assigned", "ended"]

Code = Literal[
    "offline",
    "not-ready",
    "draining",
    "paused",
    "rate",
    "kind",
    "channel",
    "pool",
    "requirement",
    "level",
    "preferred-window",
    "refused",
    "offered",
    "section-wrap-up",
    "channel-max",
    "capacity",
    "can-take",
    "chosen",
]
"""Why an agent cannot take an interaction, or that it can; in the order in which the rules are asked."""


class Interaction(Message):
    """An interaction as it is now. ``answer`` is what its sender was told; ``wait_ms`` the time of its present or last wait;
    ``agent_id`` who has it, or had it when it ended, and ``offer_id`` the offer that is open.
    """

    interaction_id: str
    section: str
    queue: str
    channel: str
    state: InteractionState
    answer: str
    priority: int
    requirement: str = Field(description="What is asked of an agent, in words.")
    attributes: dict[str, AttributeValue] = Field(default_factory=dict)
    customer: str | None = None
    queued_at: Moment | None = None
    wait_ms: int = 0
    due_at: Moment | None = None
    not_before: Moment | None = None
    expires_at: Moment | None = Field(
        None, description="When it ends as expired unless it is assigned before; null: never."
    )
    preferred: list[str] = Field(
        default_factory=list, description="The agents that its sender prefers, the first choice first."
    )
    agent_id: str | None = None
    offer_id: int | None = None
    ended_how: str | None = None
    ended_at: Moment | None = None


class InteractionPage(Message):
    """Some interactions, oldest first. ``next`` is the cursor of the page after this one; null where this is the last.

    A page may be short, or empty, and have one after it all the same.
    """

    items: list[Interaction]
    next: str | None = None


class Agent(Message):
    """An agent in one line: ``units`` of its ``capacity`` are held by ``offers`` and ``work``."""

    agent_id: str
    name: str
    kind: AgentKind
    presence: Presence
    reason: str
    is_paused: bool
    units: int
    capacity: int
    offers: int
    work: int


class AgentPage(Message):
    """Some agents, by id. ``next`` as for interactions."""

    items: list[Agent]
    next: str | None = None


class Queue(Message):
    """A queue as it is now: how much waits, how much of it is offered to an agent just now and not counted as ``waiting``, how long the
    first has waited, and how many agents who could serve what the queue asks are signed in and ready.
    """

    queue_id: str
    section: str
    priority: int
    requirement: str
    answer_within_ms: int
    waiting: int
    offered: int
    longest_wait_ms: int
    agents_signed_in: int
    agents_ready: int


class QueuePage(Message):
    """Some queues, by id. ``next`` as for interactions."""

    items: list[Queue]
    next: str | None = None


class Section(Message):
    """A section as it is now."""

    section_id: str
    default_queue: str
    queues: list[str]
    waiting: int
    offered: int
    longest_wait_ms: int


class SectionPage(Message):
    """Some sections, by id. ``next`` as for interactions."""

    items: list[Section]
    next: str | None = None


class Verdict(Message):
    """One agent's position: the first rule that excludes it, or how it ranks (tier, then score in millionths)."""

    agent_id: str
    code: Code
    detail: str
    tier: int | None = None
    score: int | None = None


class LeftWaiting(Message):
    """The first work of another queue that the agent could have taken, and what was compared of it."""

    interaction_id: str
    queue: str
    level: int
    compared: str


class Taken(Message):
    """Why the agent took this work and no other: the centre's selection, its level for the queue, and what it left waiting."""

    selection: str
    level: int
    compared: str
    instead_of: list[LeftWaiting] = Field(default_factory=list)


class Explanation(Message):
    """Why an interaction is where it is. ``missing``: parts of what is asked that nobody signed in meets; ``unmet``: that nobody at all
    does. ``next_change_at``: when time alone can change the answer.
    ``is_closed``: its queue is closed by its hours; ``opens_at``: when it opens, None where that is never.
    """

    summary: str
    interaction_id: str
    at: Moment
    plan_version: str
    state: str
    queue: str
    requirement: str
    verdicts: list[Verdict]
    chosen: str | None = None
    also: list[str] = Field(
        default_factory=list, description="Who has the further open offers of a broadcast."
    )
    decision: int = 0
    choice: str = ""
    decided_by: str = ""
    taken: Taken | None = None
    missing: list[str] = Field(default_factory=list)
    unmet: list[str] = Field(default_factory=list)
    next_change_at: Moment | None = None
    position: int | None = Field(
        None, description="Where it stands, or would stand, among all that wait in its queue, from 1."
    )
    is_closed: bool = False
    opens_at: Moment | None = None


class Estimate(Message):
    """Where an interaction stands and how long it has still to wait: half of all such work no longer than `p50_ms`, nine of ten no longer
    than `p90_ms`; both null where `method` is `unknown`, and `why` says why.
    """

    at: Moment
    queue: str
    channel: str
    position: int = Field(description="From 1, among those that the same agents serve; 0: it does not wait.")
    method: Literal["queue-length", "last-entered", "at-once", "unknown"]
    why: Literal["", "off", "thin", "no-agents", "not-waiting"] = ""
    p50_ms: int | None = None
    p90_ms: int | None = None
    queues: list[str] = Field(description="Whose work stands in the same line.")
    services: int = Field(description="So many services of the line ended lately.")
    mean_work_ms: int | None = Field(
        None, description="What one took on average, of all that an agent of 100 units can do."
    )
    patience_ms: int | None = Field(None, description="The mean time until one gives up, as far as known.")
    quotes_known: int = Field(
        0, description="Quotes of the queue lately of which it is known how they turned out."
    )
    within_p50: float | None = Field(None, description="The share of those answered within the quoted p50.")
    within_p90: float | None = Field(None, description="The same for p90.")


class Preview(Message):
    """What would become of a submission if it came now; nothing is changed by asking.

    ``answer`` is what its sender would be told, ``reason`` why it would be refused or where it would be diverted to. ``explanation`` says
    who would get it and why, or why nobody; null where nobody would be looked for. ``connects``: without an offer. ``step``: the first
    step of the queue's ladder that would be taken in the same instant, and whose consequences are not told here.
    """

    answer: str
    reason: str = ""
    section: str
    queue: str
    overflowed: list[str] = Field(default_factory=list)
    rule: str = ""
    priority: int
    connects: bool = False
    step: str = ""
    explanation: Explanation | None = None


class Health(Message):
    """The process lives, or takes work."""

    status: Literal["ok"] = "ok"
