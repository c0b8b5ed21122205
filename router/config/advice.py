"""What is legal but probably not meant, with its place."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from agents.model import Agent
from agents.pools import is_member
from agents.skills import levels
from router.config.advice_calendars import about_calendars
from router.config.compile import Written
from router.config.compile_selection import unread
from router.config.impossible import Edges, circles, ladder_place
from router.config.names import Names, Place
from router.config.waiting_advice import about_time_to_live
from router.config.yaml_source import shown
from router.core.names import AgentId, PoolId
from router.core.plan import After, AllOf, DivertTo, EndWith, MoveTo, Plan, Queue, WidenTo
from router.core.requirement import (
    AgentTerm,
    All,
    Any,
    Not,
    PoolTerm,
    Requirement,
    SkillTerm,
    TagTerm,
    describe,
    terms,
)
from router.errors import Problem

_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


def advice(plan: Plan, written: Written, names: Names, today: date | None) -> list[Problem]:
    """Return warnings about a plan without problems, in no order; ``today`` None: nobody says what is past."""
    places = {name: place for name, place, _ in written.sections}
    return [
        *about_calendars(plan, written, names, today),
        *_about_the_centre(plan, written),
        *_about_agents(plan, written, names),
        *_about_pools(plan, names),
        *_about_intake(plan, places),
        *_about_ladders(plan, written, names),
        *about_time_to_live(plan, written, names),
        *_about_requirements(plan, places, names),
        *_about_selection(plan, written),
    ]


def _about_the_centre(plan: Plan, written: Written) -> Iterator[Problem]:
    if plan.order == "strict":
        message = "under order 'strict' work of low priority may wait for ever"
        yield (written.place / "order").problem(message, "'age-offset' lets nothing starve")
    if not plan.sections:
        yield written.place.problem(
            "the centre has no section", "write one in sections/NAME.yaml or under 'sections'"
        )
    if not plan.agents:
        yield written.place.problem("the centre has no agent", "write them in agents.yaml or under 'agents'")


def _about_agents(plan: Plan, written: Written, names: Names) -> Iterator[Problem]:
    costs = {channel.channel_id: channel.cost for channel in plan.channels}
    for agent in plan.agents:
        own = dict(agent.costs)
        for index, channel in enumerate(agent.channels):
            cost = own.get(channel, costs[channel])
            if cost > agent.capacity:
                place = names.agents[agent.agent_id] / "channels" / index
                yield place.problem(f"{channel} costs {cost}, more than the capacity of {agent.capacity}")
    had = {skill.name for agent in plan.agents for skill in agent.skills}
    for index, skill in enumerate(written.centre.skills or ()):
        if plan.agents and skill not in had:
            yield (written.place / "skills" / index).problem(f"nobody has the skill {shown(skill)!r}")


def _about_pools(plan: Plan, names: Names) -> Iterator[Problem]:
    used = {pool for _, queue in _queues(plan) for tier in queue.tiers for pool in tier}
    used |= {pool for _, queue in _queues(plan) for pool in _widened(queue)}
    used |= {term.pool for tree in _requirements(plan) for term in terms(tree) if isinstance(term, PoolTerm)}
    for pool in plan.pools:
        if pool.pool_id not in used and not pool.queue_levels:
            yield names.pools[pool.pool_id].problem(
                f"pool {pool.pool_id!r} is in no tier, need or ladder", key=True
            )


def _about_intake(plan: Plan, places: dict[str, Place]) -> Iterator[Problem]:
    for section in plan.sections:
        for index, rule in enumerate(section.intake[:-1]):
            if rule.when == AllOf():
                place = places[section.section_id] / "intake" / (index + 1)
                yield place.problem(f"never read: rule {rule.name!r} above holds for everything")
                break


def _about_ladders(plan: Plan, written: Written, names: Names) -> Iterator[Problem]:
    edges: Edges = {}
    seen: set[Place] = set()
    for section_id, queue in _queues(plan):
        spot = ladder_place(queue.queue_id, section_id, written, names)
        ended = ""
        for index, step in enumerate(queue.ladder):
            here = spot / index
            if ended and isinstance(step.trigger, After) and here not in seen:
                yield here.problem(f"never reached: step {ended!r} above ends the interaction before")
            for number, operation in enumerate(step.operations):
                if isinstance(operation, MoveTo):
                    spot_of_move = here / "do" / number / "move-to"
                    edges.setdefault(queue.queue_id, []).append((operation.queue, spot_of_move))
                elif isinstance(operation, DivertTo | EndWith) and isinstance(step.trigger, After):
                    ended = ended or step.name
            seen.add(here)
    for circle, place in circles(edges):
        way = " → ".join(shown(name) for name in circle)
        yield place.problem(
            f"ladders move in a circle: {way}", "each step is taken once, so the way ends there"
        )


def _about_requirements(plan: Plan, places: dict[str, Place], names: Names) -> Iterator[Problem]:
    if not plan.agents:
        return
    members = {
        pool.pool_id: {agent.agent_id for agent in plan.agents if is_member(pool, agent)}
        for pool in plan.pools
    }
    for section in plan.sections:
        place = places[section.section_id]
        for queue in section.queues:
            pools = {pool for tier in queue.tiers for pool in tier} | set(_widened(queue))
            agents = [
                agent
                for agent in plan.agents
                if not queue.tiers or any(agent.agent_id in members[pool] for pool in pools)
            ]
            if not any(_meets(queue.requirement, agent, members) for agent in agents):
                spot = names.queues[queue.queue_id]
                where = " in its pools" if queue.tiers else ""
                what = (
                    f"nobody{where} meets what queue {queue.queue_id!r} needs: {describe(queue.requirement)}"
                )
                yield spot.problem(what, "it waits until its ladder relaxes it", key=True)
        for index, rule in enumerate(section.intake):
            tree = rule.requirement
            if tree is not None and not any(_meets(tree, agent, members) for agent in plan.agents):
                spot = place / "intake" / index / "needs"
                yield spot.problem(f"nobody meets what rule {rule.name!r} needs: {describe(tree)}")


def _about_selection(plan: Plan, written: Written) -> Iterator[Problem]:
    for _, place, section in written.sections:
        yield from unread(plan.selection, section.selection, place)
        for name, queue in (section.queues or {}).items():
            yield from unread(plan.selection, queue.selection, place / "queues" / name)


def _queues(plan: Plan) -> Iterator[tuple[str, Queue]]:
    for section in plan.sections:
        for queue in section.queues:
            yield section.section_id, queue


def _widened(queue: Queue) -> Iterator[PoolId]:
    for step in queue.ladder:
        for operation in step.operations:
            if isinstance(operation, WidenTo):
                yield from operation.pools


def _requirements(plan: Plan) -> Iterator[Requirement]:
    for section in plan.sections:
        for queue in section.queues:
            yield queue.requirement
        for rule in section.intake:
            if rule.requirement is not None:
                yield rule.requirement


def _meets(tree: Requirement, agent: Agent, members: dict[PoolId, set[AgentId]]) -> bool:
    """Say whether the agent meets the tree at its widest: all branches open, all that expires gone."""
    match tree:
        case All():
            parts = (part for part in tree.of if part.expires_ms is None and part.weight is None)
            return all(_meets(part, agent, members) for part in parts)
        case Any():
            return any(_meets(part, agent, members) for part in tree.of)
        case Not():
            return not _meets(tree.of, agent, members)
        case SkillTerm():
            level = levels(agent).get(tree.skill)
            return level is not None and _COMPARE[tree.op](level, tree.level)
        case AgentTerm():
            return agent.agent_id in tree.agents
        case TagTerm():
            return (tree.tag, tree.value) in agent.tags
        case PoolTerm():
            return agent.agent_id in members[tree.pool]
