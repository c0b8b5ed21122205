"""How long things took: a meter of times with bounded memory lives here. Which times are measured is the
caller's business.

Means, sums, the largest value and the share within the target are exact. Percentiles come from buckets
whose relative width is at most 1/128, of which the middle is given, so that they are at most 0.4 % off
(values below 256 ms are exact).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from operator import mul
from typing import Final

RELATIVE_ERROR: Final = 1 / 256
"""The most a percentile may be off, relative to its value."""

_BITS: Final = 8

FULL: Final = 2048
"""So many values a meter keeps as they are, then folds into buckets at once, which is several times cheaper
than one by one.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Figures of measured times, in milliseconds; None where nothing was measured."""

    count: int
    mean_ms: float | None
    sd_ms: float | None
    p50_ms: float | None
    p90_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: int | None


class TimeMeter:
    """Takes times in milliseconds, one by one; ``within_ms`` is the target of which ``within`` counts the
    times at or below.
    """

    __slots__ = (
        "_buckets",
        "_count",
        "_max",
        "_squares",
        "_total",
        "_within",
        "_within_ms",
        "at_once",
        "recent",
    )

    def __init__(self, within_ms: int = 0) -> None:
        self._within_ms = within_ms
        self._count = self._within = self._total = self._squares = self._max = 0
        self._buckets: Counter[int] = Counter()
        self.at_once = 0
        """How many took no time at all; hot code may add to it instead of calling ``add(0)``."""
        self.recent: list[int] = []
        """What is not folded yet; hot code may append to it, and then calls ``fold`` once there are
        ``FULL``.
        """

    def add(self, ms: int) -> None:
        """Take one time."""
        if ms:
            self.recent.append(ms)
            if len(self.recent) >= FULL:
                self.fold()
        else:
            self.at_once += 1

    def fold(self) -> None:
        """Put what came lately into the buckets."""
        recent = self.recent
        if not recent:
            return
        within_ms = self._within_ms
        self._count += len(recent)
        self._total += sum(recent)
        self._squares += sum(map(mul, recent, recent))
        self._max = max(self._max, max(recent))  # noqa: PLW3301 - the inner one is over a list
        self._within += sum([ms <= within_ms for ms in recent])
        self._buckets.update([_bucket(ms) for ms in recent])
        recent.clear()

    def merge(self, other: TimeMeter) -> None:
        """Add what the other meter took, each time judged by the other's target."""
        other.fold()
        self.fold()
        self.at_once += other.at_once
        self._count += other._count
        self._total += other._total
        self._squares += other._squares
        self._max = max(self._max, other._max)
        self._within += other._within
        self._buckets.update(other._buckets)

    @property
    def count(self) -> int:
        """How many times were taken."""
        return self._count + len(self.recent) + self.at_once

    @property
    def within(self) -> int:
        """How many of them were at or below the target."""
        self.fold()
        return self._within + self.at_once

    def times(self) -> Times:
        """Return the figures so far."""
        self.fold()
        count = self.count
        if not count:
            return Times(
                count=0,
                mean_ms=None,
                sd_ms=None,
                p50_ms=None,
                p90_ms=None,
                p95_ms=None,
                p99_ms=None,
                max_ms=None,
            )
        mean = self._total / count
        # Integers, so there is no cancellation to speak of.
        variance = (count * self._squares - self._total**2) / count**2
        shares = self._percentiles((0.5, 0.9, 0.95, 0.99))
        return Times(
            count=count,
            mean_ms=mean,
            sd_ms=math.sqrt(variance),
            p50_ms=shares[0],
            p90_ms=shares[1],
            p95_ms=shares[2],
            p99_ms=shares[3],
            max_ms=self._max,
        )

    def _percentiles(self, shares: tuple[float, ...]) -> list[float]:
        """The smallest measured time with at least this share of all at or below it, as far as the buckets
        tell.
        """
        count, found = self.count, list[float]()
        reached, buckets = self.at_once, iter(sorted(self._buckets.items()))
        value = 0.0
        for share in shares:
            while reached < share * count:
                bucket, times = next(buckets)
                reached, value = reached + times, min(_middle(bucket), float(self._max))
            found.append(value)
        return found


def _bucket(ms: int) -> int:
    """Below 256 the value; above, its eight leading bits and how many follow: 128 buckets for each
    doubling.
    """
    shift = ms.bit_length() - _BITS
    return ms if shift <= 0 else (shift << _BITS) + (ms >> shift)


def _middle(bucket: int) -> float:
    shift, leading = divmod(bucket, 1 << _BITS)
    return float(leading) if not shift else (leading + 0.5) * (1 << shift) - 0.5
