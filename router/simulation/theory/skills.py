"""The exact stationary skill-based queue, first come first served with assignment to the longest idle server,
lives here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from router.simulation.theory.arguments import OverloadError, a_count, a_rate

_CELLS_MAX = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """`servers` alike: each finishes `service_rate` customers per time unit while busy, and serves the types
    in `types` (by index).
    """

    servers: int
    service_rate: float
    types: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillNetwork:
    """What `skill_network` found. Per customer type (index c): waits over all customers of the type, in the
    unit of the rates.

    `match_rates[c][p]` is the rate at which customers of type c are given to servers of pool p; a row sums to
    λ_c. `occupancy[p]` is the share of time a server of pool p is busy.
    """

    probability_wait: tuple[float, ...]
    mean_wait: tuple[float, ...]
    wait_second_moment: tuple[float, ...]
    mean_queue: tuple[float, ...]
    match_rates: tuple[tuple[float, ...], ...]
    occupancy: tuple[float, ...]


def skill_network(*, arrival_rates: Sequence[float], pools: Sequence[Pool]) -> SkillNetwork:
    """Return the stationary waits, match rates and occupancies of a skill-based queue under FCFS and longest
    idle server first.

    An arrival goes to the compatible server idle longest, or waits; a freed server takes the compatible
    customer waiting longest. With M_1, M_2, … the busy servers in order of arrival of what they block, n_j
    customers waiting between M_j and M_{j+1}, and the idle servers M_{i+1}, …, M_J, longest idle last, the
    stationary law is the product Π_{j<=i} λ_U(M_1..M_j)^n_j/μ(M_1..M_j)^(n_j+1) · Π_{j>i} 1/λ_C(M_j..M_J),
    where μ(S) is the rate of S together, λ_C(S) that of the types somebody in S serves and λ_U(S) that of the
    types only S serves (Visschers, Adan & Weiss 2012, Queueing Systems 70; Adan & Weiss 2014, Stochastic
    Systems 4). Waiting customers of the j-th gap are of type c with probability λ_c/λ_U, independently; mean
    and second moment of the wait follow by Little's law for the distribution (Haji & Newell 1971: E[L(L-1)] =
    λ²·E[W²], since later arrivals of a type don't touch the wait of earlier ones).

    Factors depend on the *sets* only, so orders are summed by recursion over how many servers of each pool
    are busy: cost is Π(servers_p + 1) states, times types × pools. Three pools of thirty servers take about a
    second.

    Raises ValueError for bad rates, a type nobody serves, a pool without types, or too many states;
    OverloadError naming the types and pools where some types together bring at least what their servers can
    do.
    """
    return _Lattice(arrival_rates, pools).solve()


class _Lattice:
    """One solution: arrays over the lattice of busy counts, one float per state, in `product` order.

    Values are divided by a common factor per level (number of servers in the set) so that none over- or
    underflows; its logarithm is kept per level. Counting sets of labelled servers contributes Π
    n_p!/(k_p!·(n_p-k_p)!)·k_p!·(n_p-k_p)!, the same for every state.
    """

    def __init__(self, arrival_rates: Sequence[float], pools: Sequence[Pool]) -> None:
        self.rates, self.pools = _checked(arrival_rates, pools)
        sizes = [pool.servers for pool in self.pools]
        states = math.prod(size + 1 for size in sizes)
        cells = states * (len(self.pools) + 1) * (len(self.rates) + 1) * 2
        if cells > _CELLS_MAX:
            raise ValueError(
                f"pools: found {states} combinations of busy servers × {len(self.rates)} types × {len(self.pools)} pools = {cells} cells, "
                f"expected at most {_CELLS_MAX}: merge pools that are alike, or simulate"
            )
        self.counts = list(product(*(range(size + 1) for size in sizes)))
        self.strides = [math.prod(size + 1 for size in sizes[p + 1 :]) for p in range(len(sizes))]
        self.order = sorted(range(states), key=lambda index: sum(self.counts[index]))
        self.servers = sum(sizes)

    def solve(self) -> SkillNetwork:
        """Combine busy orders and idle orders over every split of the servers."""
        types, pools = range(len(self.rates)), range(len(self.pools))
        idle, idle_first, idle_logs = self._idle_orders()
        busy, moments, found, busy_logs = self._busy_orders()
        logs = [busy_logs[level] + idle_logs[self.servers - level] for level in range(self.servers + 1)]
        top = max(logs)
        level_weight = [math.exp(log - top) for log in logs]
        last = len(self.counts) - 1
        total, in_service = 0.0, [0.0 for _ in pools]
        waits, queue, queue_pairs = [0.0 for _ in types], [0.0 for _ in types], [0.0 for _ in types]
        matches = [[0.0 for _ in pools] for _ in types]
        for index, counts in enumerate(self.counts):
            # In product order the complement of a state has the mirrored index.
            rest = last - index
            scale = level_weight[sum(counts)]
            weight = scale * busy[index] * idle[rest]
            total += weight
            for p in pools:
                in_service[p] += weight * counts[p]
            for c in types:
                if all(counts[p] == self.pools[p].servers for p in pools if c in self.pools[p].types):
                    waits[c] += weight
                queue[c] += scale * moments[c][0][index] * idle[rest]
                queue_pairs[c] += scale * 2.0 * moments[c][1][index] * idle[rest]
                for p in pools:
                    matches[c][p] += scale * (
                        self.rates[c] * busy[index] * idle_first[c][p][rest]
                        + self.pools[p].service_rate * found[c][p][index] * idle[rest]
                    )
        return SkillNetwork(
            probability_wait=tuple(w / total for w in waits),
            mean_wait=tuple(q / total / rate for q, rate in zip(queue, self.rates, strict=True)),
            wait_second_moment=tuple(
                q / total / rate**2 for q, rate in zip(queue_pairs, self.rates, strict=True)
            ),
            mean_queue=tuple(q / total for q in queue),
            match_rates=tuple(tuple(m / total for m in row) for row in matches),
            occupancy=tuple(n / total / pool.servers for n, pool in zip(in_service, self.pools, strict=True)),
        )

    def _smaller(self, index: int) -> list[tuple[int, int]]:
        """The states with one server less, as (pool, index)."""
        return [(p, index - self.strides[p]) for p, count in enumerate(self.counts[index]) if count]

    def _idle_orders(self) -> tuple[list[float], list[list[list[float]]], list[float]]:
        """Sums over orders of idle servers, and over those where type c's longest idle compatible server is
        of pool p.
        """
        types, pools = range(len(self.rates)), range(len(self.pools))
        idle = [0.0] * len(self.counts)
        first = [[[0.0] * len(self.counts) for _ in pools] for _ in types]
        idle[0] = 1.0
        logs, levels = [0.0] * (self.servers + 1), self._by_level()
        for level in range(1, self.servers + 1):
            for index in levels[level]:
                counts = self.counts[index]
                smaller = self._smaller(index)
                served = {c for p, _ in smaller for c in self.pools[p].types}
                rate = math.fsum(self.rates[c] for c in served)
                idle[index] = math.fsum(idle[j] for _, j in smaller) / rate
                for c in served:
                    already = [p for p in pools if counts[p] and c in self.pools[p].types]
                    for p in already:
                        value = math.fsum(first[c][p][j] for _, j in smaller)
                        if already == [p] and counts[p] == 1:
                            # The newest may be the first who fits, where nobody idle longer does.
                            value += idle[index - self.strides[p]]
                        first[c][p][index] = value / rate
            factor = max(idle[index] for index in levels[level])
            logs[level] = logs[level - 1] + math.log(factor)
            for index in levels[level]:
                idle[index] /= factor
                for c in types:
                    for p in pools:
                        first[c][p][index] /= factor
        return idle, first, logs

    def _busy_orders(
        self,
    ) -> tuple[list[float], list[tuple[list[float], list[float]]], list[list[list[float]]], list[float]]:
        """Sums over orders of busy servers and queues between them.

        Returned beside the plain sum: per type, the first and second Taylor coefficients in z - 1 of the
        generating function of its number waiting; per type and pool, the sum in which a marked busy server of
        the pool would find a customer of the type first, were it freed.
        """
        states, types, pools = len(self.counts), range(len(self.rates)), range(len(self.pools))
        busy = [0.0] * states
        moments = [([0.0] * states, [0.0] * states) for _ in types]
        nothing = [[0.0] * states for _ in pools]
        found = [[[0.0] * states for _ in pools] for _ in types]
        busy[0] = 1.0
        logs, levels = [0.0] * (self.servers + 1), self._by_level()
        for level in range(1, self.servers + 1):
            for index in levels[level]:
                counts = self.counts[index]
                smaller = self._smaller(index)
                only = self._served_by_these_alone(counts)
                capacity = math.fsum(
                    n * pool.service_rate for n, pool in zip(counts, self.pools, strict=True)
                )
                spare = capacity - math.fsum(self.rates[c] for c in only)
                busy[index] = math.fsum(busy[j] for _, j in smaller) / spare
                for c in types:
                    ones, twos = moments[c]
                    ratio = self.rates[c] / spare if c in only else 0.0
                    ones[index] = math.fsum(ones[j] for _, j in smaller) / spare + ratio * busy[index]
                    twos[index] = math.fsum(twos[j] for _, j in smaller) / spare + ratio * ones[index]
                for p, before in smaller:
                    other = math.fsum(self.rates[c] for c in only if c not in self.pools[p].types)
                    none = (math.fsum(nothing[p][j] for _, j in smaller) + busy[before]) / (capacity - other)
                    nothing[p][index] = none
                    for c in self.pools[p].types:
                        hit = none * self.rates[c] if c in only else 0.0
                        found[c][p][index] = (math.fsum(found[c][p][j] for _, j in smaller) + hit) / spare
            factor = max(busy[index] for index in levels[level])
            logs[level] = logs[level - 1] + math.log(factor)
            for index in levels[level]:
                busy[index] /= factor
                for p in pools:
                    nothing[p][index] /= factor
                    for c in types:
                        found[c][p][index] /= factor
                for ones, twos in moments:
                    ones[index] /= factor
                    twos[index] /= factor
        return busy, moments, found, logs

    def _served_by_these_alone(self, counts: tuple[int, ...]) -> list[int]:
        idle_pools = [pool for pool, n in zip(self.pools, counts, strict=True) if n < pool.servers]
        return [c for c in range(len(self.rates)) if not any(c in pool.types for pool in idle_pools)]

    def _by_level(self) -> list[list[int]]:
        levels: list[list[int]] = [[] for _ in range(self.servers + 1)]
        for index in self.order:
            levels[sum(self.counts[index])].append(index)
        return levels


def _checked(arrival_rates: Sequence[float], pools: Sequence[Pool]) -> tuple[list[float], list[Pool]]:
    if not arrival_rates or not pools:
        raise ValueError(
            f"arrival_rates, pools: found {len(arrival_rates)} and {len(pools)}, expected at least one of each"
        )
    rates = [a_rate(f"arrival_rates[{c}]", rate) for c, rate in enumerate(arrival_rates)]
    for p, pool in enumerate(pools):
        a_count(f"pools[{p}].servers", pool.servers, 1)
        a_rate(f"pools[{p}].service_rate", pool.service_rate)
        if not pool.types or not all(c in range(len(rates)) for c in pool.types):
            raise ValueError(
                f"pools[{p}].types: found {sorted(pool.types)}, expected at least one of 0..{len(rates) - 1}"
            )
    for c in range(len(rates)):
        if not any(c in pool.types for pool in pools):
            raise ValueError(
                f"arrival_rates[{c}]: no pool serves type {c}; add it to a pool's types or leave the type out"
            )
    _check_capacity(rates, pools)
    return rates, list(pools)


def _check_capacity(rates: Sequence[float], pools: Sequence[Pool]) -> None:
    """Hall's condition (Adan & Weiss 2014): every set of types brings less than the servers who
    know any of them can do.

    Only sets of types that are all a set of pools keeps to itself can be the tightest, and pools with equal
    types count as one.
    """
    kinds = sorted({pool.types for pool in pools}, key=sorted)
    if len(kinds) > 20:
        raise ValueError(
            f"pools: found {len(kinds)} different sets of types, expected at most 20: simulate instead"
        )
    for mask in range(1, 2 ** len(kinds)):
        inside = {kind for bit, kind in enumerate(kinds) if mask >> bit & 1}
        kept = [c for c in range(len(rates)) if not any(c in kind for kind in kinds if kind not in inside)]
        offered = math.fsum(rates[c] for c in kept)
        members = [p for p, pool in enumerate(pools) if pool.types in inside]
        capacity = math.fsum(pools[p].servers * pools[p].service_rate for p in members)
        if offered >= capacity:
            raise OverloadError(
                f"arrival_rates: types {kept} bring {offered:g} per time unit, but pools {members}, the only ones who know them, finish "
                f"{capacity:g}; expected less: add servers there, or teach one of these types to another pool"
            )
