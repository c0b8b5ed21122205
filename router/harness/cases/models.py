"""The file of a case as pydantic models: what may stand where. What is expected is in `models_expected`; what it all comes
to, in `reading`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Self, TypeVar

from pydantic import Field, GetJsonSchemaHandler, PlainValidator, Tag, ValidationInfo, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from router.config.documents import Duration, Model, Name, PositiveDuration, Words, by_shape, wrong
from router.config.scalars import found, is_lenient, kebab
from router.config.schema import CentreFile
from router.config.schema_rules import Names, Need, PlainValue, Priority
from router.config.times_of_day import MomentMs
from router.harness.cases.models_expected import ExpectMap, Pattern, Texts

EVERYBODY: Final = "everybody"


def mapping(value: object) -> dict[str, Any]:
    """Return a mapping that is read later."""
    if not isinstance(value, dict):
        wrong(f"expected a mapping, found {found(value)}")
    return value


class _LikeACentre:
    """Says in JSON Schema what may stand in a centre, although it is read only later."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(CentreFile.__pydantic_core_schema__)


Settings = Annotated[dict[str, Any], PlainValidator(mapping), _LikeACentre]
"""A centre, or parts of one, as in a centre of one file."""

Centre = Annotated[
    Annotated[Words, Tag("<scalar>")] | Annotated[Settings, Tag("<mapping>")],
    by_shape("the path of a centre, or a whole centre"),
]


# ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────


class ArrivalMap(Model):
    """Work that arrives."""

    section: Name | None = Field(None, description="Where. [the queue's; the centre's only one]")
    channel: Name | None = Field(None, description="On which channel. [the centre's first]")
    queue: Name | None = Field(None, description="Into which queue. [the section's intake decides]")
    priority: Priority | None = Field(None, description="The sender's priority. [the intake's]")
    needs: Need | None = Field(None, description="The sender's requirement. [the intake's]")
    attributes: dict[Words, PlainValue] = Field({}, description="Attributes: `{language: fr}`.")
    customer: Words | None = Field(None, description="The customer's key.")
    waited: Duration | None = Field(
        None, description="How long it has waited elsewhere: its place is backdated. [0s]"
    )
    due_at: Duration | None = Field(None, description="When it is due.")
    not_before: Duration | None = Field(None, description="When it may be started; scheduled until then.")
    expires_at: Duration | None = Field(
        None, description="When it ends as expired unless it is assigned before."
    )
    position: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = Field(
        None, description="Where in its queue it asks to stand, under order `strict`. [behind its equals]"
    )
    preferred: Annotated[list[Name], Field(max_length=16)] = Field(
        [],
        description="Agents it is kept for, for as long as its queue says, the first choice first. [nobody]",
    )
    count: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None, description="So many of them, called NAME-1, NAME-2, … [one, called NAME]"
    )


class AgentOf(Model):
    """Whose word it is, where that is not plain."""

    agent: Name | None = Field(None, description="The agent who says so. [whose it is, or was last]")


class ReplyMap(AgentOf):
    """An answer to an offer."""

    reason: Words | None = Field(None, description="The agent's reason.")


class ReasonMap(Model):
    """Why."""

    reason: Words | None = Field(None, description="The reason.")


class TransferMap(AgentOf):
    """Where work is given on to."""

    to: Name | None = Field(None, description="The queue, or a section's default queue. [its own queue]")
    priority: Priority | None = Field(None, description="Its new priority. [as it is]")
    needs: Need | None = Field(None, description="Its new requirement. [as it is]")
    keep_place: bool = Field(True, description="Whether its place in the order stays. [true]")
    to_people: bool = Field(False, description="Automated agents are not asked any more. [false]")


class CallbackMap(Model):
    """How the customer is called back."""

    number: Words = Field("+1", description="The number. [+1]")
    not_before: Duration | None = Field(None, description="Not before this moment.")
    not_after: Duration | None = Field(None, description="Not after this moment.")


class ReloadMap(Model):
    """A new plan for the centre, all of it at once."""

    centre: Centre | None = Field(None, description="Another centre. [the case's own, as it began]")
    override: Settings | None = Field(None, description="What is otherwise in it.")


V = TypeVar("V")
Named = (
    Annotated[Name, Tag("<scalar>")]
    | Annotated[list[Name], Field(min_length=1), Tag("<list>")]
    | Annotated[dict[Name, V], Field(min_length=1), Tag("<mapping>")]
)
"""A name, a list of names, or names with what is said of each."""

Told = Annotated[Named[Words], by_shape("agents' names, or agents with their reasons such as {ana: lunch}")]
Arrivals = Annotated[
    Named[ArrivalMap], by_shape("names of work, or a mapping such as {call-1: {section: support}}")
]
Replies = Annotated[
    Named[ReplyMap], by_shape("names of work, or a mapping such as {call-1: {agent: ana, reason: busy}}")
]
Owned = Annotated[Named[AgentOf], by_shape("names of work, or a mapping such as {call-1: {agent: ana}}")]
Reasoned = Annotated[
    Named[ReasonMap], by_shape("names of work, or a mapping such as {call-1: {reason: wrong number}}")
]
Transfers = Annotated[
    Named[TransferMap], by_shape("names of work, or a mapping such as {call-1: {to: billing}}")
]
Callbacks = Annotated[
    Named[CallbackMap], by_shape("names of work, or a mapping such as {call-1: {not-before: 10m}}")
]
Reload = Annotated[
    Annotated[Words, Tag("<scalar>")] | Annotated[ReloadMap, Tag("<mapping>")],
    by_shape("the path of a centre, or {override: …}"),
]


class AnswerMap(Model):
    """What whoever sent the last signal of the step was told."""

    code: Name = Field(description="The answer (`queued`, `unchanged`, …), or the code of the error.")
    state: Words | None = Field(None, description="The state an error names: `expired`.")


