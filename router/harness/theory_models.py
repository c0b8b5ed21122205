"""Centres for which theory knows the answer, run by the shipped engine and counted by the shipped figures:
what the tests and the published table both hold against the formulae of `router.simulation.theory`. Which
cases are tested, which printed, is said by those who do it.

Every figure is taken per replication after a warm-up, and arrivals go on behind the window, so that what
still waits at its end meets the same traffic as everybody else. Replications draw from generators of their
own, so their means are independent and a Student-t interval over them is what it says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agents.behaviour import Worker
from agents.distributions import Exponential
from agents.model import Agent, AgentId, ChannelId, Pool, PoolId, Skill, SkillName, WrapUp
from router.core.names import CentreId, QueueId, SectionId
from router.core.plan import Channel, Limit, OfferRules, Plan, Queue, Section
from router.core.requirement import All, SkillTerm
from router.simulation import theory
from router.simulation.scenario import Scenario, Stream, steady
from router.simulation.theory import Interval, mean_interval
from router.simulation.world import World
from router.telemetry.figures import Flow, QueueFigures
from router.telemetry.kpis import Kpis

VOICE: Final = ChannelId("voice")
SECTION: Final = SectionId("centre")
HANDLE_MS: Final = 300_000
"""The mean handle time of every case: five minutes."""

WARM_UP_MS: Final = 100 * HANDLE_MS
COOL_DOWN_MS: Final = 40 * HANDLE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one replication counted in its window: the figures of each queue, in the plan's order."""

    queues: tuple[QueueFigures, ...]
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One figure: what theory says, in ``unit``, and how a replication measures it."""

    what: str
    unit: str
    expected: float
    measure: Callable[[Measured], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A centre, its traffic, and what theory says about it. ``per_ms`` is the rate of all arrivals."""

    name: str
    model: str
    formula: str
    plan: Plan
    streams: tuple[Stream, ...]
    claims: tuple[Claim, ...]

    @property
    def per_ms(self) -> float:
        """Arrivals per millisecond, all streams together."""
        return math.fsum(stream.profile.mean_rate for stream in self.streams)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A claim beside its interval over the replications."""

    claim: Claim
    interval: Interval

    @property
    def agrees(self) -> bool:
        """Whether theory's value lies in the interval."""
        return self.interval.holds(self.claim.expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the replications of one case came to; ``customers`` are all that were offered in the windows."""

    case: Case
    seed: int
    replications: int
    customers: int
    verdicts: tuple[Verdict, ...]


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────


def replicate(case: Case, *, seed: int, replications: int, customers: int) -> Outcome:
    """Run the case ``replications`` times, each with about ``customers`` in its window, and return every
    claim with its 95 % interval.
    """
    runs = [
        measure_once(case, seed=f"{seed}/{number}", customers=customers) for number in range(replications)
    ]
    return Outcome(
        case=case,
        seed=seed,
        replications=replications,
        customers=sum(run.customers for run in runs),
        verdicts=tuple(
            Verdict(claim=claim, interval=mean_interval([claim.measure(run) for run in runs]))
            for claim in case.claims
        ),
    )


def measure_once(case: Case, *, seed: int | str, customers: int) -> Measured:
    """Run the case once: warm-up, a window in which about ``customers`` arrive, more arrivals behind it."""
    window_ms = math.ceil(customers / case.per_ms)
    close_at = WARM_UP_MS + window_ms
    scenario = Scenario(
        name=case.name,
        duration_ms=close_at + COOL_DOWN_MS,
        warm_up_ms=WARM_UP_MS,
        streams=case.streams,
        workers=tuple(Worker(agent_id=agent.agent_id) for agent in case.plan.agents),
    )
    kpis = Kpis(case.plan)
    world = World(case.plan, scenario, seed=seed, sink=kpis.take)
    world.call_at(WARM_UP_MS, kpis.start)
    world.call_at(close_at, kpis.close)
    run = world.run()
    figures = kpis.figures(run.ended_at)
    by_id = {queue.queue_id: queue for section in figures.sections for queue in section.queues}
    queues = tuple(by_id[queue.queue_id] for queue in case.plan.sections[0].queues)
    return Measured(queues=queues, customers=figures.flow.offered)


# ── building ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _centre(name: str, queues: Sequence[Queue], agents: Sequence[Agent], pools: Sequence[Pool] = ()) -> Plan:
    return Plan(
        version="1",
        centre_id=CentreId(name),
        channels=(Channel(channel_id=VOICE, choice="longest-idle"),),
        sections=(
            Section(
                section_id=SECTION,
                queues=tuple(queues),
                default_queue=queues[0].queue_id,
                offers=((VOICE, OfferRules(auto_answer=True)),),
                wrap_up=((VOICE, WrapUp()),),
            ),
        ),
        pools=tuple(pools),
        agents=tuple(agents),
    )


def _queue(name: str, *, priority: int = 0, limit: Limit | None = None, skill: str | None = None) -> Queue:
    queue = Queue(queue_id=QueueId(name), section_id=SECTION, priority=priority, limit=limit)
    if skill is None:
        return queue
    return replace(queue, requirement=All(of=(SkillTerm(skill=SkillName(skill)),)))


def _alike(servers: int) -> list[Agent]:
    return [Agent(agent_id=AgentId(f"agent-{number:03d}")) for number in range(servers)]


def _stream(queue: str, erlangs: float, *, patience_ms: float | None = None) -> Stream:
    return Stream(
        name=queue,
        section=SECTION,
        channel=VOICE,
        profile=steady(erlangs / HANDLE_MS),
        handle_time=Exponential(mean=float(HANDLE_MS)),
        patience=None if patience_ms is None else Exponential(mean=patience_ms),
        queue=QueueId(queue),
    )


# ── measuring ────────────────────────────────────────────────────────────────────────────────────────────────────


def _flow(measured: Measured, place: int) -> Flow:
    return measured.queues[place].flow


def _share(what: str, expected: float, count: Callable[[Flow], int], place: int = 0) -> Claim:
    def measure(measured: Measured) -> float:
        flow = _flow(measured, place)
        return count(flow) / flow.offered

    return Claim(what=what, unit="", expected=expected, measure=measure)


def _waited(what: str, expected: float, place: int = 0) -> Claim:
    """The share of those let in who had to wait at all: the target of every queue of such a case is 0."""

    def measure(measured: Measured) -> float:
        flow = _flow(measured, place)
        return 1.0 - flow.answered_within / flow.answered

    return Claim(what=what, unit="", expected=expected, measure=measure)


def _mean_wait(what: str, expected_ms: float, place: int = 0) -> Claim:
    """The mean wait of the answered."""

    def measure(measured: Measured) -> float:
        return (_flow(measured, place).waits.mean_ms or 0.0) / 1000

    return Claim(what=what, unit="s", expected=expected_ms / 1000, measure=measure)


def _mean_wait_of_all(what: str, expected_ms: float) -> Claim:
    """The mean wait of everybody, those who leave included."""

    def measure(measured: Measured) -> float:
        flow = _flow(measured, 0)
        answered_ms = (flow.waits.mean_ms or 0.0) * flow.waits.count
        left_ms = (flow.abandoned_after.mean_ms or 0.0) * flow.abandoned_after.count
        return (answered_ms + left_ms) / (flow.answered + flow.abandoned) / 1000

    return Claim(what=what, unit="s", expected=expected_ms / 1000, measure=measure)


def _matched(what: str, expected: float, place: int, pool: PoolId) -> Claim:
    def measure(measured: Measured) -> float:
        return dict(measured.queues[place].matches)[pool] / _flow(measured, place).answered

    return Claim(what=what, unit="", expected=expected, measure=measure)


# ── the models ───────────────────────────────────────────────────────────────────────────────────────────────────


def delay(servers: int, erlangs: float) -> Case:
    """M/M/n: everybody waits as long as it takes (Erlang C)."""
    queue = theory.delay_queue(servers=servers, arrival_rate=erlangs / HANDLE_MS, service_rate=1 / HANDLE_MS)
    return Case(
        name=f"M/M/{servers}, {erlangs:g} erlangs",
        model="M/M/n",
        formula="Erlang C",
        plan=_centre("delay", [_untargeted(_queue("calls"))], _alike(servers)),
        streams=(_stream("calls", erlangs),),
        claims=(
            _waited("P(wait)", queue.probability_wait),
            _mean_wait("mean wait", queue.mean_wait),
        ),
    )


def room(servers: int, places: int, erlangs: float) -> Case:
    """M/M/n/K: who finds ``places`` present is refused; with as many places as servers the loss formula."""
    queue = theory.room_queue(
        servers=servers, places=places, arrival_rate=erlangs / HANDLE_MS, service_rate=1 / HANDLE_MS
    )
    limit = Limit(max_waiting=places - servers, when_full="refuse")
    loss = places == servers
    blocked = theory.erlang_b(servers, erlangs) if loss else queue.probability_blocked
    claims = [_share("P(refused)", blocked, lambda flow: flow.refused)]
    if not loss:
        claims += [
            _waited("P(wait), let in", queue.probability_wait),
            _mean_wait("mean wait, let in", queue.mean_wait),
        ]
    return Case(
        name=f"M/M/{servers}/{places}, {erlangs:g} erlangs",
        model="M/M/n/n" if loss else "M/M/n/K",
        formula="Erlang B (loss formula)" if loss else "birth and death, n servers, K places",
        plan=_centre("room", [_untargeted(_queue("calls", limit=limit))], _alike(servers)),
        streams=(_stream("calls", erlangs),),
        claims=tuple(claims),
    )


def patience(servers: int, erlangs: float, patience_ms: float) -> Case:
    """M/M/n+M: who is not answered within an exponential patience leaves (Erlang A)."""
    queue = theory.patience_queue(
        servers=servers,
        arrival_rate=erlangs / HANDLE_MS,
        service_rate=1 / HANDLE_MS,
        patience_rate=1 / patience_ms,
    )
    return Case(
        name=f"M/M/{servers}+M, {erlangs:g} erlangs, patience {patience_ms / 1000:g} s",
        model="M/M/n+M",
        formula="Erlang A",
        plan=_centre("patience", [_queue("calls")], _alike(servers)),
        streams=(_stream("calls", erlangs, patience_ms=patience_ms),),
        claims=(
            _share("P(abandon)", queue.probability_abandon, lambda flow: flow.abandoned),
            _mean_wait_of_all("mean wait, all", queue.mean_wait),
            _mean_wait("mean wait, answered", queue.mean_wait_answered),
        ),
    )


def priorities(servers: int, first_erlangs: float, second_erlangs: float) -> Case:
    """Two priorities under ``strict``, nobody interrupted (Cobham; Kella & Yechiali)."""
    first, second = theory.priority_queue(
        servers=servers,
        arrival_rates=[first_erlangs / HANDLE_MS, second_erlangs / HANDLE_MS],
        service_rate=1 / HANDLE_MS,
    )
    queues = [_queue("urgent", priority=10), _queue("normal")]
    plan = replace(_centre("priorities", queues, _alike(servers)), order="strict")
    return Case(
        name=f"M/M/{servers}, urgent {first_erlangs:g} + normal {second_erlangs:g} erlangs",
        model="M/M/n, two priorities",
        formula="Kella–Yechiali, Cobham",
        plan=plan,
        streams=(_stream("urgent", first_erlangs), _stream("normal", second_erlangs)),
        claims=(
            _mean_wait("mean wait, urgent", first.mean_wait, 0),
            _mean_wait("mean wait, normal", second.mean_wait, 1),
        ),
    )


def without_priorities(servers: int, first_erlangs: float, second_erlangs: float) -> Case:
    """The centre of ``priorities`` held against the formula for first come, first served: what must not
    agree.
    """
    case = priorities(servers, first_erlangs, second_erlangs)
    queue = theory.delay_queue(
        servers=servers,
        arrival_rate=(first_erlangs + second_erlangs) / HANDLE_MS,
        service_rate=1 / HANDLE_MS,
    )
    return replace(
        case,
        formula="Erlang C (wrong here)",
        claims=tuple(
            replace(claim, what=f"{claim.what}, by Erlang C", expected=queue.mean_wait / 1000)
            for claim in case.claims
        ),
    )


def skills(erlangs: Sequence[float], pools: Sequence[tuple[int, str]]) -> Case:
    """First come first served, longest idle first, on a network of skills (Adan & Weiss).

    Types are a, b, …, in the order of ``erlangs``; a pool is its number of agents and the types it knows,
    such as ``(3, "ab")``. A match rate is given as the share of the type's customers that the pool serves.
    """
    types = [chr(ord("a") + place) for place in range(len(erlangs))]
    found = theory.skill_network(
        arrival_rates=[each / HANDLE_MS for each in erlangs],
        pools=[
            theory.Pool(
                servers=size, service_rate=1 / HANDLE_MS, types=frozenset(types.index(kind) for kind in known)
            )
            for size, known in pools
        ],
    )
    agents, groups = [], []
    for size, known in pools:
        members = [
            Agent(
                agent_id=AgentId(f"{known}-{number:03d}"),
                skills=tuple(Skill(name=SkillName(kind)) for kind in known),
            )
            for number in range(size)
        ]
        agents += members
        groups.append(
            Pool(pool_id=PoolId(f"knows-{known}"), members=tuple(each.agent_id for each in members))
        )
    claims: list[Claim] = []
    for place, kind in enumerate(types):
        claims += [
            _waited(f"P(wait), {kind}", found.probability_wait[place], place),
            _mean_wait(f"mean wait, {kind}", found.mean_wait[place], place),
        ]
        claims += [
            _matched(
                f"matches {kind} × {known}",
                found.match_rates[place][number] * HANDLE_MS / erlangs[place],
                place,
                groups[number].pool_id,
            )
            for number, (_, known) in enumerate(pools)
            if kind in known and found.match_rates[place][number] * HANDLE_MS < erlangs[place] * (1 - 1e-9)
        ]
    offered = " + ".join(f"{kind} {each:g}" for kind, each in zip(types, erlangs, strict=True))
    return Case(
        name=f"{' + '.join(f'{size} know {known}' for size, known in pools)}; {offered} erlangs",
        model="FCFS + longest idle, skills",
        formula="Adan–Weiss",
        plan=_centre("skills", [_untargeted(_queue(kind, skill=kind)) for kind in types], agents, groups),
        streams=tuple(_stream(kind, each) for kind, each in zip(types, erlangs, strict=True)),
        claims=tuple(claims),
    )


def _untargeted(queue: Queue) -> Queue:
    """With a target of 0, "answered within the target" is "did not wait"."""
    return replace(queue, answer_within_ms=0)
