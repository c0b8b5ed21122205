"""What a calendar comes to: whether it is open at an instant, and when that changes next. Pure integer arithmetic.

A time of the local clock that comes twice (the clock is put back) is the first one where hours start and the last one
where they end; one that does not come at all (the clock is put forward) is the instant of the change.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from router.core.calendar_plan import Calendar, Spans
from router.core.plan import DAY_MS, Plan

OFFSET_MAX_MS: Final = DAY_MS
"""No clock is further from UTC than a day."""

_FOR_GOOD: Final = 2**62
_WEEKLY_FOR_GOOD_MS: Final = 10 * DAY_MS
"""Hours without a break for so long behind the last date of its own have none in any week."""

_BEFORE_MONDAY: Final = 3
"""1970-01-01 was a Thursday."""


def starting_at(plan: Plan, zero: int) -> Plan:
    """Return the plan for a clock that shows 0 at the instant ``zero``, in milliseconds since 1970."""
    return replace(plan, calendars=tuple(replace(calendar, zero=zero) for calendar in plan.calendars))


class OpenHours:
    """A calendar with its answers: ``is_open`` since the last look, until ``changes_at`` (None: for good)."""

    __slots__ = ("_dates", "_last_date", "_starts", "calendar", "changes_at", "is_open")

    def __init__(self, calendar: Calendar, now: int) -> None:
        self.calendar = calendar
        self._starts = [start for start, _ in calendar.offsets]
        self._dates: dict[int, Spans] = dict(calendar.dates)
        self._last_date = max(self._dates, default=-(2**31))
        self.is_open = False
        self.changes_at: int | None = None
        self.look(now)

    def look(self, now: int) -> None:
        """Work out anew what holds at ``now`` and until when."""
        self.is_open = False
        self.changes_at = None
        zero = self.calendar.zero
        instant = now + zero
        for start, end in self._open_from(instant):
            if start > instant:
                self.changes_at = start - zero
                return
            if end > instant:
                self.is_open = True
                self.changes_at = None if end == _FOR_GOOD else end - zero
                return

    def opens_at(self, now: int) -> int:
        """Return when it is open next, from ``now`` on; ``now`` where that is never. ``look`` was at ``now`` or before, and nothing
        has changed since.
        """
        return now if self.is_open or self.changes_at is None else self.changes_at

    def _open_from(self, now: int) -> Iterator[tuple[int, int]]:
        """Yield the instants between which it is open, in order, from before the instant ``now`` on.

        The end is ``_FOR_GOOD`` where it never closes again.
        """
        day = (now - OFFSET_MAX_MS) // DAY_MS - 2
        started: int | None = None
        ended = 0
        while day <= self._last_date or any(self.calendar.week):
            for start, end in self._instants(day):
                if started is None:
                    started, ended = start, end
                elif start <= ended:
                    ended = max(ended, end)
                else:
                    yield started, ended
                    started, ended = start, end
            day += 1
            if started is not None and ended - max(started, self._last_date * DAY_MS) > _WEEKLY_FOR_GOOD_MS:
                yield started, _FOR_GOOD
                return
        if started is not None:
            yield started, ended

    def _instants(self, day: int) -> Iterator[tuple[int, int]]:
        midnight = day * DAY_MS
        ends_at_midnight = day not in self._dates and day + 1 in self._dates
        for start, end in self._spans(day):
            if ends_at_midnight:
                end = min(end, DAY_MS)
            opens, closes = (
                self._instant(midnight + start, last=False),
                self._instant(midnight + end, last=True),
            )
            if opens < closes:
                yield opens, closes

    def _spans(self, day: int) -> Spans:
        own = self._dates.get(day)
        return self.calendar.week[(day + _BEFORE_MONDAY) % 7] if own is None else own

    def _instant(self, local: int, *, last: bool) -> int:
        """Return the instant at which the local clock shows the time: the first or the last such."""
        offsets, starts = self.calendar.offsets, self._starts
        place = max(bisect_right(starts, local - OFFSET_MAX_MS) - 1, 0)
        found: int | None = None
        skipped = 0
        while place < len(offsets) and (place == 0 or starts[place] <= local + OFFSET_MAX_MS):
            start, offset = offsets[place]
            instant = local - offset
            begins = place == 0 or instant >= start
            goes_on = place + 1 == len(offsets) or instant < starts[place + 1]
            if begins and goes_on:
                if found is None or last:
                    found = instant
            elif not begins and found is None and not skipped:
                skipped = start
            place += 1
        return skipped if found is None else found
