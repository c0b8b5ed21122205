"""Scenarios from files: finding them, reading them against a plan, and every problem with its place. What a
scenario is when it runs lives in `router.simulation.scenario`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.behaviour import ALWAYS, PROMPT, Behaviour, Break, Shift, Worker
from agents.distributions import Distribution
from agents.pools import is_member
from router.config.documents import Document, validate_document
from router.config.times_of_day import EVERY_DAY, WEEKDAYS, Span, clock_ms, week_days
from router.config.yaml_source import Steps, read_file, with_file_order
from router.core.names import AgentId, ChannelId, QueueId, SectionId
from router.core.plan import DAY_MS, Plan
from router.errors import ConfigError, Problem, did_you_mean
from router.harness.models import (
    AgentsMap,
    ArrivalsMap,
    BatchMap,
    GroupOf,
    HandOverMap,
    ScenarioFile,
    ShiftMap,
    TransferMap,
    distribution,
)
from router.simulation import scenario as simulated
from router.simulation.scenario import (
    FIRST_MONDAY_MS,
    WEEK_MS,
    Batch,
    HandOver,
    Mix,
    PassOn,
    Profile,
    Scenario,
    Stream,
    steady,
)

_HOUR_MS = 3_600_000
_PLACE = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A scenario as it runs, and what its file says about running it."""

    scenario: Scenario
    description: str
    short_abandon_ms: int
    replications: int
    path: Path


def folder(centre: Path) -> Path:
    """Return where the scenarios of a centre stand: beside its ``centre.yaml``."""
    return (centre if centre.is_dir() else centre.parent) / "scenarios"


def names(centre: Path) -> list[str]:
    """Return the names of the centre's scenarios."""
    return sorted(path.stem for path in folder(centre).glob("*.yaml"))


def find(centre: Path, name: str) -> Path:
    """Return the file of a scenario; raises ``ConfigError`` naming what there is."""
    path = folder(centre) / f"{name}.yaml"
    if name in names(centre):
        return path
    known = names(centre)
    listed = (
        "there is " + ", ".join(repr(each) for each in known)
        if known
        else f"there is none; write {folder(centre)}/NAME.yaml"
    )
    close = did_you_mean(name, known)
    hint = f"{close} {listed}" if "mean" in close else listed
    raise ConfigError([Problem(str(folder(centre)), 0, 0, "", f"there is no scenario {name!r}", hint)])


def load(path: Path, plan: Plan) -> Loaded:
    """Return the scenario of a file, checked against the plan; raises ``ConfigError`` with every problem
    and its place.
    """
    document = read_file(path)
    file = validate_document(document, ScenarioFile)
    reader = _Reader(document, plan, file)
    scenario = reader.scenario(path.stem)
    if document.problems:
        raise ConfigError(with_file_order(document.problems, [document.name]))
    return Loaded(
        scenario=scenario,
        description=file.description or "",
        short_abandon_ms=file.short_abandon,
        replications=file.replications,
        path=path,
    )


