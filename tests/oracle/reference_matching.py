"""Who can take what, which work an agent names, and which agent is best: every pair looked at, every time."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from agents.pools import is_member
from agents.skills import levels, places
from router.core.names import AgentId, PoolId
from tests.oracle.reference_affinity import favoured, windows
from tests.oracle.reference_broadcast import named_work, offers_of_work
from tests.oracle.reference_choice import MEASURED, best_fit, measure, speed
from tests.oracle.reference_rates import is_spent
from tests.oracle.reference_requirement import Reading, is_met, preferences_met, wanted_skills
from tests.oracle.reference_selection import first_work, has_waited_enough, of_first_level
from tests.oracle.reference_state import Person, State, Work


class Decision(NamedTuple):
    """The next match: this work to this agent, and what decided it."""

    work: Work
    person: Person
    tier: int
    score: int
    choice: str


def reading(state: State, work: Work) -> Reading:
    """How the work's requirement is read now."""
    return Reading(state.elapsed(work), work.relaxations, state.plan.pools)


# ── can take ─────────────────────────────────────────────────────────────────────────────────────────────────────


def can_take(state: State, person: Person, work: Work) -> bool:
    """Say whether the agent can take the work now, were it queued or broadcast to too few."""
    return (
        person.presence == "ready"
        and person.paused_until is None
        and not is_spent(state, person)
        and would_do(state, person, work)
        and not _is_held_off(state, person, work)
        and has_waited_enough(state, person, work)
        and person.agent_id not in work.refusals
        and all(offer.agent_id != person.agent_id for offer in offers_of_work(state, work))
        and not _wraps_up_for_section(state, person, work)
        and _has_channel_room(state, person, work)
        and _has_units(state, person, work)
    )


def would_do(state: State, person: Person, work: Work) -> bool:
    """Say whether the agent passes `kind`, `channel`, `pool` and `requirement`."""
    if work.people_only and person.agent.kind == "automated":
        return False
    if person.agent.channels and work.channel not in person.agent.channels:
        return False
    if tier_of(state, person, work) is None:
        return False
    return is_met(work.requirement, person.agent, reading(state, work))


def _is_held_off(state: State, person: Person, work: Work) -> bool:
    return bool(waited_for(state, work)) and person.agent_id not in favoured(state, work)


def waited_for(state: State, work: Work) -> list[AgentId]:
    """Return the favoured agents that others are held off for."""
    found: list[AgentId] = []
    for window, agents in windows(state, work):
        for agent_id in agents:
            person = state.people.get(agent_id)
            if state.now < work.queued_at + window.ms and person is not None:
                is_there = person.presence == "ready" or window.even_absent
                if is_there and would_do(state, person, work) and agent_id not in work.refusals:
                    found.append(agent_id)
    return found


def _wraps_up_for_section(state: State, person: Person, work: Work) -> bool:
    return any(
        assignment.is_wrap_up and assignment.scope == "section" and assignment.section == work.section
        for assignment in state.assignments_of(person.agent_id)
    )


def _has_channel_room(state: State, person: Person, work: Work) -> bool:
    most = dict(person.agent.channel_max).get(work.channel)
    held = [holding for holding in state.holdings(person.agent_id) if holding.work.channel == work.channel]
    return most is None or len(held) < most


def _has_units(state: State, person: Person, work: Work) -> bool:
    held = 0
    for holding in state.holdings(person.agent_id):
        channel = state.find_channel(holding.work.channel)
        is_assignment = holding in state.assignments
        if is_assignment and channel is not None and work.channel in channel.interruptible_by:
            continue
        held += holding.units
    return state.cost(person, work.channel) <= person.agent.capacity - held


# ── pools and tiers ──────────────────────────────────────────────────────────────────────────────────────────────


def tier_of(state: State, person: Person, work: Work) -> int | None:
    """Return the smallest tier of the open pools that the agent is in, or None when it is in none."""
    tiers = state.queue(work.queue).tiers
    if not tiers:
        return 1
    found = [tier for tier, pool_id in _open_pools(state, work) if _is_in(state, person, pool_id)]
    return min(found, default=None)


def _open_pools(state: State, work: Work) -> list[tuple[int, PoolId]]:
    queue = state.queue(work.queue)
    found: list[tuple[int, PoolId]] = []
    for tier, pools in enumerate(queue.tiers, start=1):
        before = [pool_id for earlier in queue.tiers[: tier - 1] for pool_id in earlier]
        nobody_before = not any(
            person.is_signed_in and _is_in(state, person, pool_id)
            for person in state.people.values()
            for pool_id in before
        )
        skipped_to = queue.skip_empty and nobody_before
        found.extend(
            (tier, pool_id) for pool_id in pools if tier == 1 or skipped_to or pool_id in work.opened
        )
    in_tiers = [pool_id for pools in queue.tiers for pool_id in pools]
    found.extend((len(queue.tiers) + 1, pool_id) for pool_id in work.opened if pool_id not in in_tiers)
    return found


def _is_in(state: State, person: Person, pool_id: PoolId) -> bool:
    pool = state.find_pool(pool_id)
    return pool is not None and is_member(pool, person.agent)


# ── the order of work ────────────────────────────────────────────────────────────────────────────────────────────


