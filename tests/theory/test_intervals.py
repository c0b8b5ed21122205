"""Student-t quantiles against the printed table, intervals and batches against hand-made values."""

import math
import random

import pytest

from router.simulation.theory import (
    batch_means,
    half_width,
    mean_interval,
    student_t_quantile,
    student_t_tail,
)


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [
        (1, 12.70620),
        (2, 4.30265),
        (3, 3.18245),
        (4, 2.77645),
        (5, 2.57058),
        (9, 2.26216),
        (10, 2.22814),
        (29, 2.04523),
        (30, 2.04227),
        (120, 1.97993),
        (1_000_000, 1.95997),
    ],
)
def test_the_printed_table(degrees: int, quantile: float) -> None:
    """T at 97.5 % to the table's five decimals."""
    assert quantile == pytest.approx(student_t_quantile(0.975, degrees), abs=6e-6)
    assert -quantile == pytest.approx(student_t_quantile(0.025, degrees), abs=6e-6)


def test_closed_forms() -> None:
    """One degree is Cauchy, two have a square root; the median is 0; far tails keep their digits."""
    for value in (0.0, 0.3, 2.0, 50.0):
        assert 0.5 - math.atan(value) / math.pi == pytest.approx(student_t_tail(value, 1), rel=1e-9)
        assert 0.5 - value / (2 * math.sqrt(2 + value**2)) == pytest.approx(
            student_t_tail(value, 2), rel=1e-9
        )
    assert student_t_quantile(0.5, 7) == pytest.approx(0.0, abs=1e-12)
    assert student_t_quantile(0.995, 10) == pytest.approx(3.16927, abs=6e-6)
    assert student_t_quantile(0.9995, 5) == pytest.approx(6.86883, abs=6e-6)


def test_an_interval_by_hand() -> None:
    """1, 2, 3, 4, 5: mean 3, s² = 2.5, half width 2.77645·√0.5."""
    interval = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert interval.mean == 3.0
    assert interval.half_width == pytest.approx(2.77645 * math.sqrt(0.5), abs=1e-5)
    assert half_width([1.0, 2.0, 3.0, 4.0, 5.0]) == interval.half_width
    assert interval.holds(3.0)
    assert interval.holds(interval.low)
    assert not interval.holds(interval.high + 1e-9)


def test_intervals_cover_at_their_confidence() -> None:
    """About 95 % of intervals over six normal values hold the true mean (seed 7)."""
    stream = random.Random(7)
    held = sum(mean_interval([stream.gauss(1.0, 2.0) for _ in range(6)]).holds(1.0) for _ in range(2_000))
    assert held / 2_000 == pytest.approx(0.95, abs=0.015)


def test_batches() -> None:
    """Batches are equal and consecutive; what doesn't fit is left out at the front."""
    assert batch_means([9.0, 1.0, 2.0, 3.0, 4.0], 2) == [1.5, 3.5]
    assert batch_means([1.0, 2.0], 2) == [1.0, 2.0]


def test_bad_arguments() -> None:
    """Too few values, odd values and bad confidences are refused by name."""
    with pytest.raises(ValueError, match="values: found 1, expected at least 2"):
        mean_interval([1.0])
    with pytest.raises(ValueError, match=r"values\[1\]: found nan"):
        mean_interval([1.0, math.nan])
    with pytest.raises(ValueError, match="confidence: found 95"):
        mean_interval([1.0, 2.0], 95)
    with pytest.raises(ValueError, match="degrees: found 0"):
        student_t_quantile(0.975, 0)
    with pytest.raises(ValueError, match="value: found -1"):
        student_t_tail(-1.0, 3)
    with pytest.raises(ValueError, match="values: found 3 for batches=4"):
        batch_means([1.0, 2.0, 3.0], 4)