class _Reader:
    """One file on its way to a scenario; what is wrong is noted in the document."""

    def __init__(self, document: Document, plan: Plan, file: ScenarioFile) -> None:
        self.document, self.plan, self.file = document, plan, file

    def scenario(self, name: str) -> Scenario:
        """Return the scenario; of use only where the document has no problems then."""
        scenario = Scenario(
            name=name,
            duration_ms=self.file.duration,
            starts_ms=FIRST_MONDAY_MS if self.file.starts is None else self.file.starts,
            warm_up_ms=self.file.warm_up,
            drain_ms=self.file.drain,
            streams=tuple(self._stream(index, each) for index, each in enumerate(self.file.arrivals)),
            workers=tuple(self._workers()),
        )
        for place, message, hint in simulated.problems(scenario, self.plan):
            steps = self._steps(place)
            self.document.note(steps, message, hint)
        return scenario

    def _steps(self, place: str) -> Steps:
        """The path in the file for a place that the scenario's own check names."""
        if place.startswith("agents."):
            return ("agents", self._says.get(place.removeprefix("agents."), 0), "shifts")
        if place == "warm_up":
            return ("warm-up",)
        return tuple(int(index) if index else word for index, word in _PLACE.findall(place))

    # ── arrivals ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _stream(self, index: int, arrivals: ArrivalsMap) -> Stream:
        place: Steps = ("arrivals", index)
        handle_time = distribution(arrivals.handle_time)
        return Stream(
            name=arrivals.name,
            section=SectionId(arrivals.section),
            channel=ChannelId(arrivals.channel),
            profile=self._profile(place, arrivals),
            handle_time=handle_time,
            patience=None if arrivals.patience is None else distribution(arrivals.patience),
            queue=None if arrivals.queue is None else QueueId(arrivals.queue),
            priority=arrivals.priority,
            attributes=tuple(self._mixes((*place, "attributes"), arrivals)),
            transfer=None if arrivals.transfer is None else _transfer(arrivals.transfer, handle_time),
            hand_over=None if arrivals.hand_over is None else _hand_over(arrivals.hand_over),
            batches=tuple(_batches(arrivals.batches)),
        )

    def _profile(self, place: Steps, arrivals: ArrivalsMap) -> Profile:
        if arrivals.profile is not None:
            return Profile(pieces=self._day((*place, "profile"), arrivals.profile))
        if arrivals.week is not None:
            return self._week((*place, "week"), arrivals.week)
        return steady((arrivals.per_hour or 0.0) / _HOUR_MS)

    def _week(self, place: Steps, week: Mapping[str, Mapping[str, float]]) -> Profile:
        """The days one after the other; each begins with what holds at its own end where it says nothing."""
        days: dict[int, tuple[tuple[int, float], ...]] = {}
        for text, day in week.items():
            try:
                named = week_days(text)
            except ValueError as error:
                self.document.note(
                    (*place, text), str(error), f"the days are {', '.join(WEEKDAYS)}", key=True
                )
                return steady(0.0)
            pieces = self._day((*place, text), day)
            for number in named:
                if number in days:
                    self.document.note((*place, text), f"{WEEKDAYS[number]} is there twice", "", key=True)
                days[number] = pieces
        missing = [WEEKDAYS[number] for number in EVERY_DAY if number not in days]
        if missing:
            self.document.note(place, f"nothing is said of {', '.join(missing)}", 'write sun: {"00:00": 0}')
            return steady(0.0)
        pieces = tuple((number * DAY_MS + at, rate) for number in EVERY_DAY for at, rate in days[number])
        return Profile(pieces=pieces, period_ms=WEEK_MS)

    def _day(self, place: Steps, profile: Mapping[str, float]) -> tuple[tuple[int, float], ...]:
        pieces: dict[int, float] = {}
        for text, rate in profile.items():
            try:
                pieces[clock_ms(text)] = rate / _HOUR_MS
            except ValueError as error:
                self.document.note((*place, text), str(error), "write '08:30'", key=True)
        ordered = sorted(pieces.items())
        if not ordered or ordered[-1][0] >= DAY_MS:
            if ordered:
                self.document.note(
                    place, "a piece that starts at 24:00 lasts no time", "'00:00' is the first"
                )
            return ((0, 0.0),)
        if ordered[0][0]:
            # What holds at the end of a day holds at the beginning of the next one.
            ordered.insert(0, (0, ordered[-1][1]))
        return tuple(ordered)

    def _mixes(self, place: Steps, arrivals: ArrivalsMap) -> Iterator[Mix]:
        for name, mix in arrivals.attributes.items():
            if not isinstance(mix, dict):
                yield Mix(name=name, shares=((mix, 1.0),))
                continue
            total = sum(mix.values())
            if total != 1000:
                self.document.note(
                    (*place, name), f"the shares sum to {total / 10:g}%", "they must sum to 100%"
                )
                continue
            yield Mix(name=name, shares=tuple((value, share / 1000) for value, share in mix.items()))

    # ── agents ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _workers(self) -> Iterator[Worker]:
        self._says: dict[str, int] = {}
        by_agent: dict[str, list[tuple[int, AgentsMap]]] = {agent.agent_id: [] for agent in self.plan.agents}
        for index, entry in enumerate(self.file.agents):
            for agent_id in self._named(("agents", index, "who"), entry):
                by_agent[agent_id].append((index, entry))
        for agent in self.plan.agents:
            yield self._worker(agent.agent_id, by_agent[agent.agent_id])

    def _named(self, place: Steps, entry: AgentsMap) -> Sequence[str]:
        everybody = [agent.agent_id for agent in self.plan.agents]
        if entry.who == "everybody":
            return everybody
        if isinstance(entry.who, GroupOf):
            return self._group(place, entry.who)
        wanted = [entry.who] if isinstance(entry.who, str) else entry.who
        for number, agent_id in enumerate(wanted):
            if agent_id not in everybody:
                steps = place if isinstance(entry.who, str) else (*place, number)
                hint = did_you_mean(agent_id, ["everybody", *everybody])
                self.document.note(steps, f"there is no agent {agent_id!r}", hint)
        return [agent_id for agent_id in dict.fromkeys(wanted) if agent_id in everybody]

    def _group(self, place: Steps, group: GroupOf) -> Sequence[str]:
        agents = self.plan.agents
        if group.pool is not None:
            pools = {str(pool.pool_id): pool for pool in self.plan.pools}
            pool = pools.get(group.pool)
            if pool is None:
                hint = did_you_mean(group.pool, list(pools))
                self.document.note((*place, "pool"), f"there is no pool {group.pool!r}", hint)
                return []
            agents = tuple(agent for agent in agents if is_member(pool, agent))
        found = [agent.agent_id for agent in agents if group.tags.items() <= dict(agent.tags).items()]
        if group.tags and not found:
            self.document.note(
                (*place, "tags"), "no agent has these tags", "see the agents' tags in the roster"
            )
        return found

    def _worker(self, agent_id: AgentId, entries: Sequence[tuple[int, AgentsMap]]) -> Worker:
        behaviour = PROMPT
        shifts: tuple[Shift, ...] = (ALWAYS,)
        for index, entry in entries:
            behaviour = _behaviour(behaviour, entry)
            if entry.shifts is not None:
                shifts = tuple(_days(entry.shifts, self.file.duration))
                self._says[agent_id] = index
        return Worker(agent_id=agent_id, behaviour=behaviour, shifts=shifts)


