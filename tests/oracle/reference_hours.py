"""Calendars and hours, written down plainly: all instants of many days are listed, and looked through for every question."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from router.core.calendar_plan import Calendar, Spans
from router.core.facts import SectionClosed, SectionOpened
from router.core.names import QueueId
from router.core.plan import Plan
from tests.oracle.reference_state import State, Work

_DAY_MS = 24 * 60 * 60 * 1000
_MONTH = 30
"""Days are listed by months of so many, and enough of them to see the next change in: every week is like the others."""


# ── calendars ────────────────────────────────────────────────────────────────────────────────────────────────────


def _offset(calendar: Calendar, instant: int) -> int:
    begun = [offset for at, offset in calendar.offsets if at <= instant]
    return begun[-1] if begun else calendar.offsets[0][1]


def _instant(calendar: Calendar, local: int, *, last: bool) -> int:
    shown = [local - offset for _, offset in calendar.offsets if _offset(calendar, local - offset) == offset]
    if shown:
        return max(shown) if last else min(shown)
    for (_, before), (at, after) in pairwise(calendar.offsets):
        if at + before <= local < at + after:
            return at
    raise AssertionError(f"the local time {local} is nowhere")


def _hours_of(calendar: Calendar, day: int) -> Spans:
    dates = dict(calendar.dates)
    if day in dates:
        return dates[day]
    hours = calendar.week[(day + 3) % 7]
    if day + 1 in dates:
        return tuple((start, min(end, _DAY_MS)) for start, end in hours)
    return hours


def _month(calendar: Calendar, now: int) -> int:
    return (now + calendar.zero) // _DAY_MS // _MONTH


@lru_cache(maxsize=1000)
def _open(calendar: Calendar, month: int) -> tuple[tuple[int, int], ...]:
    found = []
    for day in range(month * _MONTH - 4, (month + 2) * _MONTH + 4):
        for start, end in _hours_of(calendar, day):
            opens = _instant(calendar, day * _DAY_MS + start, last=False)
            closes = _instant(calendar, day * _DAY_MS + end, last=True)
            found.append((opens - calendar.zero, closes - calendar.zero))
    return tuple(found)


@lru_cache(maxsize=100_000)
def is_open_at(calendar: Calendar, now: int) -> bool:
    """Say whether the calendar is open at the instant."""
    return any(opens <= now < closes for opens, closes in _open(calendar, _month(calendar, now)))


@lru_cache(maxsize=100_000)
def next_change(calendar: Calendar, now: int) -> int | None:
    """Return the first instant after `now` at which the calendar opens or closes."""
    month = _month(calendar, now)
    ends = sorted({instant for span in _open(calendar, month) for instant in span if instant > now})
    last = (month + 2) * _MONTH * _DAY_MS - calendar.zero
    return next(
        (at for at in ends if at < last and is_open_at(calendar, at) != is_open_at(calendar, at - 1)), None
    )


# ── queues ───────────────────────────────────────────────────────────────────────────────────────────────────────


def calendar_of(plan: Plan, queue_id: QueueId) -> Calendar | None:
    """Return the calendar of the queue, None where it is always open."""
    hours = next(q.hours for section in plan.sections for q in section.queues if q.queue_id == queue_id)
    if hours is None:
        return None
    return next(calendar for calendar in plan.calendars if calendar.calendar_id == hours.calendar)


def is_closed(state: State, queue_id: QueueId) -> bool:
    """Say whether the queue is closed now."""
    calendar = calendar_of(state.plan, queue_id)
    return calendar is not None and not is_open_at(calendar, state.now)


def opening(state: State, queue_id: QueueId) -> int:
    """Return when the queue opens: now where it is open, or never opens again."""
    calendar = calendar_of(state.plan, queue_id)
    if calendar is None or is_open_at(calendar, state.now):
        return state.now
    changes = next_change(calendar, state.now)
    return state.now if changes is None else changes


def hours_change_at(state: State) -> int | None:
    """Return when a calendar of a queue or a shift opens or closes next, after what has been told."""
    changes = []
    for queue in state.queues():
        calendar = calendar_of(state.plan, queue.queue_id)
        if calendar is not None:
            changes.append(next_change(calendar, state.hours_told_at))
    for agent in state.plan.agents:
        changes += [
            next_change(calendar, state.hours_told_at)
            for calendar in state.plan.calendars
            if calendar.calendar_id == agent.shift
        ]
    return min((change for change in changes if change is not None), default=None)


def open_now(state: State) -> dict[QueueId, bool]:
    """Return of every queue whether it is open now."""
    return {queue.queue_id: not is_closed(state, queue.queue_id) for queue in state.queues()}


def change_hours(state: State) -> None:
    """Tell what opens and closes now."""
    before = {}
    for queue in state.queues():
        calendar = calendar_of(state.plan, queue.queue_id)
        before[queue.queue_id] = calendar is None or is_open_at(calendar, state.hours_told_at)
    tell_hours(state, before)


def tell_hours(state: State, before: dict[QueueId, bool]) -> None:
    """Tell which of these queues are open now and were not, and which are closed."""
    state.hours_told_at = state.now
    for section in state.plan.sections:
        names = [queue.queue_id for queue in section.queues if queue.queue_id in before]
        closed = tuple(name for name in names if before[name] and is_closed(state, name))
        opened = tuple(name for name in names if not before[name] and not is_closed(state, name))
        if closed:
            state.facts.append(SectionClosed(state.now, section.section_id, closed))
        if opened:
            state.facts.append(SectionOpened(state.now, section.section_id, opened))
        state.touched.update((*closed, *opened))


def has_begun(state: State, work: Work) -> bool:
    """Say whether the work's clocks of ladder and service level run."""
    return work.service_clock is None or work.service_clock <= state.now
