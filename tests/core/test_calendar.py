"""Calendars open and close at the right instants: changes of clocks, hours over midnight, dates of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from router.config.time_zones import offsets, zone_info
from router.core.calendar import OpenHours
from router.core.calendar_plan import Calendar, Spans
from router.core.plan import DAY_MS
from tests.oracle.calendar_parts import random_calendars
from tests.oracle.reference_hours import is_open_at, next_change

HOUR_MS = 3_600_000
BERLIN = offsets("Europe/Berlin")
EPOCH = date(1970, 1, 1).toordinal()


def at(text: str) -> int:
    """Return the instant that is written, in milliseconds."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def hours(*spans: tuple[float, float]) -> Spans:
    """Return hours of a day, written in hours."""
    return tuple((round(start * HOUR_MS), round(end * HOUR_MS)) for start, end in spans)


def days(**dates: Spans) -> tuple[tuple[int, Spans], ...]:
    """Return dates of 2026, written as ``d0329``."""
    found = {
        date(2026, int(name[1:3]), int(name[3:])).toordinal() - EPOCH: spans for name, spans in dates.items()
    }
    return tuple(sorted(found.items()))


def changes(calendar: Calendar, start: str, end: str) -> list[str]:
    """Return when the calendar opens (+) and closes (−) between two instants, in UTC."""
    open_hours = OpenHours(calendar, at(start))
    told: list[str] = []
    while open_hours.changes_at is not None and open_hours.changes_at < at(end):
        now = open_hours.changes_at
        open_hours.look(now)
        sign = "+" if open_hours.is_open else "-"
        told.append(f"{sign}{datetime.fromtimestamp(now / 1000, UTC):%d %H:%M}")
    return told


def weekly(spans: Spans, **rest: object) -> Calendar:
    """Return a calendar of Berlin with the same hours each day."""
    return Calendar(calendar_id="c", offsets=BERLIN, week=(spans,) * 7, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        (hours((8, 18)), ["+28 07:00", "-28 17:00", "+29 06:00", "-29 16:00"]),
        (hours((22, 30)), ["-28 05:00", "+28 21:00", "-29 04:00", "+29 20:00"]),
        (hours((2.5, 5)), ["+28 01:30", "-28 04:00", "+29 01:00", "-29 03:00"]),
        (hours((0, 2.5)), ["-28 01:30", "+28 23:00", "-29 01:00"]),
        (hours((2.25, 2.75)), ["+28 01:15", "-28 01:45"]),
    ],
    ids=["day", "night", "starts in the gap", "ends in the gap", "in the gap"],
)
def test_a_night_whose_clock_is_put_forward(spans: Spans, expected: list[str]) -> None:
    """A time that the clock never shows is the instant at which it is put forward; what is empty then is not open."""
    assert expected == changes(weekly(spans), "2026-03-28T00:00+01:00", "2026-03-30T00:00+02:00")


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        (hours((8, 18)), ["+24 06:00", "-24 16:00", "+25 07:00", "-25 17:00"]),
        (hours((22, 30)), ["-24 04:00", "+24 20:00", "-25 05:00", "+25 21:00"]),
        (hours((2.5, 5)), ["+24 00:30", "-24 03:00", "+25 00:30", "-25 04:00"]),
        (hours((0, 2.5)), ["-24 00:30", "+24 22:00", "-25 01:30"]),
        (hours((2, 2.5), (2.5, 3)), ["+24 00:00", "-24 01:00", "+25 00:00", "-25 02:00"]),
    ],
    ids=["day", "night", "starts in the fold", "ends in the fold", "touching in the fold"],
)
def test_a_night_whose_clock_is_put_back(spans: Spans, expected: list[str]) -> None:
    """A time that comes twice is the first one where hours start and the last one where they end."""
    assert expected == changes(weekly(spans), "2026-10-24T00:00+02:00", "2026-10-26T00:00+01:00")


def test_a_date_decides_for_itself_from_midnight() -> None:
    """A closed date ends the hours of the night before at midnight and has no night of its own."""
    calendar = weekly(hours((22, 30)), dates=days(d1225=()))
    expected = ["+23 21:00", "-24 05:00", "+24 21:00", "-24 23:00", "+26 21:00"]
    assert expected == changes(calendar, "2026-12-23T12:00+01:00", "2026-12-27T00:00+01:00")


