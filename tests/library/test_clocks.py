"""The real clock and the manual one."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from router import SystemClock
from router.service import sleep_until
from router.testing import START, ManualClock, in_ms


async def test_the_system_clock_follows_the_monotonic_clock_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts at the machine's time and does not see it step."""
    machine = {"time": 5_000_000_000, "monotonic": 77_000_000}
    monkeypatch.setattr(time, "time_ns", lambda: machine["time"])
    monkeypatch.setattr(time, "monotonic_ns", lambda: machine["monotonic"])
    clock, fast = SystemClock(), SystemClock(speed=10)
    assert (clock.now(), fast.now()) == (5_000, 5_000)
    machine["time"] = 1
    machine["monotonic"] += 250_000_000
    assert (clock.now(), fast.now()) == (5_250, 7_500)


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
async def test_time_goes_forward(speed: float) -> None:
    """A speed that makes no sense is refused."""
    with pytest.raises(ValueError, match="above 0"):
        SystemClock(speed)


async def test_a_timer_is_never_early() -> None:
    """Even where the event loop's own clock is coarser; cancelled, it stays silent."""
    clock = SystemClock(speed=1_000)
    due = clock.now() + 2_000
    never = clock.call_at(due - 1, lambda: pytest.fail("it was cancelled"))
    never.cancel()
    await sleep_until(clock, due)
    assert clock.now() >= due
    never.cancel()


async def test_a_timer_that_the_loop_wakes_early_waits_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks at its own clock before it calls back."""
    times = iter([10, 10, 40, 60, 60])
    clock = SystemClock(speed=1_000_000)
    monkeypatch.setattr(clock, "now", lambda: next(times))
    called = asyncio.Event()
    clock.call_at(50, called.set)
    await called.wait()
    assert next(times) == 60


def test_a_manual_clock_stands_still_and_stops_at_each_timer() -> None:
    """Timers of one moment are called in the order in which they were set."""
    clock = ManualClock()
    heard: list[tuple[str, int]] = []
    for name, at in (("b", 20), ("a", 10), ("c", 20), ("d", 30)):
        clock.call_at(START + at, lambda name=name: heard.append((name, clock.now() - START)))  # type: ignore[misc]
    assert clock.now() == START
    assert clock.step(START + 25)
    assert heard == [("a", 10)]
    assert clock.step(START + 25)
    assert heard == [("a", 10), ("b", 20), ("c", 20)]
    assert not clock.step(START + 25)
    assert (clock.now(), clock.next_timer()) == (START + 25, START + 30)


def test_a_manual_clock_that_jumps_is_late_and_never_goes_back() -> None:
    """`set` is a machine that was asleep."""
    clock = ManualClock(0)
    heard: list[int] = []
    clock.call_at(10, lambda: heard.append(clock.now()))
    clock.set(100)
    assert heard == []
    clock.step(100)
    assert heard == [100]
    with pytest.raises(ValueError, match="never goes back"):
        clock.set(99)


@pytest.mark.parametrize(
    ("duration", "ms"),
    [
        ("30s", 30_000),
        ("1h30m", 5_400_000),
        ("500ms", 500),
        (2, 2_000),
        (0.25, 250),
        (timedelta(minutes=1), 60_000),
    ],
)
def test_durations_are_written_as_in_the_configuration(duration: str | float | timedelta, ms: int) -> None:
    """Or as seconds, or as a timedelta."""
    assert in_ms(duration) == ms


def test_a_duration_without_unit_is_refused() -> None:
    """The error says what would do."""
    with pytest.raises(ValueError, match="not a duration"):
        in_ms("30")
