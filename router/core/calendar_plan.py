"""When queues are open: calendars and hours as pure data, and the ladder trigger that asks for them.

A calendar is told by the clock on its wall: weekly hours and single dates in milliseconds of a local day, and the
offsets of its time zone as a table of instants, which ``router.config`` reads from the time-zone database. What it all
comes to at an instant is worked out by ``router.core.calendar``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Spans = tuple[tuple[int, int], ...]
"""(start, end) in milliseconds from local midnight, in order; an end beyond 24 hours lies on the next day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When something is open.

    ``offsets``: (from this instant on, the local clock is so many milliseconds ahead of UTC), in order; the first one
    also holds before its instant, the last one for ever. ``week``: the hours of Monday to Sunday. ``dates``: the hours of
    single dates (days since 1970-01-01) instead of their weekday's, in order; no hours: closed. Hours belong to the day on
    which they start. ``zero``: the instant (milliseconds since 1970) at which the engine's clock shows 0; another than 0 is for
    cases and simulations, whose time starts at 0.
    """

    calendar_id: str
    offsets: tuple[tuple[int, int], ...] = ((0, 0),)
    week: tuple[Spans, ...] = ((), (), (), (), (), (), ())
    dates: tuple[tuple[int, Spans], ...] = ()
    zero: int = 0


WhenClosed = Literal["refuse", "divert", "queue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a queue takes arrivals, and what becomes of those that come while it is closed.

    ``refuse`` ends them, ``divert`` sends them to ``target`` (a name the outside understands), ``queue`` lets them wait:
    their ladder and service-level clocks start at the opening.
    """

    calendar: str
    when_closed: WhenClosed = "queue"
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Holds while the queue is closed."""
