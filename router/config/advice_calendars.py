"""What of calendars and hours is legal but probably not meant, with its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Final

from router.config.compile import Written
from router.config.names import Names, Place
from router.config.schema import QueueSettings
from router.config.schema_calendars import CalendarMap, dates_of
from router.config.time_zones import YEARS
from router.config.times_of_day import Span
from router.config.yaml_source import shown
from router.core.calendar import OpenHours
from router.core.calendar_plan import Calendar
from router.core.plan import DAY_MS, MINUTE_MS, Plan
from router.errors import Problem

_SLIP_MS: Final = 5 * MINUTE_MS
"""Hours that are torn for no longer are probably meant to be whole."""

_EPOCH: Final = date(1970, 1, 1).toordinal()


def about_calendars(plan: Plan, written: Written, names: Names, today: date | None) -> Iterator[Problem]:
    """Yield warnings; ``today`` None: nobody says what is past."""
    used: set[str] = {
        queue.hours.calendar
        for section in plan.sections
        for queue in section.queues
        if queue.hours is not None
    }
    used |= {agent.shift for agent in plan.agents if agent.shift is not None}
    parents = {calendar.parent for calendar in written.centre.calendars.values()}
    for calendar in plan.calendars:
        name = calendar.calendar_id
        place, model = names.calendars[name], written.centre.calendars[name]
        if name not in used and name not in parents:
            yield place.problem(
                f"calendar {shown(name)!r} is nobody's: no queue has its hours, no agent its shifts", key=True
            )
        if name in used:
            yield from _never_open(calendar, place, today)
        yield from _slips(model, place)
        yield from _dates(model, calendar, place, today)
    yield from _closed_without_hours(plan, written, names)


def _never_open(calendar: Calendar, place: Place, today: date | None) -> Iterator[Problem]:
    begin = today or date(YEARS.start, 1, 1)
    hours = OpenHours(calendar, (begin.toordinal() - _EPOCH) * DAY_MS)
    if not hours.is_open and hours.changes_at is None:
        when = "never opens" if today is None else "does not open any more"
        yield place.problem(
            f"calendar {shown(calendar.calendar_id)!r} {when}",
            "give it 'hours', or a parent that has some",
            key=True,
        )


def _slips(model: CalendarMap, place: Place) -> Iterator[Problem]:
    days: list[tuple[Place, tuple[Span, ...]]] = []
    week = model.hours if isinstance(model.hours, dict) else {}
    days += [(place / "hours" / text, spans) for text, spans in week.items()]
    days += [(place / "exceptions" / text, spans) for text, spans in model.exceptions.items()]
    for spot, spans in days:
        for before, after in pairwise(spans):
            if 0 < after.start_ms - before.end_ms <= _SLIP_MS:
                minutes = (after.start_ms - before.end_ms) // MINUTE_MS
                yield spot.problem(
                    f"closed for {minutes} min between two hours", "let the one start when the other ends"
                )
        if spans and DAY_MS - _SLIP_MS <= spans[-1].end_ms < DAY_MS:
            yield spot.problem("closes shortly before midnight", "write '24:00' for the end of the day")


def _dates(model: CalendarMap, calendar: Calendar, place: Place, today: date | None) -> Iterator[Problem]:
    holidays = set(model.holidays)
    dates = dict(calendar.dates)
    for text, spans in model.exceptions.items():
        spot = place / "exceptions" / text
        days = dates_of(text, YEARS)
        if text in holidays or (len(days) == 1 and text[5:] in holidays):
            yield spot.problem(f"{text} is a holiday too", "these hours win; remove one", key=True)
        if len(days) == 1:
            yield from _single(text, days[0], spot, today)
            number = days[0].toordinal() - _EPOCH
            own = tuple((span.start_ms, span.end_ms) for span in spans)
            if (
                dates.get(number) == own
                and calendar.week[days[0].weekday()] == own
                and number + 1 not in dates
            ):
                yield spot.problem(f"{text} has the hours that its weekday has anyway", "remove it", key=True)
            if spans and spans[-1].end_ms > DAY_MS and dates.get(number + 1) == ():
                yield spot.problem(
                    f"the hours of {text} run into the next day, which is closed",
                    "they run to their end; end them at 24:00 if that is not meant",
                )
    for index, text in enumerate(model.holidays):
        days = dates_of(text, YEARS)
        if len(days) == 1:
            yield from _single(text, days[0], place / "holidays" / index, today)


def _single(text: str, day: date, place: Place, today: date | None) -> Iterator[Problem]:
    if today is not None and day < today:
        yield place.problem(f"{text} is past", "remove it")
    elif day.year not in YEARS:
        what = f"the clock's changes are known from {YEARS.start} to {YEARS.stop - 1} only"
        yield place.problem(f"{text}: {what}", "its hours may be an hour off")


def _closed_without_hours(plan: Plan, written: Written, names: Names) -> Iterator[Problem]:
    bound: set[str] = {
        queue.queue_id for section in plan.sections for queue in section.queues if queue.hours is not None
    }
    for name, place, section in written.sections:
        settings: list[tuple[Place, QueueSettings, list[str]]] = [
            (place, section, list(section.queues or (name,)))
        ]
        settings += [(names.queues[queue], own, [queue]) for queue, own in (section.queues or {}).items()]
        for spot, own, queues in settings:
            if own.closed is not None and not bound.intersection(queues):
                what = "'closed' has no effect on what is always open"
                yield (spot / "closed").problem(what, "say its 'hours', a calendar", key=True)