def _behaviour(before: Behaviour, entry: AgentsMap) -> Behaviour:
    """What the entry says, and for the rest what held before."""
    return Behaviour(
        answer_delay=before.answer_delay if entry.answer_delay is None else distribution(entry.answer_delay),
        no_answer=before.no_answer if entry.no_answer is None else entry.no_answer / 1000,
        decline=before.decline if entry.decline is None else entry.decline / 1000,
        wrap_up=before.wrap_up if entry.wrap_up is None else distribution(entry.wrap_up),
        returns_after=before.returns_after
        if entry.returns_after is None
        else distribution(entry.returns_after),
    )


def _transfer(transfer: TransferMap, handle_time: Distribution) -> PassOn:
    return PassOn(
        chance=transfer.share / 1000,
        queue=None if transfer.queue is None else QueueId(transfer.queue),
        handle_time=handle_time if transfer.handle_time is None else distribution(transfer.handle_time),
        keep_place=transfer.keep_place,
    )


def _hand_over(hand_over: HandOverMap) -> HandOver:
    return HandOver(
        chance=hand_over.share / 1000,
        queue=None if hand_over.queue is None else QueueId(hand_over.queue),
        handle_time=distribution(hand_over.handle_time),
    )


def _batches(batches: Sequence[BatchMap]) -> Iterator[Batch]:
    """The batches of a week, in the order of their times; a Sunday's 24:00 is where the week begins again."""
    times = [((day * DAY_MS + batch.at) % WEEK_MS, batch.size) for batch in batches for day in batch.days]
    for at_ms, size in sorted(times):
        yield Batch(at_ms=at_ms, size=size)


def _days(shifts: Sequence[ShiftMap], duration_ms: int) -> Iterator[Shift]:
    """The shifts of every day of the duration, those that began on the evening before included."""
    for day in range(-DAY_MS, duration_ms, DAY_MS):
        for shift in shifts:
            if day // DAY_MS % 7 not in shift.days:
                continue
            start_ms, end_ms = day + shift.at.start_ms, day + shift.at.end_ms
            if end_ms <= 0:
                continue
            breaks = [
                Break(max(begin, 0), end)
                for begin, end in (_in_shift(day, shift, pause) for pause in shift.breaks)
                if end > 0
            ]
            yield Shift(start_ms=max(start_ms, 0), end_ms=end_ms, breaks=tuple(sorted(breaks)))


def _in_shift(day: int, shift: ShiftMap, pause: Span) -> tuple[int, int]:
    """A break's time of day, on the next day where the shift has passed midnight by then."""
    later = DAY_MS if pause.start_ms < shift.at.start_ms and shift.at.end_ms > DAY_MS else 0
    return day + later + pause.start_ms, day + later + pause.end_ms
