"""The wait behind a queue: its mean, its spread, and the two quantiles that are quoted. Integers only, so that every machine says the same.

The method is QL_m of Ibrahim and Whitt (2009), "Real-time delay estimation in overloaded multiserver queues with abandonments":
with q ahead, the wait is a sum of q + 1 exponential gaps of rate nμ + jθ, j = 0 … q: one agent has to come free for each that stays,
and those ahead leave by themselves. Here nμ is the units of the ready agents ÷ the mean work of a service in unit·ms, and θ the
abandonments ÷ the time waited, which is its maximum likelihood under exponential patience.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Final

MILLION: Final = 1_000_000
Z90: Final = 1_281_552
"""The 0.9 quantile of the standard normal distribution, in millionths."""

ONE_BY_ONE: Final = 64
"""So many gaps are summed one by one; behind them in blocks of a sixteenth of their place, each by the gap in its middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a line moves: ``units`` of ready agents; so many ``services`` took ``work`` unit·ms; ``left`` gave up in ``waited`` ms."""

    units: int
    services: int
    work: int
    left: int
    waited: int


def gap_us(pace: Pace, staying: int) -> int:
    """Return the mean time until somebody leaves the line, in microseconds, with so many in it who may give up."""
    left, waited = (pace.left, pace.waited) if pace.waited else (0, 1)
    work = max(pace.work, 1)
    return 1_000 * work * waited // (pace.units * pace.services * waited + staying * left * work)


def wait_us(pace: Pace, ahead: int) -> tuple[int, int]:
    """Return mean and variance of the wait behind ``ahead`` others, in microseconds and their square."""
    mean = variance = 0
    place = 0
    while place <= ahead:
        size = 1 if place < ONE_BY_ONE else min(place // 16, ahead - place + 1)
        gap = gap_us(pace, place + size // 2)
        mean += size * gap
        variance += size * gap * gap
        place += size
    return mean, variance


def quantiles_ms(mean_us: int, variance_us: int) -> tuple[int, int]:
    """Return the 0.5 and 0.9 quantiles of the Gamma distribution with this mean and variance, in milliseconds.

    By the cube root rule of Wilson and Hilferty (1931), within 1.5 % where the standard deviation is at most the mean.
    """
    if not mean_us:
        return 0, 0
    ninth = variance_us * MILLION // (9 * mean_us * mean_us)  # 1/9k of the shape k
    middle = MILLION - ninth
    upper = middle + Z90 * isqrt(ninth * MILLION) // MILLION
    return mean_us * middle**3 // 10**21, mean_us * upper**3 // 10**21


def plain_wait_ms(pace: Pace, ahead: int) -> int:
    """Return the plain queue-length estimate, (q + 1) ÷ nμ, which forgets that people give up: for comparison only."""
    return (ahead + 1) * pace.work // (pace.units * pace.services)
