"""The models of the files: a centre, its sections and queues, its agents. What is written here is what editors show.

Nothing is resolved and nothing is looked up; names are names. ``compile`` makes the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, PlainValidator, Tag, ValidationInfo, WithJsonSchema, model_validator

from agents.model import HIGHEST_LEVEL, LOWEST_LEVEL, NORMAL_SPEED, AgentKind, WrapUpScope
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
    is_lenient,
    wrong,
)
from router.config.schema_affinity import CustomerMemoryMap, WindowMap
from router.config.schema_calendars import CalendarMap, ClosedRule
from router.config.schema_callbacks import CallbacksMap
from router.config.schema_choice import Speed, Tolerance
from router.config.schema_estimates import Estimates
from router.config.schema_ladders import StepMap
from router.config.schema_rates import RateMap
from router.config.schema_rules import Names, Need, Priority, When
from router.config.schema_selection import QueueLevelsMap, SelectionMap
from router.core.plan import HOUR_MS

Units = Annotated[int, Field(ge=1, le=1_000_000)]
SkillLevels = dict[Name, Annotated[int, Field(ge=LOWEST_LEVEL, le=HIGHEST_LEVEL)]]


# ── offers, wrap-up, limits ──────────────────────────────────────────────────────────────────────────────────────


class PauseMap(Model):
    """A rest after an unanswered offer."""

    pause: PositiveDuration = Field(description="How long the agent is offered nothing.")


OnNoAnswer = Annotated[
    Annotated[Literal["keep", "not-ready", "pause"], Tag("<scalar>")] | Annotated[PauseMap, Tag("<mapping>")],
    by_shape("'keep', 'not-ready' or {pause: 30s}"),
]


class OfferMap(Model):
    """How work is offered to an agent."""

    timeout: PositiveDuration | None = Field(None, description="How long an offer waits for an answer. [20s]")
    on_no_answer: OnNoAnswer | None = Field(
        None,
        description="What an unanswered offer does to its agent: `keep` nothing, `not-ready`, or `{pause: 30s}`."
        " [not-ready]",
    )
    max_no_answer: Annotated[int, Field(ge=0, le=1_000)] | None = Field(
        None,
        description="This many unanswered offers in a row set the agent not-ready in any case; 0 is never. [0]",
    )
    retry_after: PositiveDuration | None = Field(
        None, description="How long work is not offered again to an agent who refused it. [1m]"
    )
    all_declined_pause: PositiveDuration | None = Field(
        None, description="When everybody has refused it, it is offered again to all after this long. [5s]"
    )
    auto_answer: bool | None = Field(None, description="Connect at once, without asking the agent. [false]")
    broadcast: Annotated[int, Field(ge=1, le=1_000)] | None = Field(
        None,
        description="Offer it to so many agents at once: the first to accept has it, who does not answer bears nothing. [1]",
    )


class Offers(OfferMap):
    """Offer rules, and exceptions by channel.

    What is said about a channel wins over what is said about all of them; of two that speak about the same the
    section wins over the centre.
    """

    channels: dict[Name, OfferMap] = Field(
        {}, description="Rules of single channels; they win over the general ones."
    )


class WrapUpMap(Model):
    """After-contact work. Exactly one of `timed` and `until-done`."""

    timed: PositiveDuration | None = Field(
        None, description="Ends by itself after this long, or earlier when done."
    )
    until_done: PositiveDuration | None = Field(
        None, description="Ends when the agent says so, at the latest then."
    )
    scope: WrapUpScope | None = Field(
        None,
        description="What it holds: `agent` (what the work held), `section` (nothing but new work of the section),"
        " `interaction` (nothing). [agent]",
    )

    @model_validator(mode="after")
    def _is_one(self, info: ValidationInfo) -> Self:
        if is_lenient(info):
            return self
        if self.timed is not None and self.until_done is not None:
            wrong("wrap-up is either 'timed' or 'until-done'", "remove one")
        if self.timed is None and self.until_done is None and self._must_say():
            wrong("wrap-up needs 'timed' or 'until-done'", "write {timed: 30s} or {until-done: 5m}, or none")
        return self

    def _must_say(self) -> bool:
        return True


WrapUpRule = Annotated[
    Annotated[Literal["none"], Tag("<scalar>")] | Annotated[WrapUpMap, Tag("<mapping>")],
    by_shape("'none' or a mapping such as {timed: 30s}"),
]


class WrapUpsMap(WrapUpMap):
    """Wrap-up, and exceptions by channel; what wins over what is as with offers."""

    channels: dict[Name, WrapUpRule] = Field(
        {}, description="Rules of single channels; they win over the general one."
    )

    def _must_say(self) -> bool:
        return self.scope is not None or not self.channels


WrapUps = Annotated[
    Annotated[Literal["none"], Tag("<scalar>")] | Annotated[WrapUpsMap, Tag("<mapping>")],
    by_shape("'none' or a mapping such as {timed: 30s}"),
]


class LimitMap(Model):
    """Room for waiting work. Work beyond it is refused, unless `divert` or `overflow` says where it goes."""

    max_waiting: Annotated[int, Field(ge=0, le=10_000_000)] | None = Field(
        None, description="How many may wait. [any number]"
    )
    max_estimated_wait: Duration | None = Field(
        None, description="How long an arrival may have to wait, by its estimate (p50). [any time]"
    )
    divert: Words | None = Field(None, description="Send it there: voicemail, a number, a message.")
    overflow: Name | None = Field(None, description="Try this queue, or this section's default queue.")

    @model_validator(mode="after")
    def _is_one(self, info: ValidationInfo) -> Self:
        if is_lenient(info):
            return self
        if self.divert is not None and self.overflow is not None:
            wrong("a limit has either 'divert' or 'overflow'", "remove one")
        if self.max_waiting is None and self.max_estimated_wait is None:
            wrong("a limit that limits nothing", "write 'max-waiting: 20' or 'max-estimated-wait: 5m'")
        return self


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


# ── agents and pools ─────────────────────────────────────────────────────────────────────────────────────────────


class AgentMap(QueueLevelsMap):
    """A person or bot that takes work."""

    name: Words | None = Field(None, description="For people.")
    kind: AgentKind = Field("human", description="`human` or `automated`. [human]")
    skills: SkillLevels = Field(
        {},
        description="Levels 1 (can) to 10 (best), the agent's first skill first: `{billing: 7, english: 9}`.",
    )
    tags: dict[Name, Words] = Field({}, description="Facts about the agent: `{site: north}`.")
    capacity: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        100, description="Units the agent can hold; each interaction holds its channel's cost. [100]"
    )
    channels: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None, description="The channels the agent serves. [all]"
    )
    channel_max: dict[Name, Annotated[int, Field(ge=1, le=1_000_000)]] = Field(
        {},
        description="How many interactions of a channel the agent holds at once, at the most: `{chat: 2}`.",
    )
    costs: dict[Name, Units] = Field({}, description="What a channel costs this agent: `{chat: 50}`.")
    wrap_up: WrapUps | None = Field(None, description="The agent's own after-contact work. [the section's]")
    shift: Name | None = Field(
        None,
        description="The calendar of its shifts: when one ends, the agent finishes what it holds and leaves. [it leaves"
        " when it says so]",
    )
    speed: Speed = Field(
        NORMAL_SPEED,
        description="How fast the agent works, 1 is ordinary, 2 takes half the time: `1.2`, or by channel `{voice: 1.2}`."
        " The score `fastest` reads it. [1]",
    )
    rate: RateMap | None = Field(
        None, description="How fast an automated agent may be given new work: `{per-minute: 60}`. [no limit]"
    )


class PoolMap(QueueLevelsMap):
    """Agents chosen by skills, tags and kind; all must fit. Empty: every agent."""

    skills: SkillLevels = Field({}, description="At least these levels: `{french: 4}`.")
    tags: dict[Name, Words] = Field({}, description="These tags with these values: `{site: north}`.")
    kind: AgentKind | None = Field(None, description="`human` or `automated`. [both]")
    members: list[Name] = Field([], description="Agents who are in it whatever their skills.")


class AgentsFile(Model):
    """A roster: `agents.yaml`, or several files in `agents/`."""

    agents: dict[Name, AgentMap] = Field(description="The agents by id.")


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


# ── the centre ───────────────────────────────────────────────────────────────────────────────────────────────────


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
