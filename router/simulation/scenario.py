"""What is simulated: traffic, agents and time, as frozen values. Making them from files lives in the
harness, running them in the world.

Times are integer milliseconds from the scenario's start, which is the engine's 0. Rates are arrivals per
millisecond.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agents.behaviour import Worker, shift_problems
from agents.distributions import Distribution
from router.core.names import AttributeValue, ChannelId, QueueId, SectionId
from router.core.plan import DAY_MS, Plan
from router.core.requirement import Requirement
from router.errors import did_you_mean

WEEK_MS: Final = 7 * DAY_MS
FIRST_MONDAY_MS: Final = 4 * DAY_MS
"""The first Monday after the engines' zero, 1970-01-01."""
DRAIN_MS: Final = WEEK_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A piecewise constant arrival rate: each piece (start, rate) holds until the next one starts, and all
    repeat every ``period_ms``.
    """

    pieces: tuple[tuple[int, float], ...]
    period_ms: int = DAY_MS

    def __post_init__(self) -> None:
        starts = [start for start, _ in self.pieces]
        if not starts or starts[0] != 0 or sorted(set(starts)) != starts or starts[-1] >= self.period_ms:
            raise ValueError(
                f"profile: found pieces from {starts}, expected 0 first, each later than the one before, all before {self.period_ms}"
            )
        for start, rate in self.pieces:
            if not (math.isfinite(rate) and rate >= 0.0):
                raise ValueError(
                    f"profile: found the rate {rate:g} from {start} ms on, expected a finite number, at least 0"
                )

    @property
    def mean_rate(self) -> float:
        """Arrivals per millisecond over a whole period."""
        ends = [start for start, _ in self.pieces[1:]] + [self.period_ms]
        return (
            math.fsum(rate * (end - start) for (start, rate), end in zip(self.pieces, ends, strict=True))
            / self.period_ms
        )


def steady(rate: float) -> Profile:
    """Return the profile of a constant rate."""
    return Profile(pieces=((0, rate),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """One attribute of arriving work: its values with their shares, which sum to 1."""

    name: str
    shares: tuple[tuple[AttributeValue, float], ...]

    def __post_init__(self) -> None:
        total = math.fsum(share for _, share in self.shares)
        if not self.shares or any(share < 0.0 for _, share in self.shares) or abs(total - 1.0) > 1e-6:
            raise ValueError(
                f"mix {self.name!r}: found shares that sum to {total:g}, expected none below 0 and a sum of 1"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PassOn:
    """After the contact a ``chance`` that the agent transfers the work to ``queue`` (None: its own), where
    it takes ``handle_time`` again.
    """

    chance: float
    queue: QueueId | None
    handle_time: Distribution
    keep_place: bool = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.chance <= 1.0:
            raise ValueError(f"transfer: found the chance {self.chance:g}, expected 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """How automated agents and people share work: an automated agent hands it over to people with ``chance``, to
    ``queue`` (None: its own); a person takes ``handle_time`` for it, handed over or not.
    """

    chance: float
    queue: QueueId | None
    handle_time: Distribution

    def __post_init__(self) -> None:
        if not 0.0 <= self.chance <= 1.0:
            raise ValueError(f"hand-over: found the chance {self.chance:g}, expected 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """``size`` arrivals at one instant, ``at_ms`` after the start of every week."""

    at_ms: int
    size: int

    def __post_init__(self) -> None:
        if not 0 <= self.at_ms < WEEK_MS or self.size < 1:
            raise ValueError(
                f"batch: found {self.size} at {self.at_ms} ms, expected at least 1 in the {WEEK_MS} ms of a week"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Independent Poisson arrivals of one kind of work (several kinds: several streams; the sum of Poisson
    streams is Poisson).

    ``patience`` is how long a customer waits at a stretch before leaving; None: for ever. Queue, priority
    and requirement None: the section's intake decides. ``handle_time`` is that of automated agents
    where there is a ``hand_over``, which excludes a ``transfer``. ``batches``, in the order of their times, come
    besides. Every stream draws from generators of its own, so
    that changing one leaves the others as they were.
    """

    name: str
    section: SectionId
    channel: ChannelId
    profile: Profile
    handle_time: Distribution
    patience: Distribution | None = None
    queue: QueueId | None = None
    priority: int | None = None
    requirement: Requirement | None = None
    attributes: tuple[Mix, ...] = ()
    transfer: PassOn | None = None
    hand_over: HandOver | None = None
    batches: tuple[Batch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """``duration_ms`` of arrivals, from the instant ``starts_ms`` on (since 1970; only calendars know it); figures
    are taken from ``warm_up_ms`` on.

    What waits at the end is still served, for at most ``drain_ms``, so that long waits are not cut off;
    time averages end with the arrivals.
    """

    name: str
    duration_ms: int
    starts_ms: int = FIRST_MONDAY_MS
    streams: tuple[Stream, ...] = ()
    workers: tuple[Worker, ...] = ()
    warm_up_ms: int = 0
    drain_ms: int = DRAIN_MS


def problems(scenario: Scenario, plan: Plan) -> list[tuple[str, str, str]]:
    """Return what is wrong with the scenario under the plan, as (dotted place, what is wrong, what would
    do); empty when all is well.
    """
    found: list[tuple[str, str, str]] = []
    if scenario.duration_ms <= 0:
        found.append(("duration", f"found {scenario.duration_ms} ms, expected more than 0", ""))
    if not 0 <= scenario.warm_up_ms < max(scenario.duration_ms, 1):
        found.append(
            (
                "warm_up",
                f"found {scenario.warm_up_ms} ms, expected at least 0 and less than the duration, {scenario.duration_ms} ms",
                "",
            )
        )
    names: set[str] = set()
    for index, stream in enumerate(scenario.streams):
        place = f"arrivals[{index}]"
        if stream.name in names:
            found.append(
                (
                    f"{place}.name",
                    f"the name {stream.name!r} is taken by an earlier stream",
                    "names seed the streams' draws, give each its own",
                )
            )
        names.add(stream.name)
        found.extend(_stream_problems(place, stream, plan))
    found.extend(_worker_problems(scenario.workers, plan))
    return found


def _stream_problems(place: str, stream: Stream, plan: Plan) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    sections = {section.section_id: section for section in plan.sections}
    channels = [channel.channel_id for channel in plan.channels]
    if stream.channel not in channels:
        found.append(
            (
                f"{place}.channel",
                f"there is no channel {stream.channel!r}",
                did_you_mean(stream.channel, channels),
            )
        )
    section = sections.get(stream.section)
    if section is None:
        found.append(
            (
                f"{place}.section",
                f"there is no section {stream.section!r}",
                did_you_mean(stream.section, list(sections)),
            )
        )
    elif stream.queue is not None:
        own = [queue.queue_id for queue in section.queues]
        if stream.queue not in own:
            found.append(
                (
                    f"{place}.queue",
                    f"section {stream.section!r} has no queue {stream.queue!r}",
                    did_you_mean(stream.queue, own),
                )
            )
    everywhere = [queue.queue_id for section in plan.sections for queue in section.queues]
    for name, onward in (("transfer", stream.transfer), ("hand-over", stream.hand_over)):
        if onward is not None and onward.queue is not None and onward.queue not in everywhere:
            hint = did_you_mean(onward.queue, everywhere)
            found.append((f"{place}.{name}.queue", f"there is no queue {onward.queue!r}", hint))
    return found


def _worker_problems(workers: Sequence[Worker], plan: Plan) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    known = {agent.agent_id for agent in plan.agents}
    seen: set[str] = set()
    for worker in workers:
        place = f"agents.{worker.agent_id}"
        if worker.agent_id not in known:
            found.append(
                (
                    place,
                    f"there is no agent {worker.agent_id!r}",
                    did_you_mean(worker.agent_id, sorted(known)),
                )
            )
        if worker.agent_id in seen:
            found.append((place, f"agent {worker.agent_id!r} is listed twice", ""))
        seen.add(worker.agent_id)
        found.extend((place, problem, "") for problem in shift_problems(worker.shifts))
    return found
