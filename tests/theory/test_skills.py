"""The FCFS + longest idle product form against chains solved by iteration, permutations and special cases."""

import math
from itertools import permutations

import pytest

from router.simulation.theory import (
    OverloadError,
    Pool,
    SkillNetwork,
    delay_queue,
    erlang_c,
    skill_network,
)


def a_pool(*types: int, servers: int = 1, service_rate: float = 1.0) -> Pool:
    """One server of rate 1 for these types, unless told otherwise."""
    return Pool(servers=servers, service_rate=service_rate, types=frozenset(types))


def solved_chain(rates: list[float], skills: list[Pool], most: int) -> dict[str, list[float]]:
    """Solve the chain itself: waiting types in order of arrival (up to `most`) and idle servers in order of
    idleness.

    It knows nothing of product forms: who takes whom is followed customer by customer, and the stationary law
    found by power iteration.
    """
    types, servers = range(len(rates)), range(len(skills))
    start: tuple[tuple[int, ...], tuple[int, ...]] = ((), tuple(servers))
    index, states, rows = {start: 0}, [start], []
    total = sum(rates) + sum(pool.service_rate for pool in skills)
    at = 0
    while at < len(states):
        queue, idle = states[at]
        row: list[tuple[int, float, int, int]] = []
        targets = []
        for c in types:
            taker = next((m for m in idle if c in skills[m].types), None)
            if taker is not None:
                targets.append(((queue, tuple(m for m in idle if m != taker)), rates[c], c, taker))
            elif len(queue) < most:
                targets.append((((*queue, c), idle), rates[c], -1, -1))
        for m in servers:
            if m in idle:
                continue
            place = next((i for i, c in enumerate(queue) if c in skills[m].types), None)
            if place is None:
                targets.append(((queue, (*idle, m)), skills[m].service_rate, -1, -1))
            else:
                rest = queue[:place] + queue[place + 1 :]
                targets.append(((rest, idle), skills[m].service_rate, queue[place], m))
        for target, rate, c, m in targets:
            if target not in index:
                index[target] = len(states)
                states.append(target)
            row.append((index[target], rate / total, c, m))
        rows.append(row)
        at += 1
    now = [1.0] + [0.0] * (len(states) - 1)
    stay = [1 - sum(move[1] for move in row) for row in rows]
    for _ in range(400):
        after = [p * s for p, s in zip(now, stay, strict=True)]
        for p, row in zip(now, rows, strict=True):
            for to, probability, _, _ in row:
                after[to] += p * probability
        now = after
    matches = [[0.0 for _ in servers] for _ in types]
    for p, row in zip(now, rows, strict=True):
        for _, probability, c, m in row:
            if c >= 0:
                matches[c][m] += p * probability * total
    counts = [[queue.count(c) for queue, _ in states] for c in types]
    return {
        "mean": [math.fsum(p * k for p, k in zip(now, counts[c], strict=True)) / rates[c] for c in types],
        "square": [
            math.fsum(p * k * (k - 1) for p, k in zip(now, counts[c], strict=True)) / rates[c] ** 2
            for c in types
        ],
        "wait": [
            math.fsum(
                p
                for p, (_, idle) in zip(now, states, strict=True)
                if not any(c in skills[m].types for m in idle)
            )
            for c in types
        ],
        "match": [rate for row in matches for rate in row],
        "busy": [
            1 - math.fsum(p for p, (_, idle) in zip(now, states, strict=True) if m in idle) for m in servers
        ],
    }


