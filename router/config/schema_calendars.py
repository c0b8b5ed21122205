"""The models of calendars and hours: what is written of when a queue is open. Descriptions are what editors show."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import Field, PlainValidator, Tag, WithJsonSchema

from router.config.scalars import Model, Name, Words, by_shape, found, wrong
from router.config.times_of_day import SPAN_PATTERN, Span, day_span, week_days
from router.config.yaml_source import shown
from router.core.plan import DAY_MS

ALL_DAY: Final = Span(0, DAY_MS)
ALWAYS: Final = "always"

_DATE: Final = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})\Z")
_LEAP_YEAR: Final = 2000


def day_hours(value: object) -> tuple[Span, ...]:
    """Return the hours of a day: ``08:00-18:00``, a list of such, ``closed`` or ``open`` (all day)."""
    if value == "closed":
        return ()
    if value == "open":
        return (ALL_DAY,)
    if isinstance(value, str):
        return (day_span(value),)
    if not isinstance(value, list) or not value:
        wrong(
            f"expected hours, found {found(value)}", "write '08:00-18:00', a list of such, 'closed' or 'open'"
        )
    spans = tuple(day_span(one) for one in value)
    for before, after in pairwise(spans):
        if after.start_ms < before.end_ms:
            wrong(f"{value[spans.index(after)]!r} starts before the hours before it end", "put them in order")
    return spans


def weekdays_text(value: object) -> str:
    """Check days of the week as ``week_days`` reads them."""
    week_days(value)
    return str(value)


def date_text(value: object) -> str:
    """Check ``2026-12-24`` or, of every year, ``12-24``; ``date_of`` says which it is."""
    match = _DATE.match(value) if isinstance(value, str) else None
    if match is None:
        what = repr(shown(value)) if isinstance(value, str) else found(value)
        wrong(f"{what} is not a date", "write '2026-12-24', or '12-24' for every year")
    year = int(match[1]) if match[1] else _LEAP_YEAR
    try:
        date(year, int(match[2]), int(match[3]))
    except ValueError:
        wrong(f"there is no {value}", "year, month, day: '2026-12-24'")
    if not 1970 <= year < 2200:
        wrong(f"{value} is not between 1970 and 2200")
    return str(value)


def dates_of(text: str, years: range) -> list[date]:
    """Return the dates that are meant: one, or one in each of the years that has it."""
    match = _DATE.match(text)
    assert match is not None
    if match[1]:
        return [date.fromisoformat(text)]
    month, day = int(match[2]), int(match[3])
    found: list[date] = []
    for year in years:
        try:
            found.append(date(year, month, day))
        except ValueError:  # the 29th of February
            continue
    return found


_HOURS_SCHEMA: Final = {"type": "string", "pattern": SPAN_PATTERN}
DayHours = Annotated[
    tuple[Span, ...],
    PlainValidator(day_hours),
    WithJsonSchema(
        {
            "title": "hours of a day",
            "anyOf": [
                {"enum": ["closed", "open"]},
                _HOURS_SCHEMA,
                {"type": "array", "items": _HOURS_SCHEMA, "minItems": 1},
            ],
        }
    ),
]
Weekdays = Annotated[
    str,
    PlainValidator(weekdays_text),
    WithJsonSchema({"title": "days", "type": "string", "pattern": "^[a-z]{3}( ?[-,] ?[a-z]{3})*$"}),
]
DateText = Annotated[
    str,
    PlainValidator(date_text),
    WithJsonSchema({"title": "date", "type": "string", "pattern": r"^(\d{4}-)?\d{2}-\d{2}$"}),
]
Week = Annotated[
    Annotated[Literal["always"], Tag("<scalar>")]
    | Annotated[dict[Weekdays, DayHours], Field(min_length=1), Tag("<mapping>")],
    by_shape("'always', or a mapping such as {mon-fri: 08:00-18:00}"),
]


class CalendarMap(Model):
    """When something is open, by the clock of its time zone. What it does not say, its parent says."""

    description: Words | None = Field(None, description="For people.")
    parent: Name | None = Field(
        None,
        description="The calendar that holds where this one says nothing: the zone, each day of the week, each date.",
    )
    time_zone: Words | None = Field(
        None, description="The zone whose clock counts: `Europe/Berlin`. [the parent's; UTC]"
    )
    hours: Week | None = Field(
        None,
        description="The week: `{mon-fri: 08:00-18:00, sat: [09:00-12:00, 13:00-15:00]}`, `22:00-06:00` over midnight,"
        " or `always`. [the parent's; closed]",
    )
    holidays: list[DateText] = Field(
        [], description="Dates on which it is closed: `2026-04-06`, or `12-25` every year."
    )
    exceptions: dict[DateText, DayHours] = Field(
        {},
        description="Dates with hours of their own: `{2026-12-24: 08:00-12:00, 2026-12-31: closed}`; they win over"
        " holidays and the week.",
    )


class ClosedMap(Model):
    """Where arrivals go while it is closed."""

    divert: Words = Field(description="Voicemail, a number, a message; means something to the outside only.")


ClosedRule = Annotated[
    Annotated[Literal["refuse", "queue"], Tag("<scalar>")] | Annotated[ClosedMap, Tag("<mapping>")],
    by_shape("'refuse', 'queue' or {divert: voicemail}"),
]
