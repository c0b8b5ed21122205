"""The parts of random plans: names, requirements, agents, pools, queues and sections, each drawn from a `random.Random`.

Times are whole seconds, so that much happens at one instant. What makes a plan of them is in `plans`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final, TypeVar

from agents.model import Agent, AgentKind, Pool, Rate, Skill, WrapUp, WrapUpKind, WrapUpScope
from agents.queue_levels import QueueLevel
from router.core.affinity_plan import AgentWindow
from router.core.calendar_plan import Closed
from router.core.callback_plan import CallbackMode, Callbacks, OfferCallback
from router.core.estimate_plan import EstimatedWait, EstimateRules
from router.core.ladder_plan import AllDeclined, Announce, BeforeDue, Holds
from router.core.names import (
    AgentId,
    AttributeValue,
    ChannelId,
    PoolId,
    QueueId,
    SectionId,
    SkillName,
)
from router.core.order_plan import Expedite, SetPriority
from router.core.plan import (
    After,
    AllOf,
    AnyOf,
    Channel,
    Condition,
    DivertTo,
    EndWith,
    Expression,
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
from router.core.selection_plan import QueueSelection
from tests.oracle.calendar_parts import CALENDARS, random_hours
from tests.oracle.expressions import random_expression, random_guard

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


def random_agent(rng: Random, world: World, agent_id: AgentId) -> Agent:
    """Return an agent of this id."""
    kinds: tuple[AgentKind, ...] = ("human", "human", "automated")
    tags = dict(rng.choice(TAGS) for _ in range(rng.randint(0, 2)))
    channels = some(rng, world.channels, 1, 2) if chance(rng, 20) else ()
    kind = rng.choice(kinds)
    return Agent(
        agent_id=agent_id,
        kind=kind,
        skills=_skills(rng, 0, 3),
        tags=tuple(tags.items()),
        capacity=rng.choice((50, 100, 100, 100, 200)),
        channels=channels,
        costs=tuple((channel, rng.choice((20, 50, 70, 100))) for channel in some(rng, world.channels, 0, 1)),
        channel_max=tuple((channel, rng.randint(1, 2)) for channel in some(rng, world.channels, 0, 1)),
        wrap_up=tuple((channel, _wrap_up(rng)) for channel in some(rng, world.channels, 0, 1)),
        speed=rng.choice((800, 1000, 1000, 1300)),
        speeds=tuple((channel, rng.choice((500, 1300))) for channel in some(rng, world.channels, 0, 1)),
        queue_levels=random_queue_levels(rng, world, 25),
        rate=_rate(rng) if kind == "automated" else None,
        shift=rng.choice(CALENDARS) if chance(rng, 12) else None,
    )


def random_queue_levels(rng: Random, world: World, percent: int) -> tuple[QueueLevel, ...]:
    """Return levels of some queues, or none in the other cases."""
    if not chance(rng, percent):
        return ()
    queues: list[QueueId | None] = [*some(rng, world.queues, 0, 3)]
    if not queues or chance(rng, 30):
        queues.append(None)
    return tuple(
        QueueLevel(
            queue=queue, level=rng.randint(1, 3), after_ms=seconds(rng, 1, 6) if chance(rng, 40) else 0
        )
        for queue in queues
    )


def _rate(rng: Random) -> Rate | None:
    return Rate(starts=rng.randint(1, 3), per_ms=seconds(rng, 1, 8)) if chance(rng, 60) else None


def random_pool(rng: Random, world: World, pool_id: PoolId) -> Pool:
    """Return a pool; it may be that nobody is in it."""
    return replace(_pool(rng, world, pool_id), queue_levels=random_queue_levels(rng, world, 15))


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

CHOICES: Final = (
    "longest-idle",
    "load-ratio",
    "round-robin",
    "random",
    "least-occupied",
    "fewest-handled",
    "top-down",
)
SELECTIONS: Final = (
    "oldest",
    "own-first",
    "delay-ratio",
    "slack",
    "weighted",
    "gcmu",
    "queue-ratio",
    "predicted-wait",
)
SCORE_TERMS: Final = ("skill-fit", "most-skilled", "least-skilled", "first-skill", "best-fit", "fastest")


def random_estimates(rng: Random) -> EstimateRules:
    """Return rules under which little is enough."""
    return EstimateRules(
        window_ms=rng.choice((16_000, 64_000, 14_400_000)),
        least_services=rng.randint(1, 3),
        announce=chance(rng, 70),
    )


def random_limit(rng: Random, world: World, percent: int) -> Limit | None:
    """Return a limit, or none in the other cases."""
    if not chance(rng, percent):
        return None
    kinds: tuple[WhenFull, ...] = ("refuse", "divert", "overflow")
    kind = rng.choice(kinds)
    target = {"refuse": "", "divert": "voicemail", "overflow": rng.choice(world.queues)}[kind]
    most = seconds(rng, 0, 9) if chance(rng, 20) else None
    count = None if most is not None and chance(rng, 50) else rng.randint(0, 3)
    return Limit(max_waiting=count, max_estimated_ms=most, when_full=kind, target=target)


def _operation(rng: Random, world: World, queue_id: QueueId) -> Operation:
    match rng.randint(1, 14):
        case 13:
            return SetPriority(to=rng.randint(-1, 3))
        case 14:
            return Expedite()
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
        case _ if chance(rng, 30):
            return OfferCallback(text="call you back?")
        case _ if chance(rng, 50):
            return Announce(text="sorry", target=rng.choice(("customer", "hall")))
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
        match 0 if chance(rng, 8) else rng.randint(1, 9):
            case 0:
                trigger = EstimatedWait(above_ms=seconds(rng, 0, 9))
            case 1:
                trigger = NoEligibleAgent()
            case 5:
                trigger = Closed()
            case 2:
                trigger = QueueLength(above=rng.randint(0, 2))
            case 3:
                trigger = BeforeDue(ms=seconds(rng, 0, 6))
            case 4:
                trigger = Holds() if chance(rng, 50) else AllDeclined()
            case _:
                after += seconds(rng, 0 if place == 0 and chance(rng, 10) else 1, 4)
                trigger = After(ms=after)
        repeat_ms = seconds(rng, 1, 4) if chance(rng, 25) else None
        steps.append(
            Step(
                name=f"s{place + 1}",
                trigger=trigger,
                operations=tuple(operations),
                guard=_guard(rng) if chance(rng, 25) else AllOf(),
                repeat_ms=repeat_ms,
                times=rng.randint(1, 4) if repeat_ms is not None and chance(rng, 60) else None,
            )
        )
        if isinstance(trigger, After) and isinstance(operations[-1], DivertTo | EndWith):
            break
    return tuple(steps)


def _guard(rng: Random) -> Condition:
    own: tuple[Match, ...] = (
        Match(field="hops", op="<", value=rng.randint(0, 2)),
        Match(field="waiting", op=">=", value=seconds(rng, 0, 6)),
        Match(field="expedited", op="==", value=chance(rng, 50)),
        Match(field="queue", op="in", value=some(rng, QUEUES, 1, 3)),
        Match(field="priority", op="<", value=rng.randint(0, 4)),
    )
    if chance(rng, 20):
        return Expression(text=random_guard(rng))
    if chance(rng, 40):
        return _match(rng)
    return rng.choice(own) if chance(rng, 70) else NotOf(of=rng.choice(own))


def _window(rng: Random, percent: int) -> AgentWindow:
    return AgentWindow(ms=seconds(rng, 1, 6) if chance(rng, percent) else 0, even_absent=chance(rng, 25))


def _queue(rng: Random, world: World, section_id: SectionId, queue_id: QueueId) -> Queue:
    tiers = some(rng, world.pools, 1, 4) if chance(rng, 50) else ()
    names = some(rng, SCORE_TERMS, 0, 2)
    return Queue(
        queue_id=queue_id,
        section_id=section_id,
        requirement=random_requirement(rng, world),
        priority=rng.randint(0, 2),
        answer_within_ms=seconds(rng, 1, 5),
        last_agent=_window(rng, 40),
        preferred=_window(rng, 70),
        time_to_live_ms=seconds(rng, 1, 9) if chance(rng, 25) else None,
        tiers=_in_tiers(rng, tiers),
        skip_empty=chance(rng, 60),
        score=tuple((name, rng.choice((-500, 500, 1000))) for name in names),
        choice=rng.choice(CHOICES) if chance(rng, 50) else None,
        tolerance=rng.choice((100, 500, 1000)) if chance(rng, 40) else 0,
        ladder=_ladder(rng, world, queue_id),
        limit=random_limit(rng, world, 30),
        hours=random_hours(rng),
        selection=random_queue_selection(rng),
    )


def random_queue_selection(rng: Random) -> QueueSelection:
    """Return what the queue says to selections that choose among queues; half of the queues say nothing."""
    if chance(rng, 50):
        return QueueSelection()
    return QueueSelection(
        weight=rng.randint(1, 5),
        share=rng.randint(1, 4),
        cost_slope=rng.choice((500, 1000, 3000)),
        handle_ms=seconds(rng, 1, 4),
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
    if kind == 4:
        return Expression(text=random_expression(rng))
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
    auto_answer = chance(rng, 20)
    return OfferRules(
        timeout_ms=seconds(rng, 1, 4),
        on_no_answer=rng.choice(on_no_answer),
        pause_ms=seconds(rng, 1, 4),
        max_no_answer=rng.choice((0, 0, 1, 2)),
        retry_after_ms=rng.choice((1000, 3000, 6000, 20_000)),
        all_declined_pause_ms=seconds(rng, 1, 4),
        auto_answer=auto_answer,
        broadcast=1 if auto_answer or chance(rng, 50) else rng.randint(2, 3),
    )


def _callbacks(rng: Random) -> Callbacks:
    modes: tuple[CallbackMode, ...] = ("agent-first", "customer-first")
    return Callbacks(
        mode=rng.choice(modes),
        attempts=rng.randint(1, 3),
        retry_after_ms=seconds(rng, 1, 5),
        dial_ms=seconds(rng, 1, 4),
    )


def random_section(rng: Random, world: World, section_id: SectionId, queues: Sequence[QueueId]) -> Section:
    """Return a section with these queues."""
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
        limit=random_limit(rng, world, 20),
        callbacks=_callbacks(rng) if chance(rng, 70) else None,
    )


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


def random_channel(rng: Random, world: World, channel_id: ChannelId) -> Channel:
    """Return a channel that others may interrupt."""
    cost = {"voice": (100, 100, 60), "chat": (20, 33, 50), "mail": (10, 50, 100)}[channel_id]
    others = [other for other in world.channels if other != channel_id]
    return Channel(
        channel_id=channel_id,
        cost=rng.choice(cost),
        interruptible_by=some(rng, others, 0, 2) if chance(rng, 50) else (),
        hold_ms=rng.choice((None, 1000, 2000, 4000)),
        choice=rng.choice(CHOICES),
    )
