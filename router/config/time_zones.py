"""Time zones as tables of offsets, from the ``tzdata`` package: the same lock gives the same plan on every machine,
whatever its own database says.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

YEARS: Final = range(2020, 2050)
"""The years whose changes of clocks, and dates of every year, are in a plan."""

_FIRST: Final = datetime(YEARS.start, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(YEARS.stop, 1, 1, tzinfo=UTC)


@cache
def zones() -> frozenset[str]:
    """Return the names of all zones."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def zone_info(zone: str) -> ZoneInfo:
    """Return the zone of this name, one of ``zones``."""
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=zone)


@cache
def offsets(zone: str) -> tuple[tuple[int, int], ...]:
    """Return (from this instant on, so much ahead of UTC), both in milliseconds, for the zone's clock in ``YEARS``.

    Clocks do not change twice in one day.
    """
    info = zone_info(zone)
    found = [(_ms(_FIRST), _offset(info, _FIRST))]
    day = _FIRST
    while day < _LAST:
        following = day + timedelta(days=1)
        if _offset(info, following) != found[-1][1]:
            low, high = day, following
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                if _offset(info, middle) == found[-1][1]:
                    low = middle
                else:
                    high = middle
            found.append((_ms(high), _offset(info, high)))
        day = following
    return tuple(found)


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    ahead = instant.astimezone(zone).utcoffset()
    assert ahead is not None
    return ahead // timedelta(milliseconds=1)


def _ms(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
