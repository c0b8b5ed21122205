"""The queue whose customers leave, M/M/n+M (Erlang A, Palm's queue), lives here."""

import math
from dataclasses import dataclass

from router.simulation.theory.arguments import a_count, a_load, a_rate, a_share
from router.simulation.theory.birth_death import stationary

_NEGLIGIBLE = 1e-24
_STATES_MAX = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PatienceQueue:
    """The stationary M/M/n+M queue, first come first served: who isn't answered within an exponential
    patience leaves.

    `waiting_probabilities[j]` is P(all servers busy and j waiting), j = 0, 1, …, cut off where it no longer
    counts. Times are in the unit of the rates. Sources: Palm 1946/1957; Garnett, Mandelbaum & Reiman 2002;
    Mandelbaum & Zeltyn 2007, "Service engineering in action: the Palm/Erlang-A queue". Results are summed
    over states, not taken from the closed forms with incomplete gamma functions, because those cancel for
    light loads and overflow for heavy ones.
    """

    servers: int
    arrival_rate: float
    service_rate: float
    patience_rate: float
    waiting_probabilities: tuple[float, ...]

    @property
    def probability_wait(self) -> float:
        """The share of arrivals who find every server busy, P(W > 0)."""
        return min(math.fsum(self.waiting_probabilities), 1.0)

    @property
    def mean_queue(self) -> float:
        """The mean number waiting."""
        return math.fsum(j * p for j, p in enumerate(self.waiting_probabilities))

    @property
    def probability_abandon(self) -> float:
        """The share of all arrivals who leave unanswered, θ·mean queue/λ that is P{Ab} = θ·E[W] (Mandelbaum &
        Zeltyn 2007).
        """
        return min(self.patience_rate * self.mean_queue / self.arrival_rate, 1.0)

    @property
    def mean_wait(self) -> float:
        """The mean wait over all customers, those who leave included, mean queue/λ (Little 1961)."""
        return self.mean_queue / self.arrival_rate

    @property
    def mean_wait_answered(self) -> float:
        """The mean wait of those who are answered, immediately or later (ASA); nan where nobody is (servers =
        0).

        Who finds j waiting is answered with probability nμ/(nμ + (j+1)θ) (each stage's odds, multiplied out),
        and then has passed stages of rates nμ + mθ, m = j+1, …, 1: the absorbing chain of the customer's
        place in the queue (Riordan 1962).
        """
        capacity, theta = self.servers * self.service_rate, self.patience_rate
        if not self.servers:
            return math.nan
        stages, waits = 0.0, []
        for m, p in enumerate(self.waiting_probabilities, start=1):
            stages += 1.0 / (capacity + m * theta)
            waits.append(p * capacity / (capacity + m * theta) * stages)
        return math.fsum(waits) / (1.0 - self.probability_abandon)

    @property
    def mean_wait_abandoned(self) -> float:
        """The mean wait of those who leave; nan where the share who leave is 0 in floating point."""
        gone = self.probability_abandon
        if not self.servers:
            return 1.0 / self.patience_rate
        return (self.mean_wait - (1.0 - gone) * self.mean_wait_answered) / gone if gone > 0.0 else math.nan

    @property
    def occupancy(self) -> float:
        """The share of time a server is busy, λ(1 - P(abandon))/(nμ); nan for servers = 0."""
        if not self.servers:
            return math.nan
        return self.arrival_rate * (1.0 - self.probability_abandon) / (self.servers * self.service_rate)

    def wait_tail(self, time: float) -> float:
        """Return P(W > time) over all customers, W ending with an answer or by leaving. Raises ValueError for
        time < 0.

        Who finds j waiting would be answered after stages of rates nμ, nμ + θ, …, nμ + jθ, V say, and
        exp(-θV) ~ Beta(nμ/θ, j+1) (the product of independent powers of uniforms), which is a negative
        binomial sum; P(W > t) = e^{-θt}·P(V > t).
        """
        within = self._still_waiting(
            a_load("time", time), self.servers * self.service_rate / self.patience_rate
        )
        return math.exp(-self.patience_rate * time) * math.fsum(
            p * q for p, q in zip(self.waiting_probabilities, within, strict=True)
        )

    def wait_percentile(self, share: float) -> float:
        """Return the smallest t with P(W <= t) >= `share` over all customers, by bisection. Raises ValueError
        unless 0 < share < 1.
        """
        missing = 1.0 - a_share("share", share)
        if self.probability_wait <= missing:
            return 0.0
        low, high = 0.0, 1.0 / self.patience_rate
        while self.wait_tail(high) > missing:
            low, high = high, 2.0 * high
        for _ in range(80):
            middle = 0.5 * (low + high)
            if self.wait_tail(middle) > missing:
                low = middle
            else:
                high = middle
            if high - low <= 1e-13 * high:
                break
        return high

    def answered_within(self, time: float) -> float:
        """Return the share of *all arrivals* answered after at most `time`, P(W <= time and answered).

        The service level with all offered in the denominator; divide by 1 - probability_abandon for the share
        of the answered. Given j waiting and an answer, the wait passes stages nμ + θ, …, nμ + (j+1)θ. Raises
        ValueError for time < 0.
        """
        capacity, theta = self.servers * self.service_rate, self.patience_rate
        waiting = self._still_waiting(a_load("time", time), capacity / theta + 1.0)
        answered = [
            p * capacity / (capacity + m * theta) * (1.0 - q)
            for m, (p, q) in enumerate(zip(self.waiting_probabilities, waiting, strict=True), start=1)
        ]
        return max(0.0, 1.0 - self.probability_wait) + math.fsum(answered)

    def _still_waiting(self, time: float, size: float) -> list[float]:
        """P(stages take more than `time`) for j = 0, 1, …: the negative binomial distribution function with
        `size` at j.
        """
        ended = -math.expm1(-self.patience_rate * time)
        if ended <= 0.0:
            return [1.0] * len(self.waiting_probabilities)
        log_term, total, out = -self.patience_rate * time * size, 0.0, []
        for j in range(len(self.waiting_probabilities)):
            if j:
                ratio = ended * (size + j - 1.0) / j
                log_term += math.log(ratio) if ratio > 0.0 else -math.inf
            total += math.exp(log_term)
            out.append(min(total, 1.0))
        return out


