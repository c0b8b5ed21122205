"""The meter of times: exact where it says so, and within its stated error elsewhere."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.telemetry.waits import FULL, RELATIVE_ERROR, TimeMeter, Times

TIMES = st.lists(st.one_of(st.integers(0, 300), st.integers(0, 10**7), st.just(0)), max_size=300)


def a_meter(times: list[int], within_ms: int = 1_000) -> TimeMeter:
    meter = TimeMeter(within_ms)
    for ms in times:
        meter.add(ms)
    return meter


def exact(times: list[int], share: float) -> int:
    """The smallest time with at least this share at or below it."""
    return sorted(times)[max(math.ceil(share * len(times)) - 1, 0)]


def test_nothing_measured() -> None:
    """A meter that took nothing says so."""
    meter = TimeMeter()
    assert (meter.count, meter.within) == (0, 0)
    assert meter.times() == Times(
        count=0, mean_ms=None, sd_ms=None, p50_ms=None, p90_ms=None, p95_ms=None, p99_ms=None, max_ms=None
    )


@given(TIMES)
def test_counts_means_and_extremes_are_exact(times: list[int]) -> None:
    """Count, mean, standard deviation, maximum and the share within the target are those of the list."""
    meter = a_meter(times)
    assert meter.count == len(times)
    assert meter.within == sum(ms <= 1_000 for ms in times)
    figures = meter.times()
    if times:
        mean = sum(times) / len(times)
        assert figures.mean_ms == pytest.approx(mean)
        variance = math.fsum((ms - mean) ** 2 for ms in times) / len(times)
        assert figures.sd_ms == pytest.approx(math.sqrt(variance), abs=1e-6)
        assert figures.max_ms == max(times)


@given(TIMES.filter(bool))
def test_percentiles_are_within_their_error(times: list[int]) -> None:
    """A percentile is off by at most the stated share of its value, and exact below 256 ms."""
    figures = a_meter(times).times()
    for share, found in (
        (0.5, figures.p50_ms),
        (0.9, figures.p90_ms),
        (0.95, figures.p95_ms),
        (0.99, figures.p99_ms),
    ):
        assert found is not None
        expected = exact(times, share)
        allowed = 0.0 if expected < 256 else expected * RELATIVE_ERROR
        assert abs(found - expected) <= allowed, (share, expected)


@given(TIMES, TIMES)
def test_merging_is_measuring_together(one: list[int], other: list[int]) -> None:
    """Two meters merged are one that took both, each judged by its own target."""
    merged = a_meter(one)
    merged.merge(a_meter(other, within_ms=50))
    together = a_meter(one + other)
    assert merged.times() == together.times()
    assert merged.within == sum(ms <= 1_000 for ms in one) + sum(ms <= 50 for ms in other)


def test_memory_stays_bounded() -> None:
    """However many different times come, what is kept folds into a bounded number of buckets."""
    meter = a_meter(list(range(1, 200_000, 3)))
    assert len(meter.recent) < FULL
    assert len(meter._buckets) < 256 + 128 * 18
