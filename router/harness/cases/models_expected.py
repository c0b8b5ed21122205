"""What a case expects, as pydantic models. How it is compared with what is so, is in `comparing`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PlainValidator, Tag, WithJsonSchema

from agents.presence import Presence
from router.config.documents import Duration, Model, Name, Weight, Words, by_shape, wrong
from router.config.scalars import found
from router.config.schema_rules import Priority
from router.core.estimated import Method, Why
from router.core.explain import Code
from router.core.facts import InteractionEnd
from router.harness.cases.patterns import pattern_schema

Number = Annotated[int, Field(ge=0)]
OrderedNames = list[Name]


def pattern(value: object) -> dict[str, Any]:
    """Return what is said of a fact; read against the kinds of facts later."""
    if not isinstance(value, dict):
        wrong(f"expected a fact, found {found(value)}", "write {offer-made: {interaction: call-1}}")
    return value


Pattern = Annotated[dict[str, Any], PlainValidator(pattern), WithJsonSchema(pattern_schema())]
"""A fact, as far as it is said."""


class DecisionMap(Model):
    """An agent that was chosen, and how."""

    to: Name | None = Field(None, description="The agent.")
    at: Duration | None = Field(None, description="When it was decided.")
    tier: Annotated[int, Field(ge=1)] | None = Field(None, description="The agent's tier.")
    score: Weight | None = Field(None, description="The agent's score.")
    choice: Name | None = Field(None, description="The dynamic policy: `longest-idle`.")
    because: Words | None = Field(
        None,
        description="What set the agent apart: `only candidate`, `tier`, `score`, the dynamic policy, or `id`.",
    )
    level: Annotated[int, Field(ge=1)] | None = Field(
        None, description="The level at which the agent serves the queue."
    )
    instead_of: list[Name] | None = Field(
        None,
        description="What the agent could have taken instead: of each other queue the first, by the agent's levels, then in order.",
    )
    decision: Annotated[int, Field(ge=1)] | None = Field(None, description="The decision's number.")
    until: Duration | None = Field(None, description="When the offer runs out.")
    wait: Duration | None = Field(None, description="How long it had waited when the agent was connected.")


Decided = Annotated[
    Annotated[Name, Tag("<scalar>")] | Annotated[DecisionMap, Tag("<mapping>")],
    by_shape("an agent, or a mapping such as {to: ana, tier: 1}"),
]


class EndMap(Model):
    """How work ended."""

    how: InteractionEnd | None = Field(None, description="`completed`, `abandoned`, `diverted`, …")
    reason: Words | None = Field(None, description="The reason, or where it was diverted to.")
    agent: Name | None = Field(None, description="Whose it was.")
    at: Duration | None = Field(None, description="When.")
    wait: Duration | None = Field(None, description="How long it had waited.")


Ended = Annotated[
    Annotated[InteractionEnd, Tag("<scalar>")] | Annotated[EndMap, Tag("<mapping>")],
    by_shape("how it ended, or a mapping such as {how: diverted, reason: voicemail}"),
]

State = Literal["offline", "not-ready", "ready", "draining", "paused"]
assert set(get_args(Presence)) < set(get_args(State))


class PresenceMap(Model):
    """An agent's presence, and why."""

    is_: State = Field(description="`ready`, `not-ready`, `draining`, `offline`, or `paused`.")
    reason: Words | None = Field(None, description="The reason: `no-answer`.")


Present = Annotated[
    Annotated[State, Tag("<scalar>")] | Annotated[PresenceMap, Tag("<mapping>")],
    by_shape("a presence, or a mapping such as {is: not-ready, reason: lunch}"),
]


class VerdictMap(Model):
    """An agent's position, and a part of the detail that is told."""

    code: Code = Field(description="The reason code.")
    detail: Words | None = Field(None, description="A part of the detail: `no french`.")


Verdict = Annotated[
    Annotated[Code, Tag("<scalar>")] | Annotated[VerdictMap, Tag("<mapping>")],
    by_shape("a reason code, or a mapping such as {code: requirement, detail: no french}"),
]


class TakenMap(Model):
    """A step that was taken."""

    at: Duration | None = Field(None, description="When.")
    caught_up: bool | None = Field(None, description="Whether because its place was backdated.")


Taken = Annotated[
    Annotated[Duration, Tag("<scalar>")] | Annotated[TakenMap, Tag("<mapping>")],
    by_shape("when, or a mapping such as {at: 30s, caught-up: true}"),
]
StepsTaken = Annotated[
    Annotated[list[Name], Tag("<list>")] | Annotated[dict[Name, Taken], Tag("<mapping>")],
    by_shape("a list of steps, or steps with their times such as {after-30s: 30s}"),
]
Texts = Annotated[
    Annotated[Words, Tag("<scalar>")] | Annotated[list[Words], Tag("<list>")],
    by_shape("a text or a list of texts"),
]


