"""Distributions as frozen values that sample from a given `random.Random`: how long somebody talks, waits,
hesitates. Standard library only; no state, no clock, no generator of their own. What they are used for
lives elsewhere.

A distribution of times is in milliseconds here; its values are never negative. Arguments that make no sense
raise ValueError with the name, what was found and what would do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import Final

BLOCK: Final = 256
"""How many values are drawn ahead at once: enough to make a draw cheap, few enough to keep memory flat."""


def _above_zero(kind: str, name: str, value: float, *, hint: str = "") -> None:
    if not (math.isfinite(value) and value > 0.0):
        text = f"{kind}: found {name} {value:g}, expected a finite number above 0"
        raise ValueError(f"{text}; {hint}" if hint else text)


def _not_negative(kind: str, name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0.0):
        raise ValueError(f"{kind}: found {name} {value:g}, expected a finite number, at least 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """Exponential with this mean: no memory, coefficient of variation 1."""

    mean: float

    def __post_init__(self) -> None:
        _above_zero("exponential", "mean", self.mean)

    def sample(self, rng: Random) -> float:
        """Draw one value."""
        return -math.log(1.0 - rng.random()) * self.mean

    def block(self, rng: Random, count: int) -> list[float]:
        """Draw `count` values; the stream is that of `count` calls of `sample`."""
        draw, log, scale = rng.random, math.log, -self.mean
        return [log(1.0 - draw()) * scale for _ in range(count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal:
    """Lognormal by its own mean and coefficient of variation (standard deviation ÷ mean), not by those of
    its logarithm.

    σ² = ln(1 + cv²), μ = ln(mean) − σ²/2 (Johnson, Kotz & Balakrishnan 1994, Continuous Univariate
    Distributions 1, chapter 14).
    """

    mean: float
    cv: float = 1.0

    def __post_init__(self) -> None:
        _above_zero("lognormal", "mean", self.mean)
        _above_zero("lognormal", "cv", self.cv, hint="use 'deterministic' for times that don't vary")

    def sample(self, rng: Random) -> float:
        """Draw one value."""
        return self.block(rng, 1)[0]

    def block(self, rng: Random, count: int) -> list[float]:
        """Draw `count` values, each from two uniform numbers (Box & Muller 1958)."""
        variance = math.log(1.0 + self.cv * self.cv)
        mu, sigma = math.log(self.mean) - 0.5 * variance, math.sqrt(variance)
        draw, log, root, cosine, exp, turn = (
            rng.random,
            math.log,
            math.sqrt,
            math.cos,
            math.exp,
            2.0 * math.pi,
        )
        return [
            exp(mu + sigma * root(-2.0 * log(1.0 - draw())) * cosine(turn * draw())) for _ in range(count)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deterministic:
    """Always this value."""

    value: float

    def __post_init__(self) -> None:
        _not_negative("deterministic", "value", self.value)

    def sample(self, rng: Random) -> float:
        """Return the value; draws nothing."""
        return self.value

    def block(self, rng: Random, count: int) -> list[float]:
        """Return the value `count` times; draws nothing."""
        return [self.value] * count

    @property
    def mean(self) -> float:
        """The value."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform:
    """Any value from `low` to `high`, all equally likely."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _not_negative("uniform", "low", self.low)
        _not_negative("uniform", "high", self.high)
        if self.high < self.low:
            raise ValueError(f"uniform: found low {self.low:g} above high {self.high:g}; exchange them")

    def sample(self, rng: Random) -> float:
        """Draw one value."""
        return self.low + (self.high - self.low) * rng.random()

    def block(self, rng: Random, count: int) -> list[float]:
        """Draw `count` values; the stream is that of `count` calls of `sample`."""
        draw, low, span = rng.random, self.low, self.high - self.low
        return [low + span * draw() for _ in range(count)]

    @property
    def mean(self) -> float:
        """Halfway."""
        return 0.5 * (self.low + self.high)


Distribution = Exponential | Lognormal | Deterministic | Uniform

NO_TIME: Final = Deterministic(value=0.0)


def whole_ms(distribution: Distribution, rng: Random) -> Callable[[], int]:
    """Return a function that gives the next value, rounded to whole milliseconds, for ever. It draws ahead
    in blocks.
    """

    def block() -> list[int]:
        return [int(value + 0.5) for value in distribution.block(rng, BLOCK)]

    if isinstance(distribution, Deterministic):
        always = int(distribution.value + 0.5)
        return lambda: always
    endless: Iterator[int] = chain.from_iterable(iter(block, []))
    return endless.__next__


def describe(distribution: Distribution) -> str:
    """Return the distribution as a reader would write it, its times in seconds: ``lognormal, mean 180 s, cv
    1.2``.
    """
    match distribution:
        case Exponential(mean=mean):
            return f"exponential, mean {mean / 1000:g} s"
        case Lognormal(mean=mean, cv=cv):
            return f"lognormal, mean {mean / 1000:g} s, cv {cv:g}"
        case Deterministic(value=value):
            return f"always {value / 1000:g} s"
        case Uniform(low=low, high=high):
            return f"uniform from {low / 1000:g} s to {high / 1000:g} s"
