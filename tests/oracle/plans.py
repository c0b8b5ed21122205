"""Random plans that are small, legal and full of coincidences, and plans that are such a plan changed a little.

Everything is drawn from a `random.Random`, so that the fuzzer and hypothesis share it: `plans()` and `requirements()`
are the hypothesis strategies. Times are whole seconds, so that much happens at one instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from random import Random
from typing import Final, TypeVar

from hypothesis import strategies as st

from agents.model import Agent, AgentKind, Pool, Skill, WrapUp, WrapUpKind, WrapUpScope
from agents.pools import is_member
from router.core.names import (
    AgentId,
    AttributeValue,
    CentreId,
    ChannelId,
    PoolId,
    QueueId,
    SectionId,
    SkillName,
)
from router.core.plan import (
    DAY_MS,
    After,
    AllOf,
    AnyOf,
    Channel,
    Condition,
    DivertTo,
    EndWith,
    IntakeRule,
    Limit,
    Match,
    MatchOp,
    MoveTo,
    NoEligibleAgent,
    Notify,
    NotOf,
    OfferRules,
    OnNoAnswer,
    Operation,
    Plan,
    Queue,
    QueueLength,
    RaisePriority,
    Relax,
    Section,
    Step,
    Trigger,
    WhenFull,
    WidenTo,
)
from router.core.requirement import (
    NO_REQUIREMENT,
    SKILL_OPS,
    AgentTerm,
    All,
    Any,
    Not,
    PoolTerm,
    Requirement,
    SkillTerm,
    TagTerm,
    Term,
)

T = TypeVar("T")

SECTIONS: Final = [SectionId(name) for name in ("sales", "care", "desk")]
QUEUES: Final = [QueueId(name) for name in ("q1", "q2", "q3", "q4", "q5", "q6")]
CHANNELS: Final = [ChannelId(name) for name in ("voice", "chat", "mail")]
POOLS: Final = [PoolId(name) for name in ("p1", "p2", "p3", "p4")]
AGENTS: Final = [AgentId(name) for name in ("ana", "bob", "cid", "dee", "eve", "fay", "gus", "hal")]
SKILLS: Final = [SkillName(name) for name in ("french", "billing", "tech")]
TAGS: Final = [("site", "oslo"), ("site", "bergen"), ("team", "blue")]
NAMED: Final = frozenset[str]([*SECTIONS, *QUEUES, *CHANNELS, *POOLS])
"""Names that a plan must have where one of its parts mentions them."""


@dataclass(frozen=True, slots=True)
class World:
    """The names that a plan has, before anything is said about them."""

    sections: tuple[tuple[SectionId, tuple[QueueId, ...]], ...]
    channels: tuple[ChannelId, ...]
    pools: tuple[PoolId, ...]
    agents: tuple[AgentId, ...]

    @property
    def queues(self) -> tuple[QueueId, ...]:
        """All queues, in the order of the plan."""
        return tuple(queue_id for _, queues in self.sections for queue_id in queues)

    @property
    def names(self) -> frozenset[str]:
        """All names but those of agents, which nothing has to know."""
        sections = [section_id for section_id, _ in self.sections]
        return frozenset([*sections, *self.queues, *self.channels, *self.pools])


# ── small draws ──────────────────────────────────────────────────────────────────────────────────────────────────


def chance(rng: Random, percent: int) -> bool:
    """Return True in about so many of a hundred cases."""
    return rng.randint(1, 100) > 100 - percent


def some(rng: Random, names: Sequence[T], least: int, most: int) -> tuple[T, ...]:
    """Return `least` to `most` of the names, in random order."""
    most = min(most, len(names))
    return tuple(rng.sample(list(names), rng.randint(min(least, most), most)))


def seconds(rng: Random, least: int, most: int) -> int:
    """Return a whole number of seconds, in milliseconds."""
    return rng.randint(least, most) * 1000


# ── requirements ─────────────────────────────────────────────────────────────────────────────────────────────────


def random_requirement(rng: Random, world: World) -> Requirement:
    """Return a well-formed tree."""
    if chance(rng, 20):
        return NO_REQUIREMENT
    if chance(rng, 25):
        return _term(rng, world)
    if chance(rng, 75):
        return All(of=tuple(_part(rng, world, 2, top=True) for _ in range(rng.randint(1, 3))))
    return _group(rng, world, 2)


def _term(rng: Random, world: World) -> Term:
    kind = rng.randint(1, 10)
    if kind == 1:
        return AgentTerm(agents=some(rng, AGENTS, 1, 3))
    if kind == 2:
        name, value = rng.choice(TAGS)
        return TagTerm(tag=name, value=value)
    if kind == 3 and world.pools:
        return PoolTerm(pool=rng.choice(world.pools))
    op = ">=" if chance(rng, 60) else rng.choice(SKILL_OPS)
    return SkillTerm(skill=rng.choice(SKILLS), op=op, level=rng.randint(1, 6))


def _group(rng: Random, world: World, depth: int) -> Requirement:
    match rng.randint(1, 4):
        case 1:
            return Not(of=_node(rng, world, depth - 1))
        case 2:
            return All(of=tuple(_part(rng, world, depth, top=False) for _ in range(rng.randint(1, 2))))
        case _:
            branches = [_node(rng, world, depth - 1) for _ in range(rng.randint(1, 3))]
            return Any(
                of=tuple(
                    replace(branch, opens_ms=seconds(rng, 1, 8)) if chance(rng, 40) else branch
                    for branch in branches
                )
            )


def _part(rng: Random, world: World, depth: int, *, top: bool) -> Requirement:
    if top and chance(rng, 25):
        term: Requirement = replace(_term(rng, world), weight=rng.choice((-500, 500, 1000, 2000)))
    else:
        term = _node(rng, world, depth - 1)
    return replace(term, expires_ms=seconds(rng, 1, 8)) if chance(rng, 35) else term


def _node(rng: Random, world: World, depth: int) -> Requirement:
    return _group(rng, world, depth) if depth > 0 and chance(rng, 30) else _term(rng, world)


# ── agents and pools ─────────────────────────────────────────────────────────────────────────────────────────────


def _skills(rng: Random, least: int, most: int) -> tuple[Skill, ...]:
    return tuple(Skill(name=name, level=rng.randint(1, 6)) for name in some(rng, SKILLS, least, most))


def _wrap_up(rng: Random) -> WrapUp:
    kinds: tuple[WrapUpKind, ...] = ("none", "timed", "until-done")
    scopes: tuple[WrapUpScope, ...] = ("agent", "section", "interaction")
    kind = rng.choice(kinds)
    limit_ms = 0 if kind == "none" else seconds(rng, 1 if chance(rng, 90) else 0, 5)
    return WrapUp(kind=kind, limit_ms=limit_ms, scope=rng.choice(scopes))


def _agent(rng: Random, world: World, agent_id: AgentId) -> Agent:
    kinds: tuple[AgentKind, ...] = ("human", "human", "automated")
    tags = dict(rng.choice(TAGS) for _ in range(rng.randint(0, 2)))
    channels = some(rng, world.channels, 1, 2) if chance(rng, 20) else ()
    return Agent(
        agent_id=agent_id,
        kind=rng.choice(kinds),
        skills=_skills(rng, 0, 3),
        tags=tuple(tags.items()),
        capacity=rng.choice((50, 100, 100, 100, 200)),
        channels=channels,
        costs=tuple((channel, rng.choice((20, 50, 70, 100))) for channel in some(rng, world.channels, 0, 1)),
        channel_max=tuple((channel, rng.randint(1, 2)) for channel in some(rng, world.channels, 0, 1)),
        wrap_up=tuple((channel, _wrap_up(rng)) for channel in some(rng, world.channels, 0, 1)),
    )


def _pool(rng: Random, world: World, pool_id: PoolId) -> Pool:
    match rng.randint(1, 5):
        case 1:
            return Pool(pool_id=pool_id)
        case 2:
            return Pool(pool_id=pool_id, skills=_skills(rng, 1, 2))
        case 3:
            return Pool(pool_id=pool_id, tags=(rng.choice(TAGS),), members=some(rng, world.agents, 0, 1))
        case 4:
            kinds: tuple[AgentKind, ...] = ("human", "automated")
            return Pool(pool_id=pool_id, kind=rng.choice(kinds), members=some(rng, world.agents, 0, 1))
        case _:
            return Pool(pool_id=pool_id, members=some(rng, world.agents, 1, 2))


# ── queues ───────────────────────────────────────────────────────────────────────────────────────────────────────

CHOICES: Final = ("longest-idle", "load-ratio", "round-robin", "random")
SCORE_TERMS: Final = ("skill-fit", "most-skilled", "least-skilled", "first-skill")


def _limit(rng: Random, world: World, percent: int) -> Limit | None:
    if not chance(rng, percent):
        return None
    kinds: tuple[WhenFull, ...] = ("refuse", "divert", "overflow")
    kind = rng.choice(kinds)
    target = {"refuse": "", "divert": "voicemail", "overflow": rng.choice(world.queues)}[kind]
    return Limit(max_waiting=rng.randint(0, 3), when_full=kind, target=target)


def _operation(rng: Random, world: World, queue_id: QueueId) -> Operation:
    match rng.randint(1, 12):
        case 1 | 2:
            to = rng.randint(1, 4) if chance(rng, 50) else None
            return Relax(skill=rng.choice(SKILLS), to=to)
        case 3:
            return Relax(tag=rng.choice(TAGS)[0])
        case 4 | 5 if world.pools:
            return WidenTo(pools=some(rng, world.pools, 1, 2))
        case 6 | 7:
            return RaisePriority(by=rng.randint(1, 3))
        case 8 | 9 | 10 if len(world.queues) > 1:
            return MoveTo(queue=rng.choice([other for other in world.queues if other != queue_id]))
        case 11:
            return DivertTo(target="voicemail")
        case 12:
            return EndWith(reason="too-late")
        case _:
            return Notify(target="lead", message="waits")


def _ladder(rng: Random, world: World, queue_id: QueueId) -> tuple[Step, ...]:
    steps: list[Step] = []
    after = 0
    for place in range(rng.randint(0, 4)):
        operations: list[Operation] = []
        for _ in range(rng.randint(1, 3)):
            operations.append(_operation(rng, world, queue_id))
            if isinstance(operations[-1], DivertTo | EndWith):
                break
        trigger: Trigger
        match rng.randint(1, 5):
            case 1:
                trigger = NoEligibleAgent()
            case 2:
                trigger = QueueLength(above=rng.randint(0, 2))
            case _:
                after += seconds(rng, 0 if place == 0 and chance(rng, 10) else 1, 4)
                trigger = After(ms=after)
        steps.append(Step(name=f"s{place + 1}", trigger=trigger, operations=tuple(operations)))
        if isinstance(trigger, After) and isinstance(operations[-1], DivertTo | EndWith):
            break
    return tuple(steps)


def _queue(rng: Random, world: World, section_id: SectionId, queue_id: QueueId) -> Queue:
    tiers = some(rng, world.pools, 1, 4) if chance(rng, 50) else ()
    names = some(rng, SCORE_TERMS, 0, 2)
    return Queue(
        queue_id=queue_id,
        section_id=section_id,
        requirement=random_requirement(rng, world),
        priority=rng.randint(0, 2),
        answer_within_ms=seconds(rng, 1, 5),
        tiers=_in_tiers(rng, tiers),
        skip_empty=chance(rng, 60),
        score=tuple((name, rng.choice((-500, 500, 1000))) for name in names),
        choice=rng.choice(CHOICES) if chance(rng, 50) else None,
        ladder=_ladder(rng, world, queue_id),
        limit=_limit(rng, world, 30),
    )


def _in_tiers(rng: Random, pools: Sequence[PoolId]) -> tuple[tuple[PoolId, ...], ...]:
    tiers: list[tuple[PoolId, ...]] = []
    rest = list(pools)
    while rest:
        size = min(len(rest), 2 if chance(rng, 25) else 1)
        tiers.append(tuple(rest[:size]))
        rest = rest[size:]
    return tuple(tiers)


# ── sections ─────────────────────────────────────────────────────────────────────────────────────────────────────

ATTRIBUTES: Final[dict[str, tuple[AttributeValue, ...]]] = {
    "lang": ("fr", "no", "french"),
    "vip": (True, False, 1, "yes"),
    "amount": (1, 2.0, 2, -3.5, "2"),
}


def _match(rng: Random) -> Match:
    ops: tuple[MatchOp, ...] = ("==", "!=", ">=", ">", "<=", "<", "in", "exists", "prefix")
    op = rng.choice(ops)
    name = rng.choice(
        ("channel", "customer", "priority", "attributes.lang", "attributes.vip", "attributes.amount")
    )
    values: dict[str, tuple[AttributeValue, ...]] = {
        "channel": tuple(CHANNELS),
        "customer": ("c1", "c2"),
        "priority": (0, 1, 2),
    }
    likely = values.get(name) or ATTRIBUTES[name.removeprefix("attributes.")]
    match op:
        case "in":
            return Match(field=name, op=op, value=some(rng, likely, 1, 2))
        case "exists":
            return Match(field=name, op=op, value=chance(rng, 50))
        case "prefix":
            return Match(field=name, op=op, value=rng.choice(("f", "c", "no")))
        case _:
            return Match(field=name, op=op, value=rng.choice(likely))


def _condition(rng: Random, depth: int = 2) -> Condition:
    kind = rng.randint(1, 8)
    if depth and kind == 1:
        return AllOf(of=tuple(_condition(rng, depth - 1) for _ in range(rng.randint(0, 2))))
    if depth and kind == 2:
        return AnyOf(of=tuple(_condition(rng, depth - 1) for _ in range(rng.randint(1, 2))))
    if depth and kind == 3:
        return NotOf(of=_condition(rng, depth - 1))
    return _match(rng)


def _intake(rng: Random, world: World, queues: Sequence[QueueId]) -> tuple[IntakeRule, ...]:
    return tuple(
        IntakeRule(
            name=f"rule-{place + 1}",
            when=_condition(rng),
            queue=rng.choice(queues) if chance(rng, 60) else None,
            priority=rng.randint(0, 3) if chance(rng, 40) else None,
            requirement=random_requirement(rng, world) if chance(rng, 30) else None,
        )
        for place in range(rng.randint(0, 2))
    )


def _offer_rules(rng: Random) -> OfferRules:
    on_no_answer: tuple[OnNoAnswer, ...] = ("keep", "not-ready", "pause")
    return OfferRules(
        timeout_ms=seconds(rng, 1, 4),
        on_no_answer=rng.choice(on_no_answer),
        pause_ms=seconds(rng, 1, 4),
        max_no_answer=rng.choice((0, 0, 1, 2)),
        retry_after_ms=rng.choice((1000, 3000, 6000, 20_000)),
        all_declined_pause_ms=seconds(rng, 1, 4),
        auto_answer=chance(rng, 20),
    )


def _section(rng: Random, world: World, section_id: SectionId, queues: Sequence[QueueId]) -> Section:
    return Section(
        section_id=section_id,
        queues=tuple(_queue(rng, world, section_id, queue_id) for queue_id in queues),
        default_queue=rng.choice(queues),
        intake=_intake(rng, world, queues),
        refuse_unmatched=chance(rng, 30),
        trust_sender=chance(rng, 70),
        ms_per_point=rng.choice((1000, 2000, 60_000)),
        offers=tuple((channel, _offer_rules(rng)) for channel in world.channels),
        wrap_up=tuple((channel, _wrap_up(rng)) for channel in world.channels),
        limit=_limit(rng, world, 20),
    )


# ── plans ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _channel(rng: Random, world: World, channel_id: ChannelId) -> Channel:
    cost = {"voice": (100, 100, 60), "chat": (20, 33, 50), "mail": (10, 50, 100)}[channel_id]
    others = [other for other in world.channels if other != channel_id]
    return Channel(
        channel_id=channel_id,
        cost=rng.choice(cost),
        interruptible_by=some(rng, others, 0, 2) if chance(rng, 50) else (),
        hold_ms=rng.choice((None, 1000, 2000, 4000)),
        choice=rng.choice(CHOICES),
    )


def random_world(rng: Random) -> World:
    """Return the names of a small centre."""
    queues = list(QUEUES[: rng.randint(1, 4)])
    count = rng.randint(1, min(3, len(queues)))
    owned: list[list[QueueId]] = [[queue_id] for queue_id in queues[:count]]
    for queue_id in queues[count:]:
        rng.choice(owned).append(queue_id)
    return World(
        sections=tuple((SECTIONS[place], tuple(mine)) for place, mine in enumerate(owned)),
        channels=tuple(CHANNELS[: rng.randint(2, 3)]),
        pools=tuple(POOLS[: rng.randint(0, 4)]),
        agents=some(rng, AGENTS[:6], 1, 6),
    )


def _plan_of(rng: Random, world: World, version: str) -> Plan:
    return Plan(
        version=version,
        centre_id=CentreId("centre"),
        channels=tuple(_channel(rng, world, channel_id) for channel_id in world.channels),
        sections=tuple(_section(rng, world, section_id, queues) for section_id, queues in world.sections),
        pools=tuple(_pool(rng, world, pool_id) for pool_id in world.pools),
        agents=tuple(_agent(rng, world, agent_id) for agent_id in world.agents),
        order=rng.choice(("age-offset", "strict", "due-first")),
        selection=rng.choice(("oldest", "own-first")),
        seed=rng.randint(0, 5),
        presence_ttl_ms=rng.choice((None, None, 10_000, 30_000)),
        hop_limit=rng.randint(0, 3),
        check_every_ms=seconds(rng, 1, 4),
        remember_ms=rng.choice((5000, 20_000, DAY_MS)),
        limit=_limit(rng, world, 15),
    )


def _made_legal(plan: Plan) -> Plan:
    return _without_rings(_with_legal_pools(plan))


def _without_rings(plan: Plan) -> Plan:
    """Let limits overflow only to later queues of the plan, so that no overflow goes round; the others refuse."""
    places = {queue_id: place for place, queue_id in enumerate(world_of(plan).queues)}

    def onward(limit: Limit | None, behind: int) -> Limit | None:
        if limit is None or limit.when_full != "overflow" or places[QueueId(limit.target)] > behind:
            return limit
        return replace(limit, when_full="refuse", target="")

    return replace(
        plan,
        sections=tuple(
            replace(
                section,
                limit=onward(section.limit, max(places[queue.queue_id] for queue in section.queues)),
                queues=tuple(
                    replace(queue, limit=onward(queue.limit, places[queue.queue_id]))
                    for queue in section.queues
                ),
            )
            for section in plan.sections
        ),
    )


def _with_legal_pools(plan: Plan) -> Plan:
    """Let every pool have only members that are there, and somebody in it."""
    pools: list[Pool] = []
    ids = [agent.agent_id for agent in plan.agents]
    for pool in plan.pools:
        pool = replace(pool, members=tuple(member for member in pool.members if member in ids))
        if not any(is_member(pool, agent) for agent in plan.agents):
            pool = replace(pool, members=(ids[0],))
        pools.append(pool)
    return replace(plan, pools=tuple(pools))


def random_plan(rng: Random) -> Plan:
    """Return a legal plan."""
    return _made_legal(_plan_of(rng, random_world(rng), "v1"))


def world_of(plan: Plan) -> World:
    """Return the names that the plan has."""
    return World(
        sections=tuple(
            (section.section_id, tuple(queue.queue_id for queue in section.queues))
            for section in plan.sections
        ),
        channels=tuple(channel.channel_id for channel in plan.channels),
        pools=tuple(pool.pool_id for pool in plan.pools),
        agents=tuple(agent.agent_id for agent in plan.agents),
    )


def mutated(rng: Random, plan: Plan) -> Plan:
    """Return the plan with other names in it, and about a fifth of its parts drawn anew.

    Queues that go have a successor most of the time.
    """
    old = world_of(plan)
    world = _other_world(rng, old)
    fresh = _plan_of(rng, world, f"v{int(plan.version.removeprefix('v')) + 1}")

    def kept(before: T, after: T) -> T:
        return before if chance(rng, 80) and names_in(before) & NAMED <= world.names else after

    queues = {queue.queue_id: queue for section in plan.sections for queue in section.queues}
    sections = {section.section_id: section for section in plan.sections}
    channels = {channel.channel_id: channel for channel in plan.channels}
    pools = {pool.pool_id: pool for pool in plan.pools}
    agents = {agent.agent_id: agent for agent in plan.agents}
    merged: list[Section] = []
    for section in fresh.sections:
        own = tuple(
            replace(kept(queues.get(queue.queue_id, queue), queue), section_id=section.section_id)
            for queue in section.queues
        )
        before = replace(sections.get(section.section_id, section), queues=())
        mine = {queue.queue_id for queue in own}
        covers = [channel for channel, _ in before.offers] == list(world.channels)
        stays_inside = names_in((before.default_queue, before.intake)) & set(QUEUES) <= mine
        if covers and stays_inside:
            section = kept(before, section)
        merged.append(replace(section, queues=own))
    gone = [queue_id for queue_id in old.queues if queue_id not in world.queues]
    centre = kept(replace(plan, channels=(), sections=(), pools=(), agents=(), successors=()), fresh)
    merged_plan = replace(
        centre,
        version=fresh.version,
        channels=tuple(kept(channels.get(c.channel_id, c), c) for c in fresh.channels),
        sections=tuple(merged),
        pools=tuple(kept(pools.get(p.pool_id, p), p) for p in fresh.pools),
        agents=tuple(kept(agents.get(a.agent_id, a), a) for a in fresh.agents),
        successors=tuple((queue_id, rng.choice(world.queues)) for queue_id in gone if chance(rng, 90)),
    )
    return _made_legal(merged_plan)


def broken(rng: Random, plan: Plan) -> Plan:
    """Return the plan with one thing in it that makes it impossible."""
    section, agent = plan.sections[0], plan.agents[0]
    queue = section.queues[0]

    def with_queue(queue: Queue) -> Plan:
        first = replace(section, queues=(queue, *section.queues[1:]))
        return replace(plan, sections=(first, *plan.sections[1:]))

    nowhere = QueueId("nowhere")
    match rng.randint(1, 6):
        case 1:
            return replace(plan, agents=(*plan.agents, agent))
        case 2:
            return replace(plan, agents=(replace(agent, capacity=0), *plan.agents[1:]))
        case 3:
            step = Step(name="broken", trigger=QueueLength(above=1), operations=(MoveTo(queue=nowhere),))
            return with_queue(replace(queue, ladder=(*queue.ladder, step)))
        case 4:
            return with_queue(replace(queue, tiers=((PoolId("nobody"),),)))
        case 5:
            return with_queue(
                replace(queue, limit=Limit(max_waiting=1, when_full="overflow", target=nowhere))
            )
        case _:
            return replace(plan, order="alphabetical")


def _other_world(rng: Random, world: World) -> World:
    sections = {section_id: list(queues) for section_id, queues in world.sections}
    channels, pools, agents = list(world.channels), list(world.pools), list(world.agents)
    for _ in range(rng.randint(0, 2)):
        match rng.randint(1, 10):
            case 1 | 2:
                _drop(rng, agents)
            case 3 | 4:
                _add(rng, agents, AGENTS)
            case 5 | 6 if len(world.queues) > 1:
                gone = rng.choice(sorted(queue_id for queues in sections.values() for queue_id in queues))
                sections = {name: [q for q in queues if q != gone] for name, queues in sections.items()}
            case 7:
                unused = [q for q in QUEUES if all(q not in queues for queues in sections.values())]
                _add(rng, rng.choice(list(sections.values())), unused)
            case 8:
                _drop(rng, pools)
            case 9:
                _add(rng, pools, POOLS)
            case _:
                _drop(rng, channels) if chance(rng, 30) else _add(rng, channels, CHANNELS)
        sections = {name: queues for name, queues in sections.items() if queues} or {SECTIONS[0]: [QUEUES[0]]}
    if len(sections) > 1 and chance(rng, 10):
        names = list(sections)
        if len(sections[names[0]]) > 1:
            sections[names[1]].append(sections[names[0]].pop())
    return World(
        sections=tuple((name, tuple(queues)) for name, queues in sections.items()),
        channels=tuple(channels),
        pools=tuple(pools),
        agents=tuple(agents),
    )


def _drop(rng: Random, names: list[T]) -> None:
    if len(names) > 1:
        names.remove(rng.choice(names))


def _add(rng: Random, names: list[T], universe: Sequence[T]) -> None:
    unused = [name for name in universe if name not in names]
    if unused:
        names.append(rng.choice(unused))


def names_in(part: object) -> set[str]:
    """Return every text that stands anywhere in a part of a plan."""
    return set(_texts(part))


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple):
        for item in part:
            yield from _texts(item)
    elif is_dataclass(part):
        for field in fields(part):
            yield from _texts(getattr(part, field.name))


# ── for hypothesis ───────────────────────────────────────────────────────────────────────────────────────────────


def plans() -> st.SearchStrategy[Plan]:
    """Draw a legal plan."""
    return st.randoms(use_true_random=False).map(random_plan)


def requirements() -> st.SearchStrategy[Requirement]:
    """Draw a well-formed requirement over the names of this module."""
    world = World(((SECTIONS[0], (QUEUES[0],)),), tuple(CHANNELS), tuple(POOLS), tuple(AGENTS))
    return st.randoms(use_true_random=False).map(lambda rng: random_requirement(rng, world))
