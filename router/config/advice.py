"""What is legal but probably not meant, with its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from router.config.advice_affinity import about_affinity
from router.config.advice_calendars import about_calendars
from router.config.advice_contradictions import about_contradictions
from router.config.advice_eligibility import is_in_reach, meets, members_of, widened
from router.config.advice_reach import about_reach
from router.config.advice_waiting import about_time_to_live
from router.config.compile import Written
from router.config.compile_selection import unread
from router.config.impossible import Edges, circles, ladder_place
from router.config.names import Names, Place
from router.config.yaml_source import shown
from router.core.plan import After, AllOf, DivertTo, EndWith, MoveTo, Plan, Queue
from router.core.requirement import (
    PoolTerm,
    Requirement,
    describe,
    terms,
)
from router.errors import Problem


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
        *about_affinity(plan, written, names),
        *_about_requirements(plan, places, names),
        *_about_selection(plan, written),
        *about_contradictions(plan, written, names),
        *about_reach(plan, written, names),
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
    used |= {pool for _, queue in _queues(plan) for pool in widened(queue)}
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
    members = members_of(plan)
    for section in plan.sections:
        place = places[section.section_id]
        for queue in section.queues:
            if not any(
                is_in_reach(agent, queue, members) and meets(queue.requirement, agent, members)
                for agent in plan.agents
            ):
                spot = names.queues[queue.queue_id]
                where = " in its pools" if queue.tiers else ""
                what = (
                    f"nobody{where} meets what queue {queue.queue_id!r} needs: {describe(queue.requirement)}"
                )
                yield spot.problem(what, "it waits until its ladder relaxes it", key=True)
        for index, rule in enumerate(section.intake):
            tree = rule.requirement
            if tree is not None and not any(meets(tree, agent, members) for agent in plan.agents):
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


def _requirements(plan: Plan) -> Iterator[Requirement]:
    for section in plan.sections:
        for queue in section.queues:
            yield queue.requirement
        for rule in section.intake:
            if rule.requirement is not None:
                yield rule.requirement
