"""Random plans that are small, legal and full of coincidences, and plans that are such a plan changed a little.

Everything is drawn from a `random.Random`, so that the fuzzer and hypothesis share it: `plans()` and `requirements()`
are the hypothesis strategies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from agents.model import Pool, Rate
from agents.pools import is_member
from router.core.estimate_plan import EstimatedWait, EstimateRules
from router.core.names import (
    CentreId,
    PoolId,
    QueueId,
)
from router.core.plan import (
    DAY_MS,
    Limit,
    MoveTo,
    Plan,
    Queue,
    QueueLength,
    Section,
    Step,
)
from router.core.requirement import (
    Requirement,
)
from tests.oracle.calendar_parts import random_calendars
from tests.oracle.plan_parts import (
    AGENTS,
    CHANNELS,
    NAMED,
    POOLS,
    QUEUES,
    SECTIONS,
    SELECTIONS,
    World,
    chance,
    random_agent,
    random_channel,
    random_estimates,
    random_limit,
    random_pool,
    random_requirement,
    random_section,
    seconds,
    some,
    world_of,
)

T = TypeVar("T")

# ── plans ────────────────────────────────────────────────────────────────────────────────────────────────────────


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
        channels=tuple(random_channel(rng, world, channel_id) for channel_id in world.channels),
        sections=tuple(
            random_section(rng, world, section_id, queues) for section_id, queues in world.sections
        ),
        pools=tuple(random_pool(rng, world, pool_id) for pool_id in world.pools),
        agents=tuple(random_agent(rng, world, agent_id) for agent_id in world.agents),
        order=rng.choice(("age-offset", "strict", "due-first")),
        selection=rng.choice(SELECTIONS),
        seed=rng.randint(0, 5),
        presence_ttl_ms=rng.choice((None, None, 10_000, 30_000)),
        hop_limit=rng.randint(0, 3),
        check_every_ms=seconds(rng, 1, 4),
        remember_ms=rng.choice((5000, 20_000, DAY_MS)),
        limit=random_limit(rng, world, 15),
        customer_memory_ms=rng.choice((3000, 10_000, 60_000)),
        customer_memory_max=rng.choice((0, 1, 2, 10)),
        estimates=random_estimates(rng) if chance(rng, 40) else None,
        handled_window_ms=rng.choice((2000, 7000, 20_000)),
        calendars=random_calendars(rng),
    )


def _made_legal(plan: Plan) -> Plan:
    return _with_estimates(_without_rings(_with_legal_pools(plan)))


def _with_estimates(plan: Plan) -> Plan:
    """Let estimates be kept where something asks for them."""
    queues = [queue for section in plan.sections for queue in section.queues]
    limits = [plan.limit, *(s.limit for s in plan.sections), *(queue.limit for queue in queues)]
    steps = [step for queue in queues for step in queue.ladder]
    asked = any(limit is not None and limit.max_estimated_ms is not None for limit in limits) or any(
        isinstance(step.trigger, EstimatedWait) for step in steps
    )
    if plan.estimates is not None or not asked:
        return plan
    return replace(plan, estimates=EstimateRules(window_ms=64_000, least_services=1, announce=True))


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
    match rng.randint(1, 8):
        case 8:
            (channel, rules), *others = section.offers
            both = replace(rules, auto_answer=True, broadcast=2)
            first = replace(section, offers=((channel, both), *others))
            return replace(plan, sections=(first, *plan.sections[1:]))
        case 7:
            too_slow = replace(agent, kind="automated", rate=Rate(starts=0))
            return replace(plan, agents=(too_slow, *plan.agents[1:]))
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
