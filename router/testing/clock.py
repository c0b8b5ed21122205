"""Time under a test's hand: it stands still until the test lets it pass, and then stops at every moment somebody waits for."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from router.config.scalars import duration_ms
from router.ports import Timer

Duration = str | float | timedelta
"""``"1m30s"`` as in the configuration, seconds, or a ``timedelta``."""

START: Final = 1_000_000_000_000
"""Where a manual clock starts: a Sunday in September 2001. Not 0, so that an age mistaken for a time shows."""


def in_ms(duration: Duration) -> int:
    """Return a duration in milliseconds; raises ``ValueError`` for one that is none, or less than nothing."""
    match duration:
        case str():
            try:
                return duration_ms(duration)
            except ValueError:
                text = f"{duration!r} is not a duration: write it as '1m30s', in seconds, or as a timedelta"
                raise ValueError(text) from None
        case timedelta():
            ms = duration // timedelta(milliseconds=1)
        case _:
            ms = round(duration * 1000)
    if ms < 0:
        raise ValueError(f"{duration!r} is less than nothing: time does not go back")
    return ms


class ManualClock:
    """A clock for ``Router(plan, clock=ManualClock())`` that only ``step`` and ``set`` move."""

    def __init__(self, start: int = START) -> None:
        self._now = start
        self._timers: list[tuple[int, int, _Waiting]] = []
        self._order = itertools.count()

    def now(self) -> int:
        """Return the time in milliseconds."""
        return self._now

    def call_at(self, at: int, callback: Callable[[], None]) -> Timer:
        """Call back when the clock is moved to ``at`` or past it; what is due already comes with the next move."""
        waiting = _Waiting(callback)
        heapq.heappush(self._timers, (at, next(self._order), waiting))
        return waiting

    def next_timer(self) -> int | None:
        """Return the earliest moment somebody waits for."""
        while self._timers and self._timers[0][2].is_cancelled:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def step(self, until: int) -> bool:
        """Move to the earliest moment up to ``until`` that somebody waits for, and call back all that is due then.

        Returns False, the clock at ``until``, when there is none.
        """
        due = self.next_timer()
        if due is None or due > until:
            self._now = max(self._now, until)
            return False
        self._now = max(self._now, due)
        while (due := self.next_timer()) is not None and due <= self._now:
            _, _, waiting = heapq.heappop(self._timers)
            waiting.callback()
        return True

    def set(self, at: int) -> None:
        """Move to ``at`` in one go, as a machine does that was asleep: timers come late, with the next ``step``."""
        if at < self._now:
            raise ValueError(f"the clock never goes back: it is {self._now}, not {at}")
        self._now = at


class _Waiting:
    __slots__ = ("callback", "is_cancelled")

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        """Do not call back."""
        self.is_cancelled = True
