"""How sure a simulated mean is: Student-t intervals over replications or batches live here, the simulating
does not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from router.simulation.theory.arguments import a_count, a_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """mean ± half_width at `confidence`, from `samples` independent values; unit and scale are those of the
    values.
    """

    mean: float
    half_width: float
    confidence: float
    samples: int

    @property
    def low(self) -> float:
        """The lower end."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """The upper end."""
        return self.mean + self.half_width

    def holds(self, value: float) -> bool:
        """Return whether `value` lies inside, the ends included."""
        return self.low <= value <= self.high


def student_t_tail(value: float, degrees: int) -> float:
    """Return P(T > value) of Student's t with `degrees` of freedom, value >= 0: I_x(ν/2, 1/2)/2 with x = ν/(ν
    + value²).

    Source: Student 1908; Abramowitz & Stegun 1964, 26.7.1 with 26.5.27. Raises ValueError for degrees < 1 or
    a negative value.
    """
    nu = float(a_count("degrees", degrees, 1))
    if not value >= 0.0:
        raise ValueError(f"value: found {value!r}, expected at least 0")
    if value > 1e150:
        return 0.0
    square = value * value
    return 0.5 * _incomplete_beta(0.5 * nu, 0.5, nu / (nu + square), square / (nu + square))


def student_t_quantile(share: float, degrees: int) -> float:
    """Return t with P(T <= t) = `share` for Student's t with `degrees` of freedom, by bisection of the tail
    to 12 digits.

    Raises ValueError unless 0 < share < 1 and degrees >= 1.
    """
    a_share("share", share)
    a_count("degrees", degrees, 1)
    if share < 0.5:
        return -student_t_quantile(1.0 - share, degrees)
    tail = 1.0 - share
    low, high = 0.0, 1.0
    while student_t_tail(high, degrees) > tail:
        low, high = high, 2.0 * high
    while high - low > 1e-13 * high:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if student_t_tail(middle, degrees) > tail:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def half_width(values: Sequence[float], confidence: float = 0.95) -> float:
    """Return t·s/√m, the half width of the two-sided interval for the mean of m independent `values` (Student
    1908; Law & Kelton 2000, section 4.5).

    Raises ValueError for fewer than two values, values that aren't finite, or a confidence outside (0, 1).
    """
    return mean_interval(values, confidence).half_width


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the Student-t interval for the mean of independent `values`: one per replication, or the output
    of `batch_means`.

    Raises ValueError for fewer than two values, values that aren't finite, or a confidence outside (0, 1).
    """
    a_share("confidence", confidence)
    if len(values) < 2:
        raise ValueError(f"values: found {len(values)}, expected at least 2: run more replications")
    for index, value in enumerate(values):
        if not math.isfinite(value):
            raise ValueError(f"values[{index}]: found {value!r}, expected a finite number")
    count = len(values)
    mean = math.fsum(values) / count
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    width = student_t_quantile(0.5 + 0.5 * confidence, count - 1) * math.sqrt(variance / count)
    return Interval(mean=mean, half_width=width, confidence=confidence, samples=count)


def batch_means(values: Sequence[float], batches: int) -> list[float]:
    """Return the means of `batches` consecutive batches of equal length, nearly independent where the batches
    are long.

    The first len(values) mod batches values, nearest to the warm-up, are left out. Source: Conway 1963; Law &
    Kelton 2000, section 9.5.3. Raises ValueError for fewer than 2 batches or fewer values than batches.
    """
    a_count("batches", batches, 2)
    length, spare = divmod(len(values), batches)
    if not length:
        raise ValueError(
            f"values: found {len(values)} for batches={batches}, expected at least one value per batch"
        )
    return [math.fsum(values[start : start + length]) / length for start in range(spare, len(values), length)]


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """I_x(a, b) with rest = 1 - x, by the continued fraction of Abramowitz & Stegun 26.5.8 (Lentz's method)."""
    if x <= 0.0:
        return 0.0
    if rest <= 0.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _incomplete_beta(b, a, rest, x)
    # log1p keeps the front factor exact where x is nearly 1 and a is large.
    log_x = math.log(x) if x < 0.5 else math.log1p(-rest)
    log_rest = math.log(rest) if rest < 0.5 else math.log1p(-x)
    front = math.exp(a * log_x + b * log_rest + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)) / a
    tiny = 1e-300
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0), tiny)
    fraction = d
    step, m = 0.0, 0
    while abs(step - 1.0) > 1e-15 and m < 10_000:
        m += 1
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0)),
        ):
            d = 1.0 / _away_from_zero(1.0 + term * d, tiny)
            c = _away_from_zero(1.0 + term / c, tiny)
            step = c * d
            fraction *= step
    return front * fraction


def _away_from_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
