"""A difference between what a case expects and what is so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from router.config.names import Place
from router.core.durations import duration_text

NOTHING: Final = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What was expected and is not so. ``about`` is the work that it is about, where it is about one."""

    place: Place
    what: str
    expected: str
    found: str
    about: str = ""


def differs(
    what: str, wanted: object, found: object, place: Place, *, about: str = ""
) -> Iterator[Difference]:
    """Yield the difference of two values, if there is one."""
    if wanted != found:
        expected, seen = (
            str(each).lower() if isinstance(each, bool) else str(each) for each in (wanted, found)
        )
        yield Difference(place=place, what=what, expected=expected, found=seen or NOTHING, about=about)


def span(ms: int | None) -> str | None:
    """Return a time as the files write it."""
    return None if ms is None else duration_text(ms)
