"""The real clock of the shell: the machine's time at the start, carried on by its monotonic clock, and a way to sleep by it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from router.ports import Clock, Timer


class SystemClock:
    """Milliseconds since 1970 as the machine knew them at the start; from then on it never steps, back or ahead.

    ``speed`` 10 lets ten seconds pass in one: for demonstrations. It starts at ``at_least``, where that is later: a journal
    may have been written by a clock that was ahead.
    """

    def __init__(self, speed: float = 1.0, *, at_least: int = 0) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.speed = speed
        self._started_at = max(time.time_ns() // 1_000_000, at_least)
        self._origin_ns = time.monotonic_ns()

    def now(self) -> int:
        """Return the time in milliseconds."""
        return self._started_at + int((time.monotonic_ns() - self._origin_ns) * self.speed) // 1_000_000

    def call_at(self, at: int, callback: Callable[[], None]) -> Timer:
        """Call back from the running event loop once the time is ``at``."""
        return _LoopTimer(self, at, callback)


class _LoopTimer:
    """A timer of the running loop that goes on waiting when the loop wakes it a little early."""

    __slots__ = ("_at", "_callback", "_clock", "_handle", "_loop")

    def __init__(self, clock: SystemClock, at: int, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._at = at
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.Handle = self._arm()

    def _arm(self) -> asyncio.Handle:
        ms = max(0, self._at - self._clock.now())
        return self._loop.call_later(ms / 1000 / self._clock.speed, self._wake)

    def _wake(self) -> None:
        if self._clock.now() < self._at:
            self._handle = self._arm()
        else:
            self._callback()

    def cancel(self) -> None:
        """Do not call back."""
        self._handle.cancel()


async def sleep_until(clock: Clock, at: int) -> None:
    """Return once the clock says ``at``, or later."""
    woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not woken.done():
            woken.set_result(None)

    timer = clock.call_at(at, wake)
    try:
        await woken
    finally:
        timer.cancel()
