"""The models of the files: a centre, its channels, its sections and queues. What is written here is what editors show.

Nothing is resolved and nothing is looked up; names are names. ``compile`` makes the plan. Agents, and what is said of one topic, are
in ``schema_<topic>``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, Tag, WithJsonSchema

from router.config.scalars import (
    DURATION_SCHEMA,
    Duration,
    Model,
    Name,
    PositiveDuration,
    Share,
    Weight,
    Words,
    by_shape,
    duration_ms,
)
from router.config.schema_affinity import CustomerMemoryMap, WindowMap
from router.config.schema_agents import AgentMap, PoolMap, Units
from router.config.schema_calendars import CalendarMap, ClosedRule
from router.config.schema_callbacks import CallbacksMap
from router.config.schema_choice import Tolerance
from router.config.schema_estimates import Estimates
from router.config.schema_ladders import StepMap
from router.config.schema_offers import LimitMap, Offers, WrapUps
from router.config.schema_rules import Names, Need, Priority, When
from router.config.schema_selection import SelectionMap
from router.core.plan import HOUR_MS

# ── sections and queues ──────────────────────────────────────────────────────────────────────────────────────────


class AnswerMap(Model):
    """The service-level target: this share is answered within this time."""

    within: PositiveDuration | None = Field(None, description="The time. [20s]")
    share: Share | None = Field(None, description="The share. [80%]")


class IntakeMap(Model):
    """What work of the section gets on arrival. Rules are read from the top; the first that holds counts."""

    name: Name | None = Field(None, description="How `explain` calls the rule. [rule-1, rule-2, …]")
    when: When | None = Field(None, description="The condition; none: every interaction.")
    queue: Name | None = Field(None, description="The queue, one of this section. [the default queue]")
    priority: Priority | None = Field(None, description="The priority, higher goes first. [the queue's]")
    needs: Need | None = Field(None, description="The requirement, instead of the queue's.")


class QueueSettings(Model):
    """A queue. What it does not say, its section says."""

    needs: Need | None = Field(None, description="What an agent must have to take its work. [nothing]")
    priority: Priority | None = Field(None, description="Higher goes first. [0]")
    answer: AnswerMap | None = Field(None, description="The service-level target. [80% within 20s]")
    time_to_live: PositiveDuration | None = Field(
        None, description="Work that is not assigned so long after it was queued ends as expired. [never]"
    )
    tiers: Annotated[list[Names], Field(min_length=1)] | None = Field(
        None,
        description="Pools of agents, the first tier first: `[billing-team, [seniors, leads]]`. Later tiers open by"
        " `widen-to`. [one tier: every agent]",
    )
    skip_empty: bool | None = Field(
        None, description="Open the next tier at once while nobody of the earlier ones is signed in. [true]"
    )
    score: dict[Name, Weight] | None = Field(
        None,
        description="What makes an agent better, with weights: `{skill-fit: 1, least-skilled: 0.2}`. Terms: `skill-fit`"
        " (high levels of what is wanted), `most-skilled`, `least-skilled` (keeps rare skills free), `first-skill`"
        " (what is wanted stands first in the agent's order), `best-fit` (levels closest above what is wanted), `fastest`"
        " (the agent's `speed`). [nothing]",
    )
    tolerance: Tolerance | None = Field(
        None,
        description="So much below the best score still counts as best: `choice` decides among them. [0]",
    )
    choice: Name | None = Field(
        None,
        description="Who gets it among the best: `longest-idle`, `load-ratio` (least loaded), `least-occupied` (since the"
        " sign-in), `fewest-handled` (lately), `top-down` (in the order of the roster), `round-robin`, `random`. [the channel's]",
    )
    last_agent: WindowMap | None = Field(
        None,
        description="Keep work for a while for the agent its customer had last, busy or not: `{within: 2m}`. [not kept]",
    )
    preferred: WindowMap | None = Field(
        None,
        description="How long work is kept for the agents its sender prefers, busy or not: `{within: 1m}`. [30s]",
    )
    ladder: list[StepMap] | None = Field(None, description="What happens while it waits. [nothing]")
    hours: Name | None = Field(None, description="When it is open: a calendar, or `always`. [always]")
    closed: ClosedRule | None = Field(
        None,
        description="What becomes of arrivals while it is closed: `refuse`, `{divert: voicemail}`, or `queue` (they"
        " wait; their ladder and service level start at the opening). [queue]",
    )
    selection: SelectionMap | None = Field(
        None, description="What the centre's `selection` reads of it. [nothing special]"
    )


class QueueMap(QueueSettings):
    """A queue of its own."""

    limit: LimitMap | None = Field(None, description="Room for waiting work in this queue. [endless]")


class SectionMap(QueueSettings):
    """A department. The queue settings here hold for each of its queues that does not say otherwise."""

    description: Words | None = Field(None, description="For people.")
    queues: Annotated[dict[Name, QueueMap], Field(min_length=1)] | None = Field(
        None, description="Its queues by id, unique in the centre. [one, named after the section]"
    )
    default_queue: Name | None = Field(
        None, description="Where work goes that nothing sends elsewhere. [the first]"
    )
    intake: list[IntakeMap] = Field([], description="What work gets on arrival, the first rule that holds.")
    unmatched: Literal["default-queue", "refuse"] = Field(
        "default-queue",
        description="What happens to work that no intake rule matches and that names no queue. [default-queue]",
    )
    trust_sender: bool = Field(
        True,
        description="Whether the queue, priority and requirement an interaction brings win over intake. [true]",
    )
    head_start_per_point: PositiveDuration = Field(
        60_000,
        description="How much earlier one point of priority makes it count, under order `age-offset`. [1m]",
    )
    offers: Offers | None = Field(None, description="How its work is offered. [the centre's]")
    wrap_up: WrapUps | None = Field(None, description="After-contact work. [the centre's]")
    limit: LimitMap | None = Field(None, description="Room for waiting work in the whole section. [endless]")
    callbacks: CallbacksMap | None = Field(
        None, description="How customers are called back who ask for it; `{}` is enough. [nobody is]"
    )


class SectionFile(SectionMap):
    """A section in a file of its own: `sections/NAME.yaml`."""

    section: Name | None = Field(None, description="Its id. [the file's name]")


# ── the centre ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Keep:
    """Work stays with an agent who is lost."""


def agent_lost(value: object) -> int | Keep:
    """Return what ``keep`` or a duration says."""
    return Keep() if value == "keep" else duration_ms(value)


AgentLost = Annotated[
    int | Keep,
    PlainValidator(agent_lost),
    WithJsonSchema({"title": "keep or duration", "anyOf": [{"const": "keep"}, DURATION_SCHEMA]}),
]


class ChannelMap(Model):
    """How work of one kind reaches agents. `voice`, `chat` and `mail` bring defaults of their own."""

    cost: Units | None = Field(
        None,
        description="Units one interaction holds of its agent. [voice 100, chat 33, mail 20, others 100]",
    )
    interruptible_by: list[Name] | None = Field(
        None, description="Channels whose work may come between; this is suspended meanwhile. [mail: voice]"
    )
    when_agent_lost: AgentLost | None = Field(
        None,
        description="Connected work of an agent that is lost: `keep` it (people may still be talking), or queue it again"
        " after this long. [voice keep, others 1m]",
    )
    choice: Name | None = Field(
        None,
        description="Who gets it among the best, in queues that say nothing. [`longest-idle`; below a cost of 100"
        " `load-ratio`]",
    )


Channels = Annotated[
    Annotated[list[Name], Field(min_length=1), Tag("<list>")]
    | Annotated[dict[Name, ChannelMap], Field(min_length=1), Tag("<mapping>")],
    by_shape("a list of channels or a mapping of them"),
]


class CentreFile(Model):
    """A centre: `centre.yaml`. Sections and agents may stand in it, or in files of their own beside it."""

    centre: Name | None = Field(None, description="Its id. [the folder's name]")
    description: Words | None = Field(None, description="For people.")
    skills: list[Name] | None = Field(
        None, description="Every skill there is, so that a misspelt one is found. [those the agents have]"
    )
    channels: Channels | None = Field(
        None, description="Kinds of work: `[voice, chat]`, or a mapping that says more. [voice, chat, mail]"
    )
    order: Name = Field(
        "age-offset",
        description="Which waiting work goes first: `age-offset`, `strict`, `due-first`. [age-offset]",
    )
    selection: Name = Field(
        "oldest",
        description="What a free agent takes: `oldest`; `own-first` (the agent's first skill first); or the head of a queue:"
        " `delay-ratio` (the largest wait ÷ answer time), `slack` (the largest wait − answer time), `weighted` (by lot),"
        " `gcmu` (the dearest wait), `queue-ratio` (the queue furthest above its share), `predicted-wait` (who would wait"
        " longest otherwise). [oldest]",
    )
    seed: Annotated[int, Field(ge=0, le=2**53)] = Field(0, description="Seed of random choices. [0]")
    presence_ttl: PositiveDuration | None = Field(
        None, description="An agent not heard from for so long is offline. [never]"
    )
    hop_limit: Annotated[int, Field(ge=0, le=100)] = Field(
        5, description="How often work may be moved on by ladders and full queues. [5]"
    )
    check_every: PositiveDuration = Field(
        5_000, description="How often `when` triggers are read if nothing happens. [5s]"
    )
    remember: Duration = Field(
        86_400_000,
        description="How long the id of ended work is remembered, to know it when sent again. [1d]",
    )
    handled_window: PositiveDuration = Field(
        HOUR_MS, description="How far back the choice `fewest-handled` counts. [1h]"
    )
    customer_memory: CustomerMemoryMap = Field(
        CustomerMemoryMap(),
        description="For how long, and of how many customers, the last agent is remembered.",
    )
    pools: dict[Name, PoolMap] = Field({}, description="Pools of agents by id, for tiers and needs.")
    calendars: dict[Name, CalendarMap] = Field({}, description="Calendars by id, for hours.")
    offers: Offers | None = Field(None, description="How work is offered, where the section does not say.")
    wrap_up: WrapUps | None = Field(
        None, description="After-contact work, where the section does not say. [none]"
    )
    limit: LimitMap | None = Field(None, description="Room for waiting work in the whole centre. [endless]")
    estimates: Estimates = Field(
        False, description="Whether waits are estimated: `true`, or a mapping that says how. [false]"
    )
    successors: dict[Name, Name] = Field(
        {}, description="Where the work of removed queues goes at a reload: `{old-queue: queue-or-section}`."
    )
    sections: dict[Name, SectionMap] = Field(
        {}, description="Sections, where they have no files of their own."
    )
    agents: dict[Name, AgentMap] = Field({}, description="Agents, where they have no file of their own.")