class EstimateMap(Model):
    """Position and estimated wait."""

    position: Number | None = Field(
        None, description="The place, from 1, among those that the same agents serve."
    )
    method: Method | None = Field(
        None, description="`queue-length`, `last-entered`, `at-once`, or `unknown`."
    )
    why: Why | None = Field(None, description="Why it is unknown: `thin`, `no-agents`, `off`, `not-waiting`.")
    p50: Duration | None = Field(None, description="Half of all such work waits no longer from now.")
    p90: Duration | None = Field(None, description="Nine of ten wait no longer from now.")
    known: Number | None = Field(
        None, description="Quotes of the queue of whose p90 it is known how they turned out."
    )
    within_p90: Number | None = Field(None, description="Of those, how many were answered within it.")


class CountMap(Model):
    """Numbers of pieces of work, and of agents."""

    waiting: Number | None = Field(None, description="Work that waits, offered to nobody.")
    offered: Number | None = Field(None, description="Work that is offered to somebody.")
    assigned: Number | None = Field(None, description="Work that is with an agent.")
    ended: Number | None = Field(None, description="Work that has ended.")
    agents_offered: Number | None = Field(None, description="Different agents with an open offer.")


class FiguresMap(Model):
    """Figures of the report, from the start until now; docs/report.md says what each is."""

    arrived: Number | None = Field(None, description="Came from outside.")
    offered: Number | None = Field(None, description="All waits that began.")
    transferred_in: Number | None = Field(None, description="Waits that began with a transfer.")
    requeued: Number | None = Field(None, description="Waits that began because an agent was lost.")
    moved_in: Number | None = Field(None, description="Moved here from other queues.")
    moved_out: Number | None = Field(None, description="Moved to other queues.")
    answered: Number | None = Field(None, description="Waits that ended with an agent.")
    answered_within: Number | None = Field(None, description="Of those, within the queue's target.")
    abandoned: Number | None = Field(None, description="Left before an answer.")
    abandoned_within: Number | None = Field(None, description="Of those, within the queue's target.")
    short_abandoned: Number | None = Field(None, description="Of those, within `short-abandon`.")
    diverted: Number | None = Field(None, description="Sent elsewhere.")
    refused: Number | None = Field(None, description="Turned away.")
    expired: Number | None = Field(None, description="Ended by a ladder.")
    cancelled: Number | None = Field(None, description="Called off.")
    waiting: Number | None = Field(None, description="Still wait.")
    handled: Number | None = Field(None, description="Assignments that were closed.")
    steps_taken: Number | None = Field(None, description="Steps of ladders.")
    service_level: dict[str, Weight] | None = Field(
        None,
        description="By the text of its formula: `{answered_within / offered: 0.8}`.",
    )


class ExpectMap(Model):
    """What holds at this moment."""

    offered: dict[Name, Decided] = Field({}, description="Who has the open offer: `{call-1: ana}`.")
    assigned: dict[Name, Decided] = Field({}, description="Who is connected: `{call-1: ana}`.")
    waiting: dict[Name, OrderedNames] = Field(
        {},
        description="All that waits in a queue, in order, offered to nobody: `{support: [call-2, call-1]}`.",
    )
    order: OrderedNames | None = Field(
        None, description="All that waits in the centre, in the one total order."
    )
    scheduled: dict[Name, Duration] = Field(
        {}, description="What waits for its time, and until when: `{call-1: 1h}`."
    )
    ended: dict[Name, Ended] = Field({}, description="How work ended: `{call-1: completed}`.")
    presence: dict[Name, Present] = Field({}, description="Agents' presence: `{ana: not-ready}`.")
    units: dict[Name, Number] = Field({}, description="Units that agents hold: `{ana: 66}`.")
    priority: dict[Name, Priority] = Field({}, description="The priority of work: `{call-1: 3}`.")
    asked: dict[Name, Words] = Field(
        {}, description="What is asked of an agent now: `{call-1: french >= 4 and billing >= 1}`."
    )
    steps: dict[Name, StepsTaken] = Field(
        {}, description="All steps that work has taken, in order: `{call-1: [after-30s]}`, or with times."
    )
    explain: dict[Name, dict[Name, Verdict]] = Field(
        {}, description="Why, now: agents' reason codes: `{call-1: {ana: capacity}}`."
    )
    decided: dict[Name, dict[Name, Verdict]] = Field(
        {}, description="Why, when it was last decided: agents' reason codes then."
    )
    missing: dict[Name, Texts] = Field(
        {}, description="What nobody who is signed in meets: `{call-1: french >= 4}`."
    )
    unmet: dict[Name, Texts] = Field({}, description="What nobody in the roster meets.")
    estimate: dict[Name, EstimateMap] = Field(
        {}, description="Position and estimated wait of work: `{call-1: {position: 2, p50: 34s}}`."
    )
    if_it_arrived: dict[Name, EstimateMap] = Field(
        {}, description="The same of work that would arrive now, by queue: `{support: {position: 3}}`."
    )
    next_change: dict[Name, Duration] = Field(
        {}, description="When the passing of time alone can next change the answer."
    )
    count: CountMap | None = Field(None, description="How much there is.")
    happened: list[Pattern] = Field(
        [],
        description="What has happened since the start, in this order; other things may have come between.",
    )
    never: list[Pattern] = Field([], description="What has not happened since the start.")
    report: dict[Name, FiguresMap] = Field(
        {}, description="Figures of queues, sections, or of the `centre`: `{support: {answered: 2}}`."
    )
