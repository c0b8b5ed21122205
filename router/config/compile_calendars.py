"""Calendars and hours as they are written, to the plan's: parents looked up, zones as offsets, dates as numbers of days."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from router.config import schema
from router.config.names import Names, Place, known
from router.config.schema_calendars import ALL_DAY, ALWAYS, CalendarMap, ClosedMap, dates_of
from router.config.time_zones import YEARS, offsets, zones
from router.config.times_of_day import week_days
from router.config.yaml_source import shown
from router.core.calendar_plan import Calendar, Hours, Spans
from router.core.plan import Queue

_EPOCH: Final = date(1970, 1, 1).toordinal()
NO_CALENDAR: Final = ""
"""Stands in hours of which only what becomes of arrivals is known yet."""


@dataclass(slots=True)
class _Made:
    """A calendar with what it has from its parents. ``zone`` empty: nobody says one."""

    zone: str = ""
    week: list[Spans] = field(default_factory=lambda: [()] * 7)
    dates: dict[int, Spans] = field(default_factory=dict)


def calendars(centre: schema.CentreFile, place: Place, names: Names) -> tuple[Calendar, ...]:
    """Return the calendars that are written, and note what cannot be."""
    made: dict[str, _Made] = {}
    return tuple(_calendar(name, _made(name, centre, place, names, made, ())) for name in centre.calendars)


def _calendar(name: str, made: _Made) -> Calendar:
    return Calendar(
        calendar_id=name,
        offsets=offsets(made.zone) if made.zone else ((0, 0),),
        week=tuple(made.week),
        dates=tuple(sorted(made.dates.items())),
    )


def _made(
    name: str,
    centre: schema.CentreFile,
    place: Place,
    names: Names,
    made: dict[str, _Made],
    children: tuple[str, ...],
) -> _Made:
    if name in made:
        return made[name]
    written, here = centre.calendars[name], place / name
    parent = _Made()
    if written.parent is not None and known("calendar", written.parent, names.calendars, here / "parent"):
        if written.parent in (*children, name):
            way = " → ".join([*children, name, written.parent])
            (here / "parent").note(f"calendars are each other's parents: {way}", "let one of them have none")
        elif written.parent in centre.calendars:
            parent = _made(written.parent, centre, place, names, made, (*children, name))
    found = made[name] = _Made(parent.zone, list(parent.week), dict(parent.dates))
    if written.time_zone is not None and known("time zone", written.time_zone, zones(), here / "time-zone"):
        found.zone = written.time_zone
    _week(written, here / "hours", found)
    _dates(written, here, found)
    return found


def _week(written: CalendarMap, place: Place, found: _Made) -> None:
    if written.hours == ALWAYS:
        found.week = [_spans((ALL_DAY,))] * 7
        return
    said: dict[int, str] = {}
    for text, hours in (written.hours or {}).items():
        for day in week_days(text):
            if day in said:
                what = f"{shown(text)!r} names a day that {shown(said[day])!r} names already"
                (place / text).note(what, "say the hours of each day once", key=True)
            said.setdefault(day, text)
            found.week[day] = _spans(hours)


def _dates(written: CalendarMap, place: Place, found: _Made) -> None:
    seen: set[str] = set()
    for index, text in enumerate(written.holidays):
        if text in seen:
            (place / "holidays" / index).note(f"{text} stands here twice", "remove one")
        seen.add(text)
    entries: list[tuple[str, Spans]] = [(text, ()) for text in written.holidays]
    own = [(text, _spans(hours)) for text, hours in written.exceptions.items()]
    # Of what one calendar says a single date wins over one of every year, and exceptions over holidays.
    for group in (entries, own):
        for text, hours in sorted(group, key=lambda entry: len(entry[0])):
            for day in dates_of(text, YEARS):
                found.dates[day.toordinal() - _EPOCH] = hours


def _spans(hours: tuple[tuple[int, int], ...]) -> Spans:
    return tuple((start, end) for start, end in hours)


# ── hours of queues ──────────────────────────────────────────────────────────────────────────────────────────────


def with_hours(base: Queue, written: schema.QueueSettings, place: Place, names: Names) -> Queue:
    """Return the queue with the hours that are written, and those of ``base`` where nothing is; ``settled`` comes last."""
    hours = base.hours or Hours(calendar=NO_CALENDAR)
    if written.hours is not None:
        calendar = NO_CALENDAR
        if written.hours != ALWAYS and known("calendar", written.hours, names.calendars, place / "hours"):
            calendar = written.hours
        hours = replace(hours, calendar=calendar)
    if isinstance(written.closed, ClosedMap):
        hours = replace(hours, when_closed="divert", target=written.closed.divert)
    elif written.closed is not None:
        hours = replace(hours, when_closed=written.closed, target="")
    return base if hours == (base.hours or Hours(calendar=NO_CALENDAR)) else replace(base, hours=hours)


def settled(queue: Queue) -> Queue:
    """Return the queue without hours where no calendar is said."""
    if queue.hours is not None and queue.hours.calendar == NO_CALENDAR:
        return replace(queue, hours=None)
    return queue
