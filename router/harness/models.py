"""The files of a scenario and of a trace mapping as pydantic models: what may stand where. What it comes to
lives in `scenarios`, `mapping`.
"""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import Field, Tag, model_validator

from agents.distributions import Deterministic, Distribution, Exponential, Lognormal, Uniform
from router.config.documents import Duration, Model, Name, PositiveDuration, Share, Words, by_shape, wrong
from router.config.times_of_day import EVERY_DAY, Clock, Days, DaySpan, MomentMs

PRIORITY_MAX: Final = 1_000_000

# ── distributions ────────────────────────────────────────────────────────────────────────────────────────────────


class ExponentialMap(Model):
    """Exponential: no memory."""

    mean: PositiveDuration = Field(description="The mean.")


class LognormalMap(Model):
    """Lognormal, by its own mean and coefficient of variation."""

    mean: PositiveDuration = Field(description="The mean.")
    cv: Annotated[float, Field(gt=0, le=20)] = Field(1.0, description="Standard deviation ÷ mean.")


class UniformMap(Model):
    """Anything in between, all equally likely."""

    from_: Duration = Field(description="The least.")
    to: Duration = Field(description="The most.")

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.to < self.from_:
            wrong("'to' is less than 'from'", "exchange them")
        return self


class DistributionMap(Model):
    """How long something takes. Exactly one key."""

    exponential: ExponentialMap | None = Field(None, description="`{mean: 4m}`")
    lognormal: LognormalMap | None = Field(None, description="`{mean: 4m, cv: 1.2}`")
    uniform: UniformMap | None = Field(None, description="`{from: 2s, to: 10s}`")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            wrong(
                "a distribution has exactly one key",
                "write {exponential: {mean: 4m}}, {lognormal: {mean: 4m, cv: 1.2}} or '4m'",
            )
        return self


Times = Annotated[
    Annotated[Duration, Tag("<scalar>")] | Annotated[DistributionMap, Tag("<mapping>")],
    by_shape("a duration, or a distribution such as {lognormal: {mean: 4m, cv: 1.2}}"),
]
"""Always the same duration, or a distribution."""


def distribution(times: int | DistributionMap) -> Distribution:
    """Return the distribution that is written."""
    if isinstance(times, int):
        return Deterministic(value=float(times))
    if times.exponential is not None:
        return Exponential(mean=float(times.exponential.mean))
    if times.lognormal is not None:
        return Lognormal(mean=float(times.lognormal.mean), cv=times.lognormal.cv)
    assert times.uniform is not None
    return Uniform(low=float(times.uniform.from_), high=float(times.uniform.to))


# ── arrivals ─────────────────────────────────────────────────────────────────────────────────────────────────────

Rate = Annotated[float, Field(ge=0, le=10_000_000)]
Value = str | int | float | bool
AttributeMix = Annotated[
    Annotated[Value, Tag("<scalar>")] | Annotated[dict[Name, Share], Field(min_length=1), Tag("<mapping>")],
    by_shape("a value, or values with their shares such as {en: 70%, fr: 30%}"),
]


class TransferMap(Model):
    """What a share of the contacts ends with."""

    share: Share = Field(description="Of all contacts.")
    queue: Name | None = Field(None, description="Where to. [the queue it came from]")
    handle_time: Times | None = Field(None, description="How long the contact takes there. [as the first]")
    keep_place: bool = Field(True, description="Whether the place in the queue stays that of the arrival.")


class HandOverMap(Model):
    """What automated agents make of this work: they do it in `handle-time`, and pass a share of it on to people."""

    share: Share = Field(description="Of what automated agents handle, this much goes on to people.")
    handle_time: Times = Field(description="How long a person takes for this work, handed over or not.")
    queue: Name | None = Field(None, description="Where it is handed over to. [the queue it came from]")


class BatchMap(Model):
    """Many at once, at a time of day."""

    at: Clock = Field(description="When: `02:00`.")
    size: Annotated[int, Field(ge=1, le=10_000_000)] = Field(description="How many.")
    days: Days = Field(EVERY_DAY, description="On which days: `mon-fri`. [every day]")


DayProfile = Annotated[dict[str, Rate], Field(min_length=1)]


