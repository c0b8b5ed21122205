"""Position and estimated wait, read off plain lists of all that ever ended, each time anew.

`docs/semantics.md`, section 12. The formula is written down here once more, term by term.
"""

from __future__ import annotations

from math import isqrt

from agents.pools import is_member
from router.core.estimate_plan import EstimateRules
from router.core.facts import WaitEstimated
from router.core.names import ChannelId, QueueId
from router.core.plan import Plan
from router.core.requirement import Requirement
from tests.oracle.reference_matching import can_take, key, rank
from tests.oracle.reference_requirement import Reading, is_met
from tests.oracle.reference_state import Assignment, Ending, Person, QuoteEnd, Service, State, Told, Work

Node = tuple[QueueId, ChannelId]

_MILLION = 1_000_000


# ── what happened ────────────────────────────────────────────────────────────────────────────────────────────────


def note_service(state: State, assignment: Assignment) -> None:
    """Write down that the units of the assignment come free now."""
    if state.plan.estimates is not None:
        took = state.now - assignment.connected_at
        state.services.append(
            Service(state.now, assignment.queue, assignment.work.channel, assignment.units * took)
        )


def note_wait(state: State, work: Work, how: str) -> None:
    """Write down that the work has been answered, or has ended unanswered."""
    if state.plan.estimates is None:
        return
    waited = 0 if work.service_clock is None else max(0, state.now - work.service_clock)
    if waited:
        state.endings.append(Ending(state.now, work.queue, work.channel, waited, how))
    for told in [told for told in state.quotes if told.work is work]:
        state.quotes.remove(told)
        took = state.now - told.at
        in_50: bool | None = took <= told.p50
        in_90: bool | None = took <= told.p90
        if how != "answered":
            in_50, in_90 = (None if within else False for within in (in_50, in_90))
        state.quote_ends.append(QuoteEnd(state.now, told.queue, work.channel, work.rule, in_50, in_90))


def follow_plan(state: State, before: Plan) -> None:
    """Forget what the new plan has no use for."""
    rules = state.plan.estimates
    if rules is None or before.estimates is None or rules.window_ms != before.estimates.window_ms:
        for everything in (state.services, state.endings, state.quotes, state.quote_ends):
            everything.clear()
        state.quoted_at.clear()
        return
    state.services = [one for one in state.services if _is_known(state, one.queue, one.channel)]
    state.endings = [one for one in state.endings if _is_known(state, one.queue, one.channel)]
    state.quote_ends = [one for one in state.quote_ends if _is_known(state, one.queue, one.channel)]
    state.quoted_at = {q: at for q, at in state.quoted_at.items() if state.find_queue(q) is not None}


def _is_known(state: State, queue_id: QueueId, channel_id: ChannelId) -> bool:
    return state.find_queue(queue_id) is not None and state.find_channel(channel_id) is not None


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _may_serve(state: State, person: Person, node: Node) -> bool:
    queue_id, channel_id = node
    agent = person.agent
    if person.removed or (agent.channels and channel_id not in agent.channels):
        return False
    if state.cost(person, channel_id) > agent.capacity:
        return False
    queue = state.queue(queue_id)
    pools = [pool for tier in queue.tiers for pool in tier]
    if pools and not any(
        (pool := state.find_pool(pool_id)) is not None and is_member(pool, agent) for pool_id in pools
    ):
        return False
    times = [0, *_times(queue.requirement)]
    return any(is_met(queue.requirement, agent, Reading(at, [], state.plan.pools)) for at in times)


def _times(tree: Requirement) -> list[int]:
    found = [ms for ms in (tree.expires_ms, tree.opens_ms) if ms is not None]
    of = getattr(tree, "of", ())
    for part in of if isinstance(of, tuple) else (of,):
        found.extend(_times(part))
    return found


def line(state: State, node: Node) -> tuple[list[Node], list[Person]]:
    """Return all that is joined to this by agents who may serve two of them, and those agents."""
    everything = [
        (queue.queue_id, channel.channel_id) for queue in state.queues() for channel in state.plan.channels
    ]
    nodes, people = [node], list[Person]()
    while True:
        people = [p for p in state.people.values() if any(_may_serve(state, p, one) for one in nodes)]
        more = [
            one
            for one in everything
            if one not in nodes and any(_may_serve(state, person, one) for person in people)
        ]
        if not more:
            return nodes, people
        nodes.extend(more)


def _usable_units(state: State, person: Person) -> int:
    agent = person.agent
    found = [0]
    for channel in state.plan.channels:
        if not agent.channels or channel.channel_id in agent.channels:
            cost = state.cost(person, channel.channel_id)
            count = min(
                agent.capacity // cost, dict(agent.channel_max).get(channel.channel_id, agent.capacity)
            )
            found.append(cost * count)
    return max(found)


# ── the estimate ─────────────────────────────────────────────────────────────────────────────────────────────────


