"""The formula behind estimates, against the same in floating point, and against known quantiles."""

from __future__ import annotations

import math

import pytest

from router.core.wait_formula import Pace, plain_wait_ms, quantiles_ms, wait_us

PACE = Pace(units=1_000, services=100, work=100 * 180_000 * 100, left=50, waited=50 * 300_000)


@pytest.mark.parametrize("ahead", [0, 1, 10, 63, 64, 65, 200, 1_000, 10_000])
def test_the_mean_is_the_sum_of_the_gaps(ahead: int) -> None:
    """Ten agents, three minutes a service, five minutes of patience: Σ 1 ÷ (nμ + jθ), in blocks or not."""
    mean, variance = wait_us(PACE, ahead)
    gaps = [1 / (10 / 180 + place / 300) for place in range(ahead + 1)]
    assert mean / 1e6 == pytest.approx(math.fsum(gaps), rel=2e-3)
    assert variance / 1e12 == pytest.approx(math.fsum(gap * gap for gap in gaps), rel=2e-3)


def test_quantiles_of_one_gap_are_nearly_exponential() -> None:
    """Wilson and Hilferty are within 1.5 % of ln 2 and ln 10 there, the worst case."""
    p50, p90 = quantiles_ms(60_000_000, 60_000_000**2)
    assert p50 == pytest.approx(60_000 * math.log(2), rel=0.015)
    assert p90 == pytest.approx(60_000 * math.log(10), rel=0.015)
    assert quantiles_ms(0, 0) == (0, 0)


def test_nobody_has_waited_and_nothing_took_time() -> None:
    """What has not happened divides by nothing."""
    assert wait_us(Pace(units=100, services=1, work=0, left=0, waited=0), 3)[0] >= 0
    assert plain_wait_ms(PACE, 9) == 180_000
