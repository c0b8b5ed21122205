"""The loss formula and the queue with unlimited patience and room live here: Erlang B, Erlang C, M/M/n,
Little's law.
"""

import math
from dataclasses import dataclass

from router.simulation.theory.arguments import OverloadError, a_count, a_load, a_rate, a_share


def erlang_b(servers: int, offered_load: float) -> float:
    """Return the share of arrivals that M/M/n/n loses: all `servers` busy under `offered_load` erlangs
    (Erlang B, the loss formula).

    Evaluated by the recursion 1/B(n) = 1 + n/(a·B(n-1)), B(0) = 1, in its stable form B(n) = a·B(n-1)/(n +
    a·B(n-1)). Holds for every load, and for any distribution of handle times with the same mean. Source:
    Erlang 1917; the recursion: Jagerman 1974, Bell System Technical Journal 53(3). Raises ValueError for
    servers < 0 or a load that is negative or not finite.
    """
    load = a_load("offered_load", offered_load)
    blocking = 1.0
    for n in range(1, a_count("servers", servers, 0) + 1):
        blocking = load * blocking / (n + load * blocking)
    return blocking


def erlang_c(servers: int, offered_load: float) -> float:
    """Return the probability that an arrival at M/M/n has to wait (Erlang C), for `offered_load` erlangs
    below `servers`.

    C = B/(1 - ρ(1 - B)) with ρ = a/n and B from `erlang_b`. Source: Erlang 1917; Kleinrock 1975, Queueing
    Systems I, section 3.5. Raises ValueError for servers < 1 or a bad load, OverloadError for a load of
    `servers` or more.
    """
    load = a_load("offered_load", offered_load)
    check_capacity(a_count("servers", servers, 1), load)
    blocking = erlang_b(servers, load)
    return blocking / (1.0 - load / servers * (1.0 - blocking))


def check_capacity(servers: int, load: float) -> None:
    """Raise OverloadError unless `load` erlangs leave some of `servers` idle in the long run."""
    if load >= servers:
        raise OverloadError(
            f"offered load: found {load:g} erlangs for servers={servers}, so the queue grows without bound; expected less than {servers}: "
            f"give at least {math.floor(load) + 1} servers, limit the room (room_queue) or the patience (patience_queue)"
        )


def little_mean(*, rate: float, mean_time: float) -> float:
    """Return the mean number present, rate × mean time (Little 1961, L = λW), for customers who enter at
    `rate` per time unit.
    """
    return a_rate("rate", rate) * a_load("mean_time", mean_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayQueue:
    """The stationary M/M/n queue, first come first served: what an arrival meets. Times are in the unit of
    the rates.

    `probability_wait` is Erlang C. A delayed customer's wait is exponential with rate `spare_rate` = nμ - λ
    (Erlang 1917).
    """

    servers: int
    arrival_rate: float
    service_rate: float
    probability_wait: float
    spare_rate: float

    @property
    def occupancy(self) -> float:
        """The share of time a server is busy, ρ = λ/(nμ)."""
        return self.arrival_rate / (self.servers * self.service_rate)

    @property
    def mean_wait(self) -> float:
        """The mean wait over all customers, C/(nμ - λ)."""
        return self.probability_wait / self.spare_rate

    @property
    def mean_wait_delayed(self) -> float:
        """The mean wait of those who wait at all, 1/(nμ - λ)."""
        return 1.0 / self.spare_rate

    @property
    def wait_second_moment(self) -> float:
        """The mean of the squared wait over all customers, 2C/(nμ - λ)², in squared time units."""
        return 2.0 * self.probability_wait / self.spare_rate**2

    @property
    def mean_queue(self) -> float:
        """The mean number waiting (not in service), λ·mean wait (Little 1961)."""
        return self.arrival_rate * self.mean_wait

    @property
    def mean_present(self) -> float:
        """The mean number waiting or in service, mean queue + λ/μ."""
        return self.mean_queue + self.arrival_rate / self.service_rate

    def wait_tail(self, time: float) -> float:
        """Return P(W > time) = C·exp(-(nμ - λ)·time). Raises ValueError for a negative time."""
        return self.probability_wait * math.exp(-self.spare_rate * a_load("time", time))

    def service_level(self, time: float) -> float:
        """Return the share of all arrivals answered within `time`, 1 - P(W > time); nobody leaves, so every
        variant is the same.
        """
        return 1.0 - self.wait_tail(time)

    def wait_percentile(self, share: float) -> float:
        """Return the smallest t with P(W <= t) >= `share`; 0 where that share doesn't wait. Raises ValueError
        unless 0 < share < 1.
        """
        missing = 1.0 - a_share("share", share)
        if self.probability_wait <= missing:
            return 0.0
        return math.log(self.probability_wait / missing) / self.spare_rate


def delay_queue(*, servers: int, arrival_rate: float, service_rate: float) -> DelayQueue:
    """Return the stationary M/M/n queue with `servers` agents, each finishing `service_rate` customers per
    time unit while busy.

    Raises ValueError for servers < 1 or rates not above 0, OverloadError where arrival_rate >=
    servers·service_rate.
    """
    arrivals, services = a_rate("arrival_rate", arrival_rate), a_rate("service_rate", service_rate)
    return DelayQueue(
        servers=servers,
        arrival_rate=arrivals,
        service_rate=services,
        probability_wait=erlang_c(servers, arrivals / services),
        spare_rate=servers * services - arrivals,
    )
