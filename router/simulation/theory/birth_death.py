"""The stationary distribution of a finite birth-and-death chain, without overflow, lives here; no particular
queue does.
"""

import math
from collections.abc import Sequence


def stationary(up: Sequence[float], down: Sequence[float]) -> list[float]:
    """Return the stationary probabilities of states 0..m of a birth-and-death chain.

    `up[j]` is the rate from state j to j+1 and `down[j]` the rate from j+1 to j, both of length m and above
    0, `up` never rising and `down` never falling (so that the distribution has one peak). The product form is
    p[j+1] = p[j]·up[j]/down[j] (Kleinrock 1975, Queueing Systems I, eq. 3.11). It is evaluated outwards from
    the peak, so nothing overflows and only negligible states underflow to 0.
    """
    peak = 0
    while peak < len(up) and up[peak] >= down[peak]:
        peak += 1
    weights = [0.0] * (len(up) + 1)
    weights[peak] = weight = 1.0
    for state in range(peak, len(up)):
        weight *= up[state] / down[state]
        weights[state + 1] = weight
    weight = 1.0
    for state in range(peak - 1, -1, -1):
        weight *= down[state] / up[state]
        weights[state] = weight
    total = math.fsum(weights)
    return [weight / total for weight in weights]
