"""The queue with limited room, M/M/n/K, lives here; at K = n it is the loss system of Erlang B."""

import math
from dataclasses import dataclass

from router.simulation.theory.arguments import a_count, a_load, a_rate
from router.simulation.theory.birth_death import stationary


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomQueue:
    """The stationary M/M/n/K queue, first come first served: `servers` agents and `places` places in all,
    those in service included.

    `state_probabilities[j]` is P(j present), j = 0..places. Who meets `places` present is turned away and
    doesn't come back. Times are in the unit of the rates. Source: Gross & Harris 1998, Fundamentals of
    Queueing Theory, section 2.5.
    """

    servers: int
    places: int
    arrival_rate: float
    service_rate: float
    state_probabilities: tuple[float, ...]

    @property
    def probability_blocked(self) -> float:
        """The share of arrivals that finds no place."""
        return self.state_probabilities[-1]

    @property
    def accepted_rate(self) -> float:
        """The rate of those who come in, λ(1 - P(blocked))."""
        return self.arrival_rate * math.fsum(self.state_probabilities[:-1])

    @property
    def probability_wait(self) -> float:
        """The share of the accepted who wait."""
        return math.fsum(self.state_probabilities[self.servers : -1]) / math.fsum(
            self.state_probabilities[:-1]
        )

    @property
    def mean_queue(self) -> float:
        """The mean number waiting."""
        return math.fsum(j * p for j, p in enumerate(self.state_probabilities[self.servers :]))

    @property
    def mean_wait(self) -> float:
        """The mean wait of the accepted, mean queue/accepted rate (Little 1961)."""
        return self.mean_queue / self.accepted_rate

    @property
    def occupancy(self) -> float:
        """The share of time a server is busy, accepted rate/(nμ)."""
        return self.accepted_rate / (self.servers * self.service_rate)

    def wait_tail(self, time: float) -> float:
        """Return P(W > time) among the accepted: who finds j others waiting waits for j + 1 services of rate
        nμ each, so

        P(W > t) = Σ_j P(n + j | accepted)·Σ_{i<=j} e^{-nμt}(nμt)^i/i! (Gross & Harris 1998, section 2.5).
        Raises ValueError for time < 0.
        """
        mean = self.servers * self.service_rate * a_load("time", time)
        log_mean = math.log(mean) if mean > 0.0 else -math.inf
        at_most, tail = 0.0, []
        for j, p in enumerate(self.state_probabilities[self.servers : -1]):
            at_most += math.exp(-mean + (j * log_mean if j else 0.0) - math.lgamma(j + 1.0))
            tail.append(p * min(at_most, 1.0))
        return math.fsum(tail) / math.fsum(self.state_probabilities[:-1])

    def service_level(self, time: float) -> float:
        """Return the share of the *accepted* answered within `time`; multiply by 1 - probability_blocked for
        the share of all.
        """
        return 1.0 - self.wait_tail(time)


def room_queue(*, servers: int, places: int, arrival_rate: float, service_rate: float) -> RoomQueue:
    """Return the stationary M/M/n/K queue, K = `places`; it exists for every load.

    Raises ValueError for servers < 1, places < servers or rates not above 0.
    """
    a_count("servers", servers, 1)
    a_count("places", places, servers)
    arrivals, services = a_rate("arrival_rate", arrival_rate), a_rate("service_rate", service_rate)
    return RoomQueue(
        servers=servers,
        places=places,
        arrival_rate=arrivals,
        service_rate=services,
        state_probabilities=tuple(
            stationary([arrivals] * places, [min(j, servers) * services for j in range(1, places + 1)])
        ),
    )