NETWORKS = {
    "two types, three servers": (
        [0.5, 0.45],
        [a_pool(0), a_pool(0, 1, service_rate=0.7), a_pool(1, service_rate=1.3)],
    ),
    "an N": ([0.35, 0.3], [a_pool(0, service_rate=1.2), a_pool(0, 1, service_rate=0.8)]),
    "three types in a ring": (
        [0.25, 0.3, 0.2],
        [a_pool(0, 1), a_pool(1, 2, service_rate=1.5), a_pool(2, 0, service_rate=0.9)],
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_a_solved_chain(name: str) -> None:
    """Waits (mean, second moment, share), occupancies and match rates are those of the chain solved by brute
    force.
    """
    rates, skills = NETWORKS[name]
    theory = skill_network(arrival_rates=rates, pools=skills)
    chain = solved_chain(rates, skills, 10 if len(rates) == 2 else 7)
    loose = 3e-4 if len(rates) == 2 else 3e-3
    assert list(theory.probability_wait) == pytest.approx(chain["wait"], rel=loose)
    assert list(theory.mean_wait) == pytest.approx(chain["mean"], rel=5 * loose)
    assert list(theory.wait_second_moment) == pytest.approx(chain["square"], rel=20 * loose)
    assert list(theory.occupancy) == pytest.approx(chain["busy"], rel=loose)
    assert [rate for row in theory.match_rates for rate in row] == pytest.approx(
        chain["match"], rel=loose, abs=1e-12
    )


def by_permutations(rates: list[float], skills: list[Pool]) -> list[float]:
    """Mean waits by writing the product form out over every order of the servers, as Adan & Weiss (2014)
    print it.
    """
    total, queue = 0.0, [0.0] * len(rates)
    for order in permutations(range(len(skills))):
        for busy in range(len(skills) + 1):
            weight, expected = 1.0, [0.0] * len(rates)
            for j in range(busy):
                front = set(order[: j + 1])
                mu = sum(skills[m].service_rate for m in front)
                only = [
                    c for c in range(len(rates)) if {m for m, s in enumerate(skills) if c in s.types} <= front
                ]
                spare = mu - sum(rates[c] for c in only)
                weight /= spare
                for c in only:
                    expected[c] += rates[c] / spare
            for j in range(busy, len(skills)):
                reach = {c for m in order[j:] for c in skills[m].types}
                weight /= sum(rates[c] for c in reach)
            total += weight
            queue = [q + weight * e for q, e in zip(queue, expected, strict=True)]
    return [q / total / rate for q, rate in zip(queue, rates, strict=True)]


def test_equals_the_sum_over_permutations() -> None:
    """Summing over sets instead of orders changes nothing, at high load too."""
    rates = [0.9, 1.1, 0.7, 0.6]
    skills = [
        a_pool(0),
        a_pool(0, 1, service_rate=0.8),
        a_pool(1, 2),
        a_pool(2, 3, service_rate=1.1),
        a_pool(3, 0, 2),
    ]
    assert by_permutations(rates, skills) == pytest.approx(
        list(skill_network(arrival_rates=rates, pools=skills).mean_wait), rel=1e-10
    )


def merged(network: SkillNetwork, groups: list[list[int]]) -> list[list[float]]:
    """The match rates with the columns of each group added up."""
    return [[math.fsum(row[p] for p in group) for group in groups] for row in network.match_rates]


def test_a_pool_is_its_servers() -> None:
    """A pool of k equals k pools of one, waits and match rates alike."""
    rates = [1.5, 1.9]
    together = skill_network(
        arrival_rates=rates,
        pools=[a_pool(0, servers=2), a_pool(0, 1, servers=2, service_rate=0.9), a_pool(1)],
    )
    apart = skill_network(
        arrival_rates=rates,
        pools=[
            a_pool(0),
            a_pool(0),
            a_pool(0, 1, service_rate=0.9),
            a_pool(0, 1, service_rate=0.9),
            a_pool(1),
        ],
    )
    assert apart.mean_wait == pytest.approx(together.mean_wait)
    assert apart.wait_second_moment == pytest.approx(together.wait_second_moment)
    for a, b in zip(merged(apart, [[0, 1], [2, 3], [4]]), together.match_rates, strict=True):
        assert a == pytest.approx(list(b))


def test_everybody_can_everything_is_erlang_c() -> None:
    """Full skills and equal speeds: every type waits as in M/M/n, in share, mean and second moment."""
    network = skill_network(
        arrival_rates=[2.0, 3.5, 1.0], pools=[a_pool(0, 1, 2, servers=5), a_pool(0, 1, 2, servers=4)]
    )
    queue = delay_queue(servers=9, arrival_rate=6.5, service_rate=1.0)
    assert network.probability_wait == pytest.approx([queue.probability_wait] * 3)
    assert network.mean_wait == pytest.approx([queue.mean_wait] * 3)
    assert network.wait_second_moment == pytest.approx([queue.wait_second_moment] * 3)
    assert network.match_rates[1][0] == pytest.approx(3.5 * 5 / 9)


def test_separate_skills_are_separate_queues() -> None:
    """Without common servers each type is an M/M/n of its own."""
    network = skill_network(
        arrival_rates=[2.0, 0.5], pools=[a_pool(0, servers=3), a_pool(1, service_rate=0.8)]
    )
    assert network.probability_wait == pytest.approx([erlang_c(3, 2.0), 0.5 / 0.8])
    assert network.match_rates[0][1] == 0.0


def test_flow_balance_of_large_pools() -> None:
    """Rows of the match rates sum to λ, columns to the work the pool does, with 60 servers at 94 % load."""
    rates = [18.0, 20.0, 18.4]
    pools = [a_pool(0, 1, servers=20), a_pool(1, 2, servers=20), a_pool(2, 0, servers=20)]
    network = skill_network(arrival_rates=rates, pools=pools)
    assert [sum(row) for row in network.match_rates] == pytest.approx(rates)
    for p, pool in enumerate(pools):
        done = sum(row[p] for row in network.match_rates)
        assert network.occupancy[p] * pool.servers * pool.service_rate == pytest.approx(done)
    assert network.mean_queue == pytest.approx([r * w for r, w in zip(rates, network.mean_wait, strict=True)])
    whole = delay_queue(servers=60, arrival_rate=sum(rates), service_rate=1.0)
    assert min(network.mean_wait) > 0.5 * whole.mean_wait


def test_nothing_over_or_underflows() -> None:
    """A thousand servers in one pool, nearly idle or nearly full, still give Erlang C."""
    for load in (1.0, 990.0):
        network = skill_network(arrival_rates=[load], pools=[a_pool(0, servers=1000)])
        assert network.probability_wait[0] == pytest.approx(erlang_c(1000, load), rel=1e-6, abs=1e-300)
        assert network.occupancy[0] == pytest.approx(load / 1000)


def test_overload_names_types_and_pools() -> None:
    """Types that bring more than their servers can do are named with those servers, though the whole has
    room.
    """
    with pytest.raises(OverloadError, match=r"types \[1\] bring 1.2 per time unit, but pools \[1\]"):
        skill_network(arrival_rates=[0.1, 1.2], pools=[a_pool(0, servers=3), a_pool(0, 1)])
    with pytest.raises(OverloadError, match=r"types \[0, 1\]"):
        skill_network(arrival_rates=[1.0, 1.0], pools=[a_pool(0, 1, servers=2)])


def test_bad_arguments() -> None:
    """What can't be a network is refused by name."""
    with pytest.raises(ValueError, match="expected at least one of each"):
        skill_network(arrival_rates=[], pools=[])
    with pytest.raises(ValueError, match=r"pools\[0\].types: found \[2\]"):
        skill_network(arrival_rates=[1.0], pools=[a_pool(2)])
    with pytest.raises(ValueError, match=r"pools\[0\].types: found \[\]"):
        skill_network(arrival_rates=[1.0], pools=[a_pool()])
    with pytest.raises(ValueError, match=r"pools\[0\].servers: found 0"):
        skill_network(arrival_rates=[1.0], pools=[a_pool(0, servers=0)])
    with pytest.raises(ValueError, match="no pool serves type 1"):
        skill_network(arrival_rates=[0.5, 0.1], pools=[a_pool(0)])
    with pytest.raises(ValueError, match="expected at most 2000000: merge"):
        skill_network(arrival_rates=[0.5] * 9, pools=[a_pool(*range(9)) for _ in range(18)])
