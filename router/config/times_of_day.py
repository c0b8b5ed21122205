"""Times as people read them off a clock: times of day, stretches of a day, dates, and moments with their offset."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final, NamedTuple

from pydantic import PlainValidator, WithJsonSchema

from router.config.scalars import found, wrong
from router.core.plan import DAY_MS, MINUTE_MS

_CLOCK: Final = re.compile(r"(\d{2}):(\d{2})\Z")
_SPAN: Final = re.compile(r"(\d{2}:\d{2})\s*-\s*(\d{2}:\d{2})\Z")
SPAN_PATTERN: Final = r"^\d{2}:\d{2}\s*-\s*\d{2}:\d{2}$"


class Span(NamedTuple):
    """A stretch of a day, in milliseconds after midnight; ends on the next day where it would end before it
    starts.
    """

    start_ms: int
    end_ms: int


def clock_ms(value: object) -> int:
    """Return milliseconds after midnight for ``08:30``; ``24:00`` is the end of the day."""
    match = _CLOCK.match(value) if isinstance(value, str) else None
    if match is None:
        wrong(f"{value!r} is not a time of day", "write '08:30'")
    ms = int(match[1]) * 60 * MINUTE_MS + int(match[2]) * MINUTE_MS
    if int(match[2]) > 59 or ms > DAY_MS:
        wrong(f"{value!r} is not a time of day", "from '00:00' to '24:00'")
    return ms


def day_span(value: object) -> Span:
    """Return the stretch that ``08:00-16:30`` names, or ``22:00-06:00`` over midnight."""
    match = _SPAN.match(value) if isinstance(value, str) else None
    if match is None:
        wrong(f"{value!r} is not a stretch of a day", "write '08:00-16:30'")
    start_ms, end_ms = clock_ms(match[1]), clock_ms(match[2])
    if start_ms in {end_ms, DAY_MS}:
        wrong(f"{value!r} lasts no time", "write '00:00-24:00' for the whole day")
    return Span(start_ms, end_ms if end_ms > start_ms else end_ms + DAY_MS)


def moment_ms(value: object) -> int:
    """Return milliseconds since 1970 for ``2026-03-29T00:30+01:00``; the offset from UTC has to be said."""
    hint = "write '2026-03-29T00:30+01:00', or with Z for UTC"
    if not isinstance(value, str):
        wrong(f"expected a moment, found {found(value)}", hint)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        wrong(f"{value!r} is not a moment", hint)
    if moment.tzinfo is None:
        wrong(f"{value!r} does not say how far its clock is from UTC", hint)
    if not 1970 <= moment.year < 2200:
        wrong(f"{value!r} is not between 1970 and 2200", hint)
    return round(moment.timestamp() * 1000)


Clock = Annotated[
    int,
    PlainValidator(clock_ms),
    WithJsonSchema(
        {"title": "time of day", "type": "string", "pattern": r"^\d{2}:\d{2}$", "examples": ["08:30"]}
    ),
]
DaySpan = Annotated[
    Span,
    PlainValidator(day_span),
    WithJsonSchema(
        {
            "title": "stretch of a day",
            "type": "string",
            "pattern": SPAN_PATTERN,
            "examples": ["08:00-16:30"],
        }
    ),
]
MomentMs = Annotated[
    int,
    PlainValidator(moment_ms),
    WithJsonSchema(
        {"title": "moment", "type": "string", "format": "date-time", "examples": ["2026-03-29T00:30+01:00"]}
    ),
]
"""A moment with its offset from UTC → milliseconds since 1970."""


# ── days of the week ─────────────────────────────────────────────────────────────────────────────────────────────

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def week_days(value: object) -> tuple[int, ...]:
    """Return the days, Monday 0, that ``mon-fri``, ``sat`` or ``mon, wed, fri`` names; a stretch may pass Sunday."""
    if not isinstance(value, str):
        wrong(f"{value!r} names no days", "write 'mon-fri', 'sat' or 'mon, wed, fri'")
    found: list[int] = []
    for part in value.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        for name in (first, last) if dash else (first,):
            if name not in WEEKDAYS:
                wrong(f"{name!r} is not a day", f"the days are {', '.join(WEEKDAYS)}")
        count = (WEEKDAYS.index(last) - WEEKDAYS.index(first)) % 7 + 1 if dash else 1
        found.extend((WEEKDAYS.index(first) + step) % 7 for step in range(count))
    if len(set(found)) < len(found):
        wrong(f"{value!r} names a day twice", "name each day once")
    return tuple(sorted(found))


Days = Annotated[
    tuple[int, ...],
    PlainValidator(week_days),
    WithJsonSchema({"title": "days", "type": "string", "examples": ["mon-fri", "sat, sun"]}),
]
EVERY_DAY: Final = tuple(range(7))
