"""What one decision costs as a centre grows: the shipped engine with 100, 10,000 and 100,000 agents, alike
or all different, and with nothing up to a million waiting. Before anything is timed, its answers are
held against a plain scan.

    python -m benchmarks.decision_cost [--decisions N] [--agents N ...] [--waiting N ...] [--json]

Two decisions are timed, each as the whole of `Engine.handle` with its facts and effects: an arrival that
finds many free agents and gets the best one (`arrive`), and a freed agent that finds much waiting work and
gets the first of it (`free`). Agents that are *alike* come in 20 kinds (two of ten skills each);
*different* ones have a level of their own in each of ten skills, so that no two are the same. `wide` is
10,000 agents of 200 kinds and 100 kinds of work.

Those take the agent idle longest; `by lot` and `by turn` are arrivals whose queue chooses by `random` and
`round-robin`, among agents alike. `unserved` are arrivals for free agents while very much other work waits
that nobody free can take: half of it nobody at all, half of it only people who are busy.

Times are of the processor, less what reading its clock costs, so that other programs on the machine do not
count; the collector runs, with what was there before frozen, as in the daemon. Ratios are of means, to the
first line of the same decision and choice. `first ms` is the longest of the first decisions of each kind of work, when
the engine finds out who can serve it at all; those are not among the others.

Exit codes: 0 measured, 1 an answer was wrong.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from random import Random

from agents.model import Agent, AgentId, ChannelId, Skill, SkillName, WrapUp
from benchmarks.six_types.alone import memory_kb
from router.core.draw import draw
from router.core.effects import Connect
from router.core.engine import Engine
from router.core.names import CentreId, InteractionId, QueueId, SectionId
from router.core.outcome import Outcome
from router.core.plan import Channel, OfferRules, Plan, Queue, Section
from router.core.requirement import SkillTerm
from router.core.signals import AgentSignedIn, InteractionArrived, WorkFinished
from router.policies import BUILT_IN

VOICE, SECTION = ChannelId("voice"), SectionId("centre")
LEVEL = 5
SEED = 20_240_607


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Microseconds of one kind of decision in one situation."""

    case: str
    decision: str
    agents: int
    waiting: int
    mean: float
    p50: float
    p99: float
    ratio: float
    first: float | None = None


class WrongAnswerError(Exception):
    """The engine did not decide as a plain scan does."""


class Centre:
    """An engine, and next to it what a plain scan needs to know: who is free since when, and what waits."""

    def __init__(self, kinds: int, agents: Sequence[Agent], choice: str = "longest-idle") -> None:
        self.choice = choice
        self.last_picked: dict[int, AgentId] = {}
        self.skills = [SkillName(f"skill-{kind:02d}") for kind in range(kinds)]
        self.queues = [QueueId(skill) for skill in self.skills]
        self.agents = {
            agent.agent_id: {skill.name: skill.level for skill in agent.skills} for agent in agents
        }
        self.engine = Engine(a_plan(self.skills, agents, choice), BUILT_IN)
        self.now = 1
        self.number = 0
        self.idle_since: dict[AgentId, int] = {}
        self.waiting: dict[InteractionId, tuple[int, int, int]] = {}
        for agent in agents:
            self.engine.handle(AgentSignedIn(agent.agent_id), self.now)
            self.idle_since[agent.agent_id] = self.now

    def arrival(self, kind: int, priority: int = 0) -> InteractionArrived:
        """The next arrival of a kind."""
        self.number += 1
        return InteractionArrived(
            InteractionId(f"call-{self.number}"), SECTION, VOICE, queue=self.queues[kind], priority=priority
        )

    def best_agent(self, kind: int) -> AgentId:
        """Who a scan would choose for the kind of the free who can: the one idle longest, then by id; or by the
        published rules of the other choices.
        """
        skill = self.skills[kind]
        able = [
            (since, name)
            for name, since in self.idle_since.items()
            if self.agents[name].get(skill, 0) >= LEVEL
        ]
        if self.choice == "longest-idle":
            return min(able)[1]
        names = sorted(name for _, name in able)
        if self.choice == "random":
            return names[
                draw(self.engine.centre.plan.seed, self.engine.centre.last_decision + 1) % len(names)
            ]
        last = self.last_picked.get(kind)
        return next((name for name in names if last is not None and name > last), names[0])

    def first_work(self, agent_id: AgentId) -> InteractionId:
        """What a scan would give the agent: of what it can do, the smallest age less its head start, then
        the number.
        """
        levels = [self.agents[agent_id].get(skill, 0) for skill in self.skills]
        able = (
            (key, number, name) for name, (kind, key, number) in self.waiting.items() if levels[kind] >= LEVEL
        )
        return min(able)[2]


