"""Waits under non-preemptive priorities, M/M/n with k classes of the same handle time, live here."""

from collections.abc import Sequence
from dataclasses import dataclass

from router.simulation.theory.arguments import a_count, a_rate
from router.simulation.theory.delay import check_capacity, erlang_c


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityClass:
    """One class of the stationary non-preemptive priority queue, first come first served inside the class.

    Times are in the unit of the rates; `wait_second_moment` is E[W²] over all customers of the class, in
    squared time units.
    """

    arrival_rate: float
    probability_wait: float
    mean_wait: float
    wait_second_moment: float

    @property
    def mean_queue(self) -> float:
        """The mean number of this class waiting, λ_k·mean wait (Little 1961)."""
        return self.arrival_rate * self.mean_wait


def priority_queue(
    *, servers: int, arrival_rates: Sequence[float], service_rate: float
) -> tuple[PriorityClass, ...]:
    """Return one :class:`PriorityClass` per entry of `arrival_rates`, the first being served first; one
    handle-time distribution for all.

    With σ_k the share of capacity taken by classes 1..k and C from Erlang C of the whole load, E[W_k] =
    C/(nμ)/((1 - σ_{k-1})(1 - σ_k)) (Cobham 1954, Operations Research 2, pp. 70-76; Kella & Yechiali 1985,
    Stochastic Models 1, pp. 257-262). Second moment: while all servers are busy the n servers act as one of
    rate nμ, so a delayed customer's wait has the law it has in M/M/1 (Kella & Yechiali 1985), for which, with
    R = Σ_i λ_i E[S²] over all classes and R_k over 1..k, E[W_k²] = Σλ E[S³]/(3(1-σ_{k-1})²(1-σ_k)) +
    R·R_k/(2(1-σ_{k-1})²(1-σ_k)²) + R·R_{k-1}/(2(1-σ_{k-1})³(1-σ_k)) (Kesten & Runnenburg 1957; Takács 1964),
    divided by that queue's P(wait) = ρ and multiplied by C. Raises ValueError for no classes, servers < 1 or
    rates not above 0, OverloadError where the whole load is at or above capacity (the upper classes might
    still have a wait then; leave the classes that can't be served out and count every arrival as waiting).
    """
    a_count("servers", servers, 1)
    services = a_rate("service_rate", service_rate)
    if not arrival_rates:
        raise ValueError("arrival_rates: found none, expected one rate per class, the most urgent first")
    rates = [a_rate(f"arrival_rates[{k}]", rate) for k, rate in enumerate(arrival_rates)]
    total, capacity = sum(rates), servers * services
    check_capacity(servers, total / services)
    wait = erlang_c(servers, total / services)
    second, third = 2.0 / capacity**2, 6.0 / capacity**3
    load = total / capacity
    classes, above = [], 0.0
    for rate in rates:
        upto = above + rate
        left_above, left = 1.0 - above / capacity, 1.0 - upto / capacity
        single_server_moment = (
            total * third / (3.0 * left_above**2 * left)
            + total * second * upto * second / (2.0 * left_above**2 * left**2)
            + total * second * above * second / (2.0 * left_above**3 * left)
        )
        classes.append(
            PriorityClass(
                arrival_rate=rate,
                probability_wait=wait,
                mean_wait=wait / (capacity * left_above * left),
                wait_second_moment=wait * single_server_moment / load,
            )
        )
        above = upto
    return tuple(classes)