Answer = Annotated[
    Annotated[Name, Tag("<scalar>")] | Annotated[AnswerMap, Tag("<mapping>")],
    by_shape("an answer or an error's code"),
]


class StepMap(Model):
    """A moment: at most one thing happens, then what is expected is looked at."""

    at: Duration | None = Field(
        None, description="When, from the start of the case. [when the step before was]"
    )

    sign_in: Names | None = Field(None, description="Agents sign in and are ready; `everybody` is all.")
    sign_in_not_ready: Told | None = Field(None, description="Agents sign in and take no work yet.")
    ready: Names | None = Field(None, description="Agents take work.")
    not_ready: Told | None = Field(None, description="Agents take no work: `ana` or `{ana: lunch}`.")
    drain: Names | None = Field(None, description="Agents finish what they hold, and leave.")
    sign_out: Names | None = Field(None, description="Agents leave.")
    heartbeat: Names | None = Field(None, description="Agents' desktops say that they are there.")
    silent: Names | None = Field(
        None,
        description="Agents' desktops fall silent: all others' send heartbeats by themselves, where the centre has a"
        " `presence-ttl`.",
    )
    lose: Told | None = Field(None, description="Agents' connections break without a word.")

    arrive: Arrivals | None = Field(None, description="Work arrives: `call-1` or `{call-1: {queue: vip}}`.")
    abandon: Names | None = Field(None, description="Customers leave before an answer.")
    cancel: Reasoned | None = Field(None, description="Work is called off.")
    complete: Names | None = Field(None, description="Contacts end from the customer's side.")

    callback: Callbacks | None = Field(None, description="Customers who wait rather are called back.")
    reached: Names | None = Field(None, description="Customers who are dialled answer.")
    not_reached: Reasoned | None = Field(None, description="Customers who are dialled are not reached.")

    accept: Replies | None = Field(None, description="Agents take the last offer of this work.")
    decline: Replies | None = Field(None, description="Agents refuse the last offer of this work.")
    connect_fails: Replies | None = Field(None, description="The last offer of it cannot reach its agent.")
    finish: Owned | None = Field(None, description="Agents end the contact.")
    wrap_up_done: Owned | None = Field(None, description="Agents end their after-contact work.")
    transfer: Transfers | None = Field(None, description="Agents give work on.")

    reload: Reload | None = Field(None, description="The centre has a new plan.")

    answer: Answer | None = Field(
        None,
        description="What the sender is told: an answer, or an error's code. [an error fails the case]",
    )
    expect: ExpectMap | None = Field(None, description="What holds now.")

    SIGNALS: ClassVar[tuple[str, ...]]

    @model_validator(mode="after")
    def _is_one(self, info: ValidationInfo) -> Self:
        if is_lenient(info):
            return self
        named = [kebab(name) for name in self.SIGNALS if name in self.model_fields_set]
        if len(named) > 1:
            listed = ", ".join(f"'{name}'" for name in named)
            wrong(f"one thing happens in a step, this has {listed}", "put a '-' before each")
        if self.answer is not None and not named:
            wrong("an 'answer' without anything that happens", "put it beside what it answers")
        if not named and self.expect is None:
            wrong("a step in which nothing happens and nothing is expected", "add 'expect', or remove it")
        return self

    @property
    def signal(self) -> str | None:
        """The field that says what happens."""
        return next((name for name in self.SIGNALS if getattr(self, name) is not None), None)


StepMap.SIGNALS = tuple(name for name in StepMap.model_fields if name not in {"at", "answer", "expect"})


# ── the case ─────────────────────────────────────────────────────────────────────────────────────────────────────


class CheckMap(Model):
    """What `switchroom check` says of the centre: a part of each line, in the order of the lines."""

    problems: list[Words] | None = Field(
        None, description="All that is wrong; the centre is refused, and nothing can happen in it. [nothing]"
    )
    warnings: list[Words] | None = Field(
        None, description="All that is probably not meant. [is not looked at]"
    )


class CaseFile(Model):
    """A case: what happens in a centre, and what must come of it, in `cases/NAME.yaml`."""

    description: Words | None = Field(None, description="For people: what the case shows.")
    shows: Texts = Field([], description="What it is an example of: `§6`, a ticket, a wish.")
    centre: Centre | None = Field(
        None, description="The path of a centre, from here, or a whole small one. [the one beside `cases/`]"
    )
    override: Settings | None = Field(
        None,
        description="What is otherwise in it, in this case only: mappings are merged, all else replaced.",
    )
    copies: dict[Name, Annotated[int, Field(ge=1, le=10_000)]] = Field(
        {}, description="Agents who are there several times: `{agent: 50}` is agent-1 … agent-50. [none]"
    )
    starts: MomentMs | None = Field(
        None,
        description="The moment at which the case starts, for calendars: `2026-03-29T00:30+01:00`. [1970-01-01T00:00Z]",
    )
    check: CheckMap | None = Field(None, description="What `switchroom check` says of the centre.")
    short_abandon: PositiveDuration = Field(
        5_000, description="For `report`: who leaves within this is a short abandon. [5s]"
    )
    steps: list[StepMap] = Field([], description="What happens, in the order of time.")
    never: list[Pattern] = Field([], description="What must not have happened when all is over.")

    @model_validator(mode="after")
    def _says_something(self, info: ValidationInfo) -> Self:
        if not is_lenient(info) and not self.steps and self.check is None:
            wrong("a case in which nothing happens", "write 'steps', or 'check'")
        return self


def as_names(written: str | list[str] | dict[str, Any]) -> list[str]:
    """Return the names that stand there, in the order of writing."""
    return [written] if isinstance(written, str) else list(written)