def a_plan(skills: Sequence[SkillName], agents: Sequence[Agent], choice: str) -> Plan:
    """One queue per skill, which asks for level 5 of it; connected without an offer."""
    queues = tuple(
        Queue(
            queue_id=QueueId(skill),
            section_id=SECTION,
            requirement=SkillTerm(skill=skill, level=LEVEL),
            choice=choice,
        )
        for skill in skills
    )
    section = Section(
        section_id=SECTION,
        queues=queues,
        default_queue=queues[0].queue_id,
        offers=((VOICE, OfferRules(auto_answer=True)),),
        wrap_up=((VOICE, WrapUp()),),
    )
    return Plan(
        version="1",
        centre_id=CentreId("centre"),
        channels=(Channel(channel_id=VOICE),),
        sections=(section,),
        agents=tuple(agents),
    )


def alike(count: int, kinds: int = 10, profiles: int = 20) -> list[Agent]:
    """Agents who know two of the skills well; there are so many different pairs."""
    pairs = [(place % kinds, (place % kinds + 1 + place // kinds) % kinds) for place in range(profiles)]
    return [an_agent(number, dict.fromkeys(pairs[number % profiles], 7)) for number in range(count)]


def different(count: int, kinds: int = 10) -> list[Agent]:
    """Agents with a level of their own in every skill; no two are the same."""
    rng = Random(SEED)
    seen: set[tuple[int, ...]] = set()
    while len(seen) < count:
        seen.add(tuple(rng.randint(1, 10) for _ in range(kinds)))
    return [an_agent(number, dict(enumerate(levels))) for number, levels in enumerate(sorted(seen))]


def an_agent(number: int, levels: dict[int, int]) -> Agent:
    skills = tuple(Skill(name=SkillName(f"skill-{kind:02d}"), level=level) for kind, level in levels.items())
    return Agent(agent_id=AgentId(f"agent-{number:06d}"), skills=skills)


def connected(outcome: Outcome) -> Connect:
    (effect,) = outcome.effects
    assert isinstance(effect, Connect)
    return effect


def arrivals(
    centre: Centre, decisions: int, checks: int, kinds: int | None = None
) -> tuple[list[float], float]:
    """Time arrivals (of the first ``kinds`` kinds) that find free agents; each contact ends at once, untimed, so that as
    many are free for the next.
    """
    rng, times = Random(SEED), list[float]()
    handle, clock = centre.engine.handle, time.thread_time_ns
    kinds, first = kinds or len(centre.queues), 0.0
    checks = max(checks, kinds)
    for turn in range(checks + decisions):
        # Every kind is asked for once before anything is timed: the engine finds out then who can serve it at all.
        kind = turn % kinds if turn < checks else rng.randrange(kinds)
        if turn == checks:
            gc.collect()
            gc.freeze()
        expected = centre.best_agent(kind) if turn < checks else None
        signal, now = centre.arrival(kind), centre.now + turn + 1
        began = clock()
        outcome = handle(signal, now)
        took = clock() - began
        got = connected(outcome)
        if expected not in {None, got.agent_id}:
            raise WrongAnswerError(
                f"{signal.interaction_id}: the engine chose {got.agent_id}, a scan {expected}"
            )
        if turn >= checks:
            times.append(took / 1000)
        else:
            first = max(first, took / 1000)
        handle(WorkFinished(got.interaction_id, got.agent_id), now)
        if turn < checks:
            centre.idle_since[got.agent_id] = now
            centre.last_picked[kind] = got.agent_id
    centre.now += checks + decisions
    return times, first


def beside_unserved(waiting: int) -> Centre:
    """A hundred free agents of ten kinds of work, beside two more kinds: one that only a busy agent does, one that
    nobody does, with so much of each waiting, half and half.
    """
    kinds, busy_kind, nobody = 12, 10, 11
    agents = [*alike(100), an_agent(100, {busy_kind: 7})]
    centre = Centre(kinds, agents)
    taken = wait(centre, busy_kind, 0)
    assert taken is not None
    del centre.idle_since[taken.agent_id]
    for number in range(waiting):
        wait(centre, (busy_kind, nobody)[number % 2], number % 4)
    return centre


def freed(centre: Centre, waiting: int, decisions: int, checks: int) -> tuple[list[float], float | None]:
    """Time freed agents that find waiting work; another piece arrives after each, untimed. Returns bytes
    per piece, too.
    """
    rng, times = Random(SEED), list[float]()
    handle, clock, kinds = centre.engine.handle, time.thread_time_ns, len(centre.queues)
    scanned = centre.waiting
    busy: list[Connect] = []
    before_kb = None
    while len(centre.idle_since) > len(busy):
        # Until everybody is busy. What can't be taken any more waits already.
        took = wait(centre, rng.randrange(kinds), 0)
        busy += [took] if took else []
    before_kb = memory_kb("VmRSS")
    began_with = centre.number
    for _ in range(waiting - len(scanned)):
        wait(centre, rng.randrange(kinds), rng.randrange(4))
    after_kb = memory_kb("VmRSS")
    added = centre.number - began_with
    own = sys.getsizeof((0, 0, 0)) + 150  # the scan's own notes: a tuple, two ints, an entry of a dict
    size = (
        None
        if before_kb is None or after_kb is None or added < 10_000
        else (after_kb - before_kb) * 1024 / added - own
    )
    gc.collect()
    gc.freeze()
    for turn in range(checks + decisions):
        place = rng.randrange(len(busy))
        done = busy[place]
        expected = centre.first_work(done.agent_id) if turn < checks else None
        centre.now += 1
        signal = WorkFinished(done.interaction_id, done.agent_id)
        began = clock()
        outcome = handle(signal, centre.now)
        took_ns = clock() - began
        busy[place] = got = connected(outcome)
        if expected not in {None, got.interaction_id}:
            raise WrongAnswerError(f"{got.agent_id}: the engine gave {got.interaction_id}, a scan {expected}")
        kind, *_ = scanned.pop(got.interaction_id)
        if turn >= checks:
            times.append(took_ns / 1000)
        wait(centre, kind, rng.randrange(4))
    return times, size


def wait(centre: Centre, kind: int, priority: int) -> Connect | None:
    """One more piece of work arrives; returns who took it, if it did not have to wait."""
    centre.now += 1
    signal = centre.arrival(kind, priority)
    outcome = centre.engine.handle(signal, centre.now)
    if outcome.effects:
        return connected(outcome)
    centre.waiting[signal.interaction_id] = (kind, centre.now - priority * 60_000, centre.number)
    return None


def clock_cost() -> float:
    """What reading the clock twice costs, in microseconds."""
    clock = time.thread_time_ns
    return statistics.median(-(clock() - clock()) for _ in range(10_000)) / 1000


def cost(case: str, decision: str, agents: int, waiting: int, times: list[float], base: Cost | None) -> Cost:
    overhead = clock_cost()
    times = [max(took - overhead, 0.0) for took in times]
    mean = statistics.fmean(times)
    cuts = statistics.quantiles(times, n=100)
    ratio = mean / base.mean if base is not None else 1.0
    return Cost(
        case=case,
        decision=decision,
        agents=agents,
        waiting=waiting,
        mean=mean,
        p50=cuts[49],
        p99=cuts[98],
        ratio=ratio,
    )


def measure(options: argparse.Namespace, tell: Callable[[Cost], None]) -> tuple[list[Cost], dict[int, float]]:
    """Measure everything, telling each cost as it is known; return also the bytes per waiting piece of
    work.
    """
    costs: list[Cost] = []
    sizes: dict[int, float] = {}

    def note(found: Cost) -> Cost:
        costs.append(found)
        tell(found)
        return found

    # Made when their turn comes, and gone before the next one: what is not measured should not be in the caches.
    cases: list[tuple[str, int, int, Callable[[], Centre]]] = []
    for case, make in (("alike", alike), ("different", different)):
        cases += [(case, count, 0, partial(made, 10, make, count)) for count in options.agents]
    cases.append(("wide", 10_000, 0, partial(made, 100, partial(alike, kinds=100, profiles=200), 10_000)))
    for case, choice in (("by lot", "random"), ("by turn", "round-robin")):
        cases += [(case, count, 0, partial(made, 10, alike, count, choice)) for count in options.agents]
    cases += [("unserved", 100, waiting, partial(beside_unserved, waiting)) for waiting in options.waiting]
    bases: dict[str, Cost] = {}
    for case, count, waiting, centre_of in cases:
        group = "alike" if case in {"different", "wide"} else case
        kinds = 10 if case == "unserved" else None
        times, first = arrivals(centre_of(), options.decisions, options.checks, kinds)
        found = note(replace(cost(case, "arrive", count, waiting, times, bases.get(group)), first=first))
        bases.setdefault(group, found)
        gc.unfreeze()
        gc.collect()
    base: Cost | None = None
    for waiting in options.waiting:
        times, size = freed(Centre(10, alike(100)), waiting, options.decisions, options.checks)
        found = note(cost("alike", "free", 100, waiting, times, base))
        base = base or found
        if size is not None:
            sizes[waiting] = size
        gc.unfreeze()
    return costs, sizes


def made(
    kinds: int, agents: Callable[[int], list[Agent]], count: int, choice: str = "longest-idle"
) -> Centre:
    """A centre with so many agents."""
    return Centre(kinds, agents(count), choice)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(description="What one decision costs as a centre grows.")
    parser.add_argument("--decisions", type=int, default=20_000, help="timed in each situation")
    parser.add_argument("--checks", type=int, default=20, help="held against a scan in each situation before")
    parser.add_argument("--agents", type=int, nargs="+", default=[100, 10_000, 100_000])
    parser.add_argument("--waiting", type=int, nargs="+", default=[100, 1_000, 100_000, 1_000_000])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    options = parser.parse_args(arguments)
    for flag, values, least in (
        ("--decisions", [options.decisions], 100),
        ("--agents", options.agents, 100),
        ("--waiting", options.waiting, 0),
    ):
        if min(values) < least:
            parser.error(f"{flag}: found {min(values)}, expected at least {least}")

    def tell(found: Cost) -> None:
        if not options.json:
            print(
                f"{found.case:12}{found.decision:8}{found.agents:9,}{found.waiting:11,}"
                f"{found.mean:9.1f}{found.p50:8.1f}{found.p99:8.1f}{found.ratio:8.2f}"
                + ("" if found.first is None else f"{found.first / 1000:10.1f}"),
                flush=True,
            )

    if not options.json:
        print(
            f"{'agents are':12}{'decision':8}{'agents':>9}{'waiting':>11}{'mean µs':>9}{'p50':>8}{'p99':>8}{'ratio':>8}{'first ms':>10}"
        )
    try:
        costs, sizes = measure(options, tell)
    except WrongAnswerError as error:
        print(f"wrong: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(
            json.dumps({"schema": 1, "costs": [asdict(found) for found in costs], "bytes_per_waiting": sizes})
        )
    else:
        for waiting, size in sizes.items():
            print(f"{waiting:,} waiting: about {size:,.0f} bytes each")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
