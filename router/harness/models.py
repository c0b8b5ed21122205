"""The files of a scenario and of a trace mapping as pydantic models: what may stand where. What it comes to
lives in `scenarios`, `mapping`.
"""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import Field, Tag, model_validator

from agents.distributions import Deterministic, Distribution, Exponential, Lognormal, Uniform
from router.config.documents import Duration, Model, Name, PositiveDuration, Share, Words, by_shape, wrong
from router.config.times_of_day import DaySpan, MomentMs

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


class ArrivalsMap(Model):
    """One stream of independent (Poisson) arrivals: a kind of work, how often, how long, how patient.
    `per-hour` or `profile`.
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
    profile: Annotated[dict[str, Rate], Field(min_length=1)] | None = Field(
        None,
        description='Arrivals per hour from each time of day on, every day alike: `{"08:00": 20, "18:00": 0}`.',
    )
    handle_time: Times = Field(description="How long an agent talks.")
    patience: Times | None = Field(
        None, description="How long a customer waits at a stretch before leaving. [for ever]"
    )
    transfer: TransferMap | None = Field(
        None, description="What a share of the contacts ends with. [nothing]"
    )

    @model_validator(mode="after")
    def _has_a_rate(self) -> Self:
        if (self.per_hour is None) == (self.profile is None):
            wrong(
                "arrivals have either 'per-hour' or 'profile'",
                'write per-hour: 60, or profile: {"08:00": 20, "18:00": 0}',
            )
        return self


# ── agents ───────────────────────────────────────────────────────────────────────────────────────────────────────


class PoolOf(Model):
    """The members of a pool."""

    pool: Name = Field(description="Its id.")


class ShiftMap(Model):
    """A shift, every day alike."""

    at: DaySpan = Field(description="From sign-in until what is in hand is finished: `08:00-16:30`.")
    breaks: list[DaySpan] = Field(
        [], description="Not ready then; work in hand is finished out of the break's time."
    )


Who = Annotated[
    Annotated[Name, Tag("<scalar>")]
    | Annotated[list[Name], Field(min_length=1), Tag("<list>")]
    | Annotated[PoolOf, Tag("<mapping>")],
    by_shape("'everybody', agents' names, or {pool: NAME}"),
]
Shifts = Annotated[list[ShiftMap], Field(min_length=1)]


class AgentsMap(Model):
    """How some of the agents behave. Where several entries name an agent, each thing counts as the last of
    them says it.
    """

    who: Who = Field(description="`everybody`, names of agents, or `{pool: NAME}`.")
    answer_delay: Times | None = Field(None, description="From the offer to the answer. [0s]")
    no_answer: Share | None = Field(None, description="Share of offers left unanswered. [0%]")
    decline: Share | None = Field(None, description="Share of the other offers declined. [0%]")
    wrap_up: Times | None = Field(
        None, description="After-contact work, where the centre has any. [until its limit]"
    )
    returns_after: Times | None = Field(
        None, description="Until ready again, when set not-ready for an unanswered offer. [1m]"
    )
    shifts: Shifts | None = Field(None, description="When they are there, every day alike. [always]")


class ScenarioFile(Model):
    """A scenario: what the world does to a centre, in `scenarios/NAME.yaml`."""

    description: Words | None = Field(None, description="For people.")
    duration: PositiveDuration = Field(
        description="How long there are arrivals; the clock starts at midnight."
    )
    starts: MomentMs | None = Field(
        None,
        description="The moment at which it starts, for calendars: `2026-03-29T00:00+01:00`. [1970-01-01T00:00Z]",
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
