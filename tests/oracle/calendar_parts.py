"""Random calendars that open and close within seconds, and hours of queues. Histories start on Thursday, 1970-01-01."""

from __future__ import annotations

from random import Random

from router.core.calendar_plan import Calendar, Hours, Spans, WhenClosed
from router.core.plan import DAY_MS, MINUTE_MS

CALENDARS = ("days", "nights")

_STARTS = (0, 0, 3_000, -5_000, DAY_MS - 6_000, -20_000)
"""How far the local clocks are ahead at the start: some see midnight soon."""


def random_calendars(rng: Random) -> tuple[Calendar, ...]:
    """Return the calendars of a plan."""
    return tuple(_calendar(rng, name) for name in CALENDARS)


def _calendar(rng: Random, name: str) -> Calendar:
    offset = rng.choice(_STARTS)
    offsets = [(0, offset)]
    for _ in range(rng.choice((0, 0, 1, 2, 3))):
        offset = max(-DAY_MS, min(DAY_MS, offset + rng.choice((-4_000, -2_000, 3_000, 5_000))))
        offsets.append((offsets[-1][0] + rng.randint(11, 20) * 1000, offset))
    week = [_spans(rng) if rng.random() < 0.6 else () for _ in range(7)]
    dates = {day: _spans(rng) for day in (-1, 0, 1, 2) if rng.random() < 0.25}
    return Calendar(
        calendar_id=name,
        offsets=tuple(offsets),
        week=tuple(week),
        dates=tuple(sorted(dates.items())),
        zero=rng.choice((0, 0, 4_500, -7_000)),
    )


def _spans(rng: Random) -> Spans:
    """Hours early in the day or late, some over midnight, or all day long."""
    match rng.randint(1, 7):
        case 1:
            return ()
        case 2:
            return ((0, DAY_MS),)
        case 3:
            return ((DAY_MS - rng.randint(1, 9) * 1000, DAY_MS + rng.randint(0, 9) * 1000),)
        case 4:
            return ((DAY_MS - MINUTE_MS, DAY_MS - 4_000), (DAY_MS - 2_000, DAY_MS + MINUTE_MS))
        case _:
            cuts = sorted(rng.sample(range(60), 2 * rng.randint(1, 4)))
            return tuple((cuts[n] * 1000, cuts[n + 1] * 1000) for n in range(0, len(cuts), 2))


def random_hours(rng: Random) -> Hours | None:
    """Return the hours of a queue, which most have none of."""
    if rng.random() < 0.65:
        return None
    ways: tuple[WhenClosed, ...] = ("refuse", "divert", "queue", "queue", "queue")
    way = rng.choice(ways)
    return Hours(
        calendar=rng.choice(CALENDARS), when_closed=way, target="voicemail" if way == "divert" else ""
    )
