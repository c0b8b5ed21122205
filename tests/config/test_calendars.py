"""Calendars and hours as they are written: what they come to, what is wrong with them, what is probably not meant."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from router.config import load_text
from router.config.files import examine
from router.core.calendar_plan import Hours
from router.core.plan import Plan
from router.errors import ConfigError, PlanError

CENTRE = """\
channels: [voice]
calendars:
  base:
    time-zone: Europe/Berlin
    hours: {mon-fri: 08:00-18:00, sat: [09:00-12:00, 13:00-15:00]}
    holidays: [12-25, 2026-04-06]
    exceptions: {2026-12-24: 08:00-12:00}
  child: {parent: base, hours: {fri-sun: closed}, exceptions: {12-25: 10:00-12:00}}
sections:
  s: {hours: base, closed: refuse, queues: {a: {}, b: {hours: always}, c: {hours: child, closed: {divert: vm}}}}
agents: {ana: {}}
"""
HOUR_MS = 3_600_000


def plan_of(text: str = CENTRE) -> Plan:
    return load_text(text, "centre.yaml")


def number(text: str) -> int:
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def test_what_a_child_does_not_say_its_parent_says() -> None:
    """Zone, days of the week and dates are inherited one by one; the child's own win."""
    base, child = plan_of().calendars
    day = ((8 * HOUR_MS, 18 * HOUR_MS),)
    assert base.offsets == child.offsets
    assert [day] * 5 == list(base.week[:5])
    assert base.week[6] == ()
    assert [day] * 4 + [()] * 3 == list(child.week)
    assert dict(base.dates)[number("2031-12-25")] == ()
    assert dict(child.dates)[number("2031-12-25")] == ((10 * HOUR_MS, 12 * HOUR_MS),)
    assert dict(child.dates)[number("2026-12-24")] == ((8 * HOUR_MS, 12 * HOUR_MS),)
    assert dict(child.dates)[number("2026-04-06")] == ()


def test_a_queue_has_the_hours_of_its_section_unless_it_says_otherwise() -> None:
    """``always`` is no hours; what becomes of arrivals is inherited apart from the calendar."""
    queues = plan_of().sections[0].queues
    assert [Hours(calendar="base", when_closed="refuse"), None] == [queue.hours for queue in queues[:2]]
    assert queues[2].hours == Hours(calendar="child", when_closed="divert", target="vm")


def test_the_same_files_are_the_same_plan() -> None:
    """The version does not depend on when or where it is compiled, nor on the layout."""
    again = CENTRE.replace("{mon-fri: 08:00-18:00, sat:", "{'mon, tue, wed, thu, fri': 08:00-18:00, sat:")
    assert plan_of().version == plan_of(again).version
    assert plan_of().version != plan_of(CENTRE.replace("Berlin", "Lisbon")).version


@pytest.mark.parametrize(
    ("written", "spoiled", "said"),
    [
        ("Europe/Berlin", "Europe/Berlinn", "4:16: calendars.base.time-zone: unknown time zone 'Europe/Berlinn' (did you mean 'Europe/Berlin'?)"),
        ("parent: base", "parent: bas", "8:19: calendars.child.parent: unknown calendar 'bas' (did you mean 'base'?)"),
        ("parent: base", "parent: child", "8:19: calendars.child.parent: calendars are each other's parents: child → child (let one of them have none)"),
        ("mon-fri: 08:00-18:00", "mon-fri: 8-18", "5:22: calendars.base.hours.mon-fri: '8-18' is not a stretch of a day (write '08:00-16:30')"),
        ("mon-fri: 08:00-18:00", "monday: 08:00-18:00", "5:13: calendars.base.hours.monday: 'monday' is not a day (the days are mon, tue, wed, thu, fri, sat, sun)"),
        ("sat: [", "fri: [", "5:35: calendars.base.hours.fri: 'fri' names a day that 'mon-fri' names already (say the hours of each day once)"),
        ("13:00-15:00", "11:00-15:00", "5:40: calendars.base.hours.sat: '11:00-15:00' starts before the hours before it end (put them in order)"),
        ("[12-25, ", "[25-12, ", "6:16: calendars.base.holidays[0]: there is no 25-12 (year, month, day: '2026-12-24')"),
        ("[12-25, ", "[Christmas, ", "6:16: calendars.base.holidays[0]: 'Christmas' is not a date (write '2026-12-24', or '12-24' for every year)"),
        ("2026-12-24: 08:00-12:00", "2026-02-30: closed", "7:18: calendars.base.exceptions.2026-02-30: there is no 2026-02-30 (year, month, day: '2026-12-24')"),
        ("hours: child", "hours: chlid", "10:83: sections.s.queues.c.hours: unknown calendar 'chlid' (did you mean 'child'?)"),
        ("closed: refuse", "closed: refused", "10:28: sections.s.closed: 'refused' is not one of refuse, queue (did you mean 'refuse'?)"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_problem(written: str, spoiled: str, said: str) -> None:
    """Each mistake is reported once, where it stands, with what would do."""
    assert CENTRE.count(written) >= 1
    with pytest.raises((ConfigError, PlanError)) as caught:
        plan_of(CENTRE.replace(written, spoiled, 1))
    assert [f"centre.yaml:{said}"] == [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("written", "put", "said"),
    [
        ("hours: child, ", "", "calendar 'child' is nobody's"),
        ("hours: {mon-fri: 08:00-18:00, sat: [09:00-12:00, 13:00-15:00]}", "hours: {mon: closed}", "does not open any more"),
        ("13:00-15:00", "12:01-15:00", "closed for 1 min between two hours"),
        ("mon-fri: 08:00-18:00", "mon-fri: 08:00-23:59", "closes shortly before midnight"),
        ("2026-12-24: 08:00-12:00", "2026-12-25: 08:00-12:00", "2026-12-25 is a holiday too"),
        ("2026-12-24: 08:00-12:00", "2026-12-22: 08:00-18:00", "has the hours that its weekday has anyway"),
        ("2026-12-24: 08:00-12:00", "2026-12-24: 20:00-04:00", "run into the next day, which is closed"),
        ("2026-04-06", "2026-03-03", "2026-03-03 is past"),
        ("2026-04-06", "2052-04-06", "are known from 2020 to 2049 only"),
        ("c: {hours: child, ", "c: {hours: always, ", "'closed' has no effect on what is always open"),
    ],
)  # fmt: skip
def test_what_is_probably_not_meant_is_said(tmp_path: Path, written: str, put: str, said: str) -> None:
    """Legal calendars that can hardly be meant are warned of, and a good one is not."""
    file = tmp_path / "centre.yaml"
    file.with_name("good.yaml").write_text(CENTRE, encoding="utf-8")
    today = date(2027, 1, 1) if "any more" in said else date(2026, 4, 1)
    assert examine(file.with_name("good.yaml"), today=date(2026, 4, 1)).warnings == []
    file.with_name("other.yaml").write_text(CENTRE.replace(written, put, 1), encoding="utf-8")
    examined = examine(file.with_name("other.yaml"), today=today)
    assert examined.problems == []
    assert any(said in str(warning) for warning in examined.warnings), examined.warnings