class ArrivalsMap(Model):
    """One stream of independent (Poisson) arrivals: a kind of work, how often, how long, how patient.
    One of `per-hour`, `profile` and `week`, or only `batches`.
    """

    name: Name = Field(description="Its name; ids are made from it and its draws seeded by it.")
    section: Name = Field(description="Where it comes in.")
    channel: Name = Field(description="On which channel.")
    queue: Name | None = Field(None, description="Into which queue. [the section's intake decides]")
    priority: Annotated[int, Field(ge=-PRIORITY_MAX, le=PRIORITY_MAX)] | None = Field(
        None, description="The sender's priority. [the intake's]"
    )
    attributes: dict[Words, AttributeMix] = Field(
        {}, description="Attributes: a value, or values with their shares: `{language: {en: 70%, fr: 30%}}`."
    )
    per_hour: Rate | None = Field(None, description="Arrivals per hour, all the time.")
    profile: DayProfile | None = Field(
        None,
        description='Arrivals per hour from each time of day on, every day alike: `{"08:00": 20, "18:00": 0}`.',
    )
    week: Annotated[dict[str, DayProfile], Field(min_length=1)] | None = Field(
        None,
        description='The same by days: `{mon-fri: {"08:00": 20, "18:00": 0}, sat-sun: {"00:00": 0}}`; time starts on a Monday.',
    )
    batches: list[BatchMap] = Field([], description="Besides, so many at once at a time of day.")
    handle_time: Times = Field(description="How long an agent talks.")
    patience: Times | None = Field(
        None, description="How long a customer waits at a stretch before leaving. [for ever]"
    )
    transfer: TransferMap | None = Field(
        None, description="What a share of the contacts ends with. [nothing]"
    )
    hand_over: HandOverMap | None = Field(
        None, description="What people do of the work of automated agents. [nothing]"
    )

    @model_validator(mode="after")
    def _has_a_rate(self) -> Self:
        rates = [rate for rate in (self.per_hour, self.profile, self.week) if rate is not None]
        if len(rates) > 1 or not (rates or self.batches):
            wrong(
                "arrivals have one of 'per-hour', 'profile' and 'week', or only 'batches'",
                'write per-hour: 60, or profile: {"08:00": 20, "18:00": 0}',
            )
        if self.hand_over is not None and self.transfer is not None:
            wrong("'hand-over' and 'transfer' do not go together", "keep one of them")
        return self


# ── agents ───────────────────────────────────────────────────────────────────────────────────────────────────────


class GroupOf(Model):
    """Agents by what they are: members of the pool, with all of the tags. One of the two at least."""

    pool: Name | None = Field(None, description="The pool's id.")
    tags: dict[Name, Words] = Field({}, description="Tags with their values: `{crew: night}`.")

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if self.pool is None and not self.tags:
            wrong("it says nothing of who is meant", "write {pool: NAME} or {tags: {crew: night}}")
        return self


class ShiftMap(Model):
    """A shift."""

    at: DaySpan = Field(description="From sign-in until what is in hand is finished: `08:00-16:30`.")
    days: Days = Field(EVERY_DAY, description="Days on which it begins: `mon-fri`. [every day]")
    breaks: list[DaySpan] = Field(
        [], description="Not ready then; work in hand is finished out of the break's time."
    )


Who = Annotated[
    Annotated[Name, Tag("<scalar>")]
    | Annotated[list[Name], Field(min_length=1), Tag("<list>")]
    | Annotated[GroupOf, Tag("<mapping>")],
    by_shape("'everybody', agents' names, {pool: NAME} or {tags: {NAME: VALUE}}"),
]
Shifts = Annotated[list[ShiftMap], Field(min_length=1)]


class AgentsMap(Model):
    """How some of the agents behave. Where several entries name an agent, each thing counts as the last of
    them says it.
    """

    who: Who = Field(description="`everybody`, names of agents, `{pool: NAME}` or `{tags: {crew: night}}`.")
    answer_delay: Times | None = Field(None, description="From the offer to the answer. [0s]")
    no_answer: Share | None = Field(None, description="Share of offers left unanswered. [0%]")
    decline: Share | None = Field(None, description="Share of the other offers declined. [0%]")
    wrap_up: Times | None = Field(
        None, description="After-contact work, where the centre has any. [until its limit]"
    )
    returns_after: Times | None = Field(
        None, description="Until ready again, when set not-ready for an unanswered offer. [1m]"
    )
    shifts: Shifts | None = Field(None, description="When they are there. [always]")


class ScenarioFile(Model):
    """A scenario: what the world does to a centre, in `scenarios/NAME.yaml`."""

    description: Words | None = Field(None, description="For people.")
    duration: PositiveDuration = Field(
        description="How long there are arrivals; the clock starts at midnight before a Monday."
    )
    starts: MomentMs | None = Field(
        None,
        description="The moment at which it starts, for calendars: midnight before a Monday, `2026-03-23T00:00+01:00`."
        " [1970-01-05T00:00Z]",
    )
    warm_up: Duration = Field(0, description="Figures are taken from here on. [0s]")
    drain: Duration = Field(
        4 * 3_600_000, description="How long work that waits at the end is still served. [4h]"
    )
    short_abandon: Duration = Field(5_000, description="Who leaves within this is a short abandon. [5s]")
    arrivals: Annotated[list[ArrivalsMap], Field(min_length=1)] = Field(
        description="Streams of arriving work."
    )
    agents: list[AgentsMap] = Field(
        [], description="How the agents behave. [all are there and answer at once]"
    )
    replications: Annotated[int, Field(ge=1, le=100_000)] = Field(
        10, description="Independent runs, for the intervals. [10]"
    )