def test_hours_of_a_date_run_over_midnight_whatever_the_next_date_says() -> None:
    """What is said for New Year's Eve holds until it ends, although New Year's Day is closed."""
    calendar = weekly(hours((8, 18)), dates=(*days(d1231=hours((20, 28))), (20819, ())))
    assert date.fromordinal(20819 + EPOCH) == date(2027, 1, 1)
    expected = ["+31 19:00", "-01 03:00", "+02 07:00"]
    assert expected == changes(calendar, "2026-12-31T00:00+01:00", "2027-01-02T12:00+01:00")


def test_always_open_never_changes_and_closed_dates_interrupt_it() -> None:
    """24/7 has no next change behind its last date, also over changes of clocks; a closed date lasts from midnight to midnight."""
    always = weekly(hours((0, 24)))
    assert (OpenHours(always, 0).is_open, OpenHours(always, 0).changes_at) == (True, None)
    in_shifts = OpenHours(weekly(hours((6, 14), (14, 22), (22, 30))), at("2026-01-01T00:00Z"))
    assert (in_shifts.is_open, in_shifts.changes_at) == (True, None)
    calendar = weekly(hours((0, 24)), dates=days(d0329=()))
    assert changes(calendar, "2026-01-01T00:00Z", "2050-01-01T00:00Z") == ["-28 23:00", "+29 22:00"]
    assert changes(calendar, "2026-03-30T00:00Z", "2050-01-01T00:00Z") == []


def test_never_open_never_changes() -> None:
    """A calendar without hours, or behind its last date with hours, never opens, and says so at once."""
    closed = OpenHours(weekly(()), 0)
    assert (closed.is_open, closed.changes_at, closed.opens_at(5)) == (False, None, 5)
    once = weekly((), dates=days(d0501=hours((8, 12))))
    assert changes(once, "2020-01-01T00:00Z", "2100-01-01T00:00Z") == ["+01 06:00", "-01 10:00"]


def test_beyond_the_table_the_last_offset_holds() -> None:
    """Behind its last change of clocks the zone's clock stays as it is; before its first entry it was as in the first."""
    calendar = weekly(hours((8, 18)))
    assert changes(calendar, "2071-07-01T00:00Z", "2071-07-02T00:00Z") == ["+01 07:00", "-01 17:00"]
    assert changes(calendar, "1999-07-01T00:00Z", "1999-07-02T00:00Z") == ["+01 07:00", "-01 17:00"]


def test_random_calendars_are_as_the_reference_has_them(rng: Random) -> None:
    """State and next change are those of a list of all instants, on random calendars with clocks that jump; in a year, too."""
    for _ in range(60):
        for calendar in random_calendars(rng):
            for now in (
                *range(0, 60_000, 250),
                *(rng.randrange(400 * DAY_MS) for _ in range(20)),
                400 * DAY_MS,
            ):
                seen = OpenHours(calendar, now)
                assert is_open_at(calendar, now) == seen.is_open, (calendar, now)
                assert next_change(calendar, now) == seen.changes_at, (calendar, now)


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin",
        "America/Havana",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "Etc/GMT+12",
    ],
)
def test_zones_are_those_of_the_database(zone: str) -> None:
    """The table says of every hour of some years what the time-zone database says, and open hours are what its clock shows."""
    table, info = offsets(zone), zone_info(zone)
    calendar = Calendar(calendar_id="c", offsets=table, week=(hours((4, 21)),) * 7)
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    while moment < datetime(2028, 1, 1, tzinfo=UTC):
        now = round(moment.timestamp() * 1000)
        local = moment.astimezone(info)
        offset = next(ahead for start, ahead in reversed(table) if start <= now)
        assert local.utcoffset() == timedelta(milliseconds=offset)
        assert OpenHours(calendar, now).is_open == (4 <= local.hour < 21), moment
        moment += timedelta(hours=1)
    assert all(abs(ahead) < DAY_MS for _, ahead in table)
