"""The models of ladders: steps, their triggers, what they do. Descriptions here are what editors and the reference show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, Tag, ValidationInfo, model_validator
from typing_extensions import TypeAliasType

from agents.model import HIGHEST_LEVEL, LOWEST_LEVEL
from router.config.scalars import (
    Duration,
    Model,
    Name,
    PositiveDuration,
    Words,
    by_shape,
    is_lenient,
    kebab,
    wrong,
)
from router.config.schema_callbacks import CallbackOfferMap
from router.config.schema_rules import (
    CONDITION_SHAPE,
    PRIORITY_MAX,
    ExpressionText,
    Names,
    Priority,
    Test,
    When,
    WhenMap,
)
from router.core.ladder_check import REPEAT_MIN_MS


class RelaxMap(Model):
    """What to ask no more, or less of. Exactly one of `skill` and `tag`."""

    skill: Name | None = Field(None, description="Terms on this skill count as met.")
    tag: Name | None = Field(None, description="Terms on this tag count as met.")
    to: Annotated[int, Field(ge=LOWEST_LEVEL, le=HIGHEST_LEVEL)] | None = Field(
        None, description="Ask only for this level of the skill, instead of nothing."
    )

    @model_validator(mode="after")
    def _is_about_one(self, info: ValidationInfo) -> Self:
        if is_lenient(info):
            return self
        if (self.skill is None) == (self.tag is None):
            wrong("'relax' takes either 'skill' or 'tag'", "write {skill: french, to: 2} or {tag: site}")
        if self.tag is not None and self.to is not None:
            wrong("'to' is a level, and a tag has none", "leave 'to' out")
        return self


class NoticeMap(Model):
    """A notice, with a text."""

    target: Words = Field(description="Who is told; means something to the outside only.")
    message: Words | None = Field(None, description="What they are told.")


class AnnouncementMap(Model):
    """Something that is said, and to whom."""

    text: Words = Field(description="What is said, or the name of a recording.")
    target: Words = Field("customer", description="Who hears it; means something to the outside. [customer]")


Relax = Annotated[
    Annotated[Name, Tag("<scalar>")] | Annotated[RelaxMap, Tag("<mapping>")],
    by_shape("a skill, or a mapping such as {skill: french, to: 2}"),
]
Notice = Annotated[
    Annotated[Words, Tag("<scalar>")] | Annotated[NoticeMap, Tag("<mapping>")],
    by_shape("who is told, or a mapping such as {target: supervisors, message: busy}"),
]

Announcement = Annotated[
    Annotated[Words, Tag("<scalar>")] | Annotated[AnnouncementMap, Tag("<mapping>")],
    by_shape("what is said, or a mapping such as {text: sorry, target: customer}"),
]

CallbackOffer = Annotated[
    Annotated[Words, Tag("<scalar>")] | Annotated[CallbackOfferMap, Tag("<mapping>")],
    by_shape("what is asked, or {}"),
]


class OperationMap(Model):
    """One thing a step does. Exactly one key."""

    relax: Relax | None = Field(
        None, description="Ask less of the agent: a skill, or `{skill: french, to: 2}`, or `{tag: site}`."
    )
    widen_to: Names | None = Field(None, description="Open these pools to the interaction.")
    raise_priority: Annotated[int, Field(ge=1, le=PRIORITY_MAX)] | None = Field(
        None, description="Add to its priority."
    )
    set_priority: Priority | None = Field(None, description="Make its priority this, whatever it is.")
    expedite: bool | None = Field(
        None, description="`true`: it goes before all work that is not expedited, whatever its priority."
    )
    move_to: Name | None = Field(
        None,
        description="Move it to this queue, or to a section's default queue; priority and place are kept.",
    )
    notify: Notice | None = Field(None, description="Tell somebody: a target, or `{target: …, message: …}`.")
    announce: Announcement | None = Field(
        None, description="Say something to the customer who waits: a text, or `{text: …, target: …}`."
    )
    offer_callback: CallbackOffer | None = Field(
        None,
        description="Ask the customer who waits whether to be called back: a text, or `{}`. Nothing where its section has no"
        " `callbacks`.",
    )
    divert: Words | None = Field(
        None, description="End here and go on elsewhere: voicemail, a number, a message."
    )
    end: Words | None = Field(None, description="End as expired, with this reason.")

    @model_validator(mode="after")
    def _is_one(self, info: ValidationInfo) -> Self:
        if is_lenient(info):
            return self
        if len(self.model_fields_set) != 1:
            names = ", ".join(
                f"'{kebab(name)}'" for name in type(self).model_fields if name in self.model_fields_set
            )
            if not names:
                wrong("an item of 'do' without an operation", "write one such as 'raise-priority: 1'")
            wrong(f"one item of 'do' holds one operation, this has {names}", "put a '-' before each")
        if self.expedite is False:
            wrong(
                "'expedite: false' does nothing: work is never slowed down",
                "write 'expedite: true', or remove it",
            )
        return self


class GuardMap(WhenMap):
    """A condition on waiting work: all of its entries must hold. `attributes.NAME` reads an attribute.

    `{channel: voice, priority: {<: 3}, waiting: {>=: 5m}}`
    """

    all: list[Guard] | None = Field(None, description="Every part must hold.")
    any: Annotated[list[Guard], Field(min_length=1)] | None = Field(None, description="One part must hold.")
    not_: Guard | None = Field(None, description="Must not hold.")
    priority: Test | None = Field(None, description="Its priority now.")
    queue: Test | None = Field(None, description="The queue it waits in.")
    hops: Test | None = Field(None, description="How often it was moved by ladders and full queues.")
    waiting: Test | None = Field(
        None, description="How long since its place in the order: a duration, `{>=: 5m}`."
    )
    expedited: Test | None = Field(None, description="Whether it goes before all that is not.")

    OWN: ClassVar[tuple[str, ...]] = ("queue", "hops", "waiting", "expedited")


if TYPE_CHECKING:
    Guard = When
else:
    Guard = TypeAliasType(
        "Guard",
        Annotated[
            Annotated[ExpressionText, Tag("<scalar>")]
            | Annotated[list["Guard"], Tag("<list>")]
            | Annotated[GuardMap, Tag("<mapping>")],
            CONDITION_SHAPE,
        ],
    )
"""A condition on waiting work as it is written; a text is an expression."""


class TriggerMap(Model):
    """A trigger that is looked at now and then. Exactly one key."""

    queue_length: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        None, description="Holds while more than this many interactions wait in the queue."
    )
    estimated_wait: Duration | None = Field(
        None,
        description="Holds while the interaction's estimated wait (p50) is longer than this; never while that is unknown.",
    )
    holds: Guard | None = Field(
        None, description="A condition on the interaction: `waiting > 5m and attributes.tier == 'gold'`."
    )

    @model_validator(mode="after")
    def _is_one(self, info: ValidationInfo) -> Self:
        if not is_lenient(info) and len(self.model_fields_set) != 1:
            wrong("a trigger has exactly one key", "write {queue-length: 20} or {holds: 'waiting > 5m'}")
        return self


Trigger = Annotated[
    Annotated[Literal["no-eligible-agent", "all-declined", "closed"], Tag("<scalar>")]
    | Annotated[TriggerMap, Tag("<mapping>")],
    by_shape(
        "'no-eligible-agent', 'all-declined', 'closed', {queue-length: 20}, {estimated-wait: 3m} or {holds: CONDITION}"
    ),
]


class StepMap(Model):
    """One step of a ladder: `after` a time, `before-due`, or `when` something holds. Taken once per interaction, unless it repeats."""

    name: Name | None = Field(
        None,
        description="What a reload remembers the step by, unique in its ladder; otherwise made from the trigger"
        " (`after-30s`, `before-due-5m`, `no-eligible-agent`, `closed`, `queue-length-20`).",
    )
    after: Duration | None = Field(None, description="This long after it was queued here.")
    before_due: Duration | None = Field(
        None,
        description="This long before it is due: its `due_at`, or its place and the queue's `answer: {within}`.",
    )
    when: Trigger | None = Field(
        None,
        description="While it holds: `no-eligible-agent` (no signed-in agent of an open pool meets the requirement),"
        " `{queue-length: 20}` (more than 20 wait), `{estimated-wait: 3m}` (longer than that at p50),"
        " `{holds: CONDITION}`, `closed` (the queue is closed by its hours), or `all-declined`"
        " (everybody eligible has refused, and all are about"
        " to be asked again).",
    )
    if_: Guard | None = Field(
        None,
        description="The step is taken only if this holds then: `{channel: voice, priority: {<: 3}}`. [always]",
    )
    repeat: PositiveDuration | None = Field(
        None, description="Take it again and again, this long apart at the least; `1s` or more. [once]"
    )
    times: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="How often a step that repeats is taken. [as long as it waits]"
    )
    do: Annotated[list[OperationMap], Field(min_length=1)] = Field(description="What happens, in this order.")

    @model_validator(mode="after")
    def _has_a_trigger(self, info: ValidationInfo) -> Self:
        if is_lenient(info):
            return self
        triggers = [each for each in (self.after, self.before_due, self.when) if each is not None]
        if len(triggers) != 1:
            wrong(
                "a step has either 'after', 'before-due' or 'when'",
                "write 'after: 30s', 'before-due: 5m' or 'when: no-eligible-agent'",
            )
        if self.repeat is not None and self.repeat < REPEAT_MIN_MS:
            wrong("a step repeats every second at the most", "write 'repeat: 1s' or longer")
        if self.times is not None and self.repeat is None:
            wrong("'times' without 'repeat'", "write 'repeat: 30s' beside it, or leave 'times' out")
        return self


GuardMap.model_rebuild()