def patience_queue(
    *, servers: int, arrival_rate: float, service_rate: float, patience_rate: float
) -> PatienceQueue:
    """Return the stationary M/M/n+M queue; `patience_rate` θ is 1/mean patience. It exists for every load,
    and for no servers at all.

    Raises ValueError for servers < 0, rates not above 0, or where so many would wait (about 5 million states)
    that summing is pointless: then the fluid limit P(abandon) = 1 - nμ/λ, or Erlang C for a load below
    capacity, is exact for every purpose.
    """
    a_count("servers", servers, 0)
    arrivals, services = a_rate("arrival_rate", arrival_rate), a_rate("service_rate", service_rate)
    theta = a_rate("patience_rate", patience_rate)
    capacity, weight = servers * services, 1.0
    peak = (arrivals - capacity) / theta
    down = [j * services for j in range(1, servers + 1)]
    while weight > _NEGLIGIBLE:
        leaving = capacity + (len(down) - servers + 1) * theta
        down.append(leaving)
        # Only what comes after the peak may be cut off: before it every state outweighs the last.
        weight *= min(1.0, arrivals / leaving)
        if max(peak, len(down) - servers) > _STATES_MAX:
            raise ValueError(
                f"patience_rate: found {theta:g} against arrival_rate {arrivals:g} and capacity {capacity:g}, which leaves more than "
                f"{_STATES_MAX} waiting at times; expected shorter patience; use delay_queue below capacity, 1 - nμ/λ leave above it"
            )
    return PatienceQueue(
        servers=servers,
        arrival_rate=arrivals,
        service_rate=services,
        patience_rate=theta,
        waiting_probabilities=tuple(stationary([arrivals] * len(down), down)[servers:]),
    )