def position(state: State, work: Work) -> int:
    """Return the place in its line, from 1, of work that waits or would."""
    nodes, _ = line(state, (work.queue, work.channel))
    own = key(state, work)
    if work.state != "queued":
        own = (own[0], rank(state, work), *own[2:])
    return 1 + sum(1 for w in state.queued() if (w.queue, w.channel) in nodes and key(state, w) < own)


def estimate(state: State, work: Work) -> tuple[str, int, int] | None:
    """Return method, p50 and p90 of work that waits, or is about to; None where they are unknown."""
    rules = state.plan.estimates
    if rules is None:
        return None
    nodes, people = line(state, (work.queue, work.channel))
    units = sum(_usable_units(state, person) for person in people if person.presence == "ready")
    if not units:
        return None
    factor_50, factor_90 = _factors(state, work)
    services = [s for s in state.services if (s.queue, s.channel) in nodes and _is_recent(state, rules, s.at)]
    waits = [e for e in state.endings if (e.queue, e.channel) in nodes and _is_recent(state, rules, e.at)]
    if len(services) >= rules.least_services:
        spent = max(sum(service.work for service in services), 1)
        left = sum(1 for ending in waits if ending.how == "abandoned")
        waited = sum(ending.waited for ending in waits) or 1
        mean, variance = _sums(
            [
                1000 * spent * waited // (units * len(services) * waited + staying * left * spent)
                for staying in _stayings(position(state, work) - 1)
            ]
        )
        p50, p90 = _quantiles(mean, variance)
        p50, p90 = p50 * factor_50 // _MILLION, p90 * factor_90 // _MILLION
        return "queue-length", p50, max(p50, p90)
    own = [
        e for e in state.endings if e.how == "answered" and (e.queue, e.channel) == (work.queue, work.channel)
    ]
    if not own or not _is_recent(state, rules, own[-1].at):
        return None
    so_far = max(0, state.now - (work.service_clock or 0)) if work.state == "queued" else 0
    p50 = max(0, own[-1].waited * factor_50 // _MILLION - so_far)
    p90 = max(0, own[-1].waited * 2 * factor_90 // _MILLION - so_far)
    return "last-entered", p50, max(p50, p90)


def _is_recent(state: State, rules: EstimateRules, at: int) -> bool:
    period = max(rules.window_ms // 16, 1)
    return at // period > state.now // period - 16


def _stayings(ahead: int) -> list[int]:
    """How many may still give up, for each gap; from 64 on gaps are taken in blocks, each for its middle."""
    found: list[int] = []
    while len(found) <= ahead:
        place = len(found)
        size = 1 if place < 64 else min(place // 16, ahead - place + 1)
        found.extend([place + size // 2] * size)
    return found


def _sums(gaps: list[int]) -> tuple[int, int]:
    return sum(gaps), sum(gap * gap for gap in gaps)


def _quantiles(mean: int, variance: int) -> tuple[int, int]:
    if not mean:
        return 0, 0
    ninth = variance * _MILLION // (9 * mean * mean)
    middle = _MILLION - ninth
    upper = middle + 1_281_552 * isqrt(ninth * _MILLION) // _MILLION
    return mean * middle**3 // 10**21, mean * upper**3 // 10**21


def _factors(state: State, work: Work) -> tuple[int, int]:
    """What earlier quotes to work of the same queue, channel and rule have taught."""
    pair = [_MILLION, _MILLION]
    steps = ((-20, 20), (-4, 36))
    for end in state.quote_ends:
        if (end.queue, end.channel, end.rule) != (work.queue, work.channel, work.rule):
            continue
        for place, within in enumerate((end.in_50, end.in_90)):
            if within is not None:
                down, up = steps[place]
                pair[place] += pair[place] * (down if within else up) // 1000
                pair[place] = max(62_500, min(pair[place], 16_000_000))
    return pair[0], pair[1]


# ── quotes, limits, triggers ─────────────────────────────────────────────────────────────────────────────────────


def quote_begun(state: State) -> None:
    """Quote to those that began to wait in this instant and still do."""
    begun = list(state.begun)
    state.begun.clear()
    rules = state.plan.estimates
    if rules is None:
        return
    for work in begun:
        if work.state != "queued" or (work.service_clock or 0) > state.now:
            continue
        last = state.quoted_at.get(work.queue)
        if not rules.announce and last is not None and state.now - last < 1000:
            continue
        found = estimate(state, work)
        if found is None:
            continue
        method, p50, p90 = found
        state.quotes.append(Told(work, state.now, work.queue, p50, p90))
        state.quoted_at[work.queue] = state.now
        if rules.announce:
            place = position(state, work)
            state.facts.append(
                WaitEstimated(state.now, work.interaction_id, work.queue, place, p50, p90, method)
            )


def waits_longer(state: State, work: Work, than_ms: int) -> bool:
    """Say whether the estimated wait is known, and longer."""
    found = estimate(state, work)
    return found is not None and found[1] > than_ms


def somebody_can_take(state: State, work: Work) -> bool:
    """Say whether an agent can take the work at once."""
    return any(can_take(state, person, work) for person in state.people.values())