def rank(state: State, work: Work) -> int:
    """Return the work's rank by the centre's order."""
    queue = state.queue(work.queue)
    match state.plan.order:
        case "age-offset":
            return work.queued_at - work.priority * state.section_of(work.queue).ms_per_point
        case "strict":
            return -work.priority
        case "due-first":
            due_at = work.arrival.due_at
            return work.queued_at + queue.answer_within_ms if due_at is None else due_at
        case other:
            raise ValueError(f"the reference knows no order {other!r}")


def key(state: State, work: Work) -> tuple[int, ...]:
    """Return what waiting work is ordered by; the smaller goes first."""
    tail: tuple[int, ...] = (work.queued_at, work.number)
    if work.tail is not None and state.plan.order == "strict":
        tail = work.tail
    return (0 if work.expedited else 1, work.rank, *tail)


# ── the choice of the agent ──────────────────────────────────────────────────────────────────────────────────────


def score(state: State, person: Person, work: Work) -> int:
    """Return the static score of the agent for the work."""
    total = sum(
        weight * _score_term(name, state, person, work) for name, weight in state.queue(work.queue).score
    )
    return total + 1000 * preferences_met(work.requirement, person.agent, reading(state, work))


def _score_term(name: str, state: State, person: Person, work: Work) -> int:
    have = levels(person.agent)
    wanted = wanted_skills(work.requirement, reading(state, work))
    match name:
        case "skill-fit":
            return sum(have.get(skill, 0) * 100 for skill in wanted) // len(wanted) if wanted else 0
        case "most-skilled":
            return sum(have.values()) * 100
        case "least-skilled":
            return -sum(have.values()) * 100
        case "first-skill":
            own = [place for skill, place in places(person.agent).items() if skill in wanted]
            return max(0, 1000 - 100 * (min(own) - 1)) if own else 0
        case "best-fit":
            return best_fit(work.requirement, person, reading(state, work))
        case "fastest":
            return speed(person, work.channel)
        case other:
            raise ValueError(f"the reference knows no score term {other!r}")


def next_decision(state: State) -> Decision | None:
    """Return the next match of a pass, or None when no agent names any work."""
    named: list[tuple[Person, Work]] = []
    for person in state.people.values():
        possible = [work for work in named_work(state) if can_take(state, person, work)]
        if possible:
            lot = draw(state.plan.seed, state.decisions + 1)
            named.append(
                (
                    person,
                    first_work(
                        state,
                        person,
                        of_first_level(state, person, possible),
                        partial(key, state),
                        partial(would_do, state),
                        lot,
                    ),
                )
            )
    if not named:
        return None
    work = min((work for _, work in named), key=lambda work: key(state, work))
    return _best(state, work, [person for person, first in named if first is work])


def _best(state: State, work: Work, people: list[Person]) -> Decision:
    if waited_for(state, work):
        order = favoured(state, work)
        first = min(people, key=lambda person: order.index(person.agent_id))
        is_last = first.agent_id == work.last_agent and state.queue(work.queue).last_agent.ms > 0
        rule = "last-agent" if is_last else "preferred"
        return Decision(work, first, tier_of(state, first, work) or 0, score(state, first, work), rule)
    tiers = {person.agent_id: tier_of(state, person, work) or 0 for person in people}
    scores = {person.agent_id: score(state, person, work) for person in people}
    tier = min(tiers.values())
    people = [person for person in people if tiers[person.agent_id] == tier]
    most = max(scores[person.agent_id] for person in people)
    least = most - 1000 * state.queue(work.queue).tolerance
    people = [person for person in people if scores[person.agent_id] >= least]
    people.sort(key=lambda person: person.agent_id)
    choice = state.queue(work.queue).choice or state.channel(work.channel).choice
    chosen = _choose(state, choice, work, people)
    return Decision(work, chosen, tier, scores[chosen.agent_id], choice)


def _choose(state: State, choice: str, work: Work, people: list[Person]) -> Person:
    match choice:
        case "longest-idle":
            return min(
                people,
                key=lambda person: (
                    0 if state.units_held(person.agent_id) == 0 else 1,
                    person.idle_since,
                    person.agent_id,
                ),
            )
        case "load-ratio":
            return min(
                people,
                key=lambda person: (
                    state.units_held(person.agent_id) * 1_000_000 // person.agent.capacity,
                    person.idle_since,
                    person.agent_id,
                ),
            )
        case _ if choice in MEASURED:
            return min(
                people,
                key=lambda person: (
                    0 if state.units_held(person.agent_id) == 0 else 1,
                    measure(state, person, choice),
                    person.idle_since,
                    person.agent_id,
                ),
            )
        case "round-robin":
            last = state.last_round_robin.get(work.queue, AgentId(""))
            return next((person for person in people if person.agent_id > last), people[0])
        case "random":
            return people[draw(state.plan.seed, state.decisions + 1) % len(people)]
        case other:
            raise ValueError(f"the reference knows no choice {other!r}")


def draw(seed: int, decision: int) -> int:
    """Return the random number of a decision: what splitmix64 (Steele, Lea & Flood 2014) makes of that state."""
    bits = 2**64
    z = (seed + decision * 0x9E3779B97F4A7C15) % bits
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % bits
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % bits
    return z ^ (z >> 31)
