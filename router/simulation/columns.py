"""What the columns of an export of real work mean, and what to assume where they say nothing. Reading such a mapping
from a file lives in the harness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Literal

from agents.distributions import Distribution
from router.core.plan import DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How times are written: a ``strptime`` format, and the zone of times that don't say theirs.

    ``ambiguous``: which of the two is meant where the clock was set back; ``refuse`` leaves the row out.
    """

    format: str
    zone: tzinfo | None = None
    ambiguous: Literal["first", "second", "refuse"] = "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Where a value comes from: the first of ``columns`` that isn't empty.

    ``values`` says what each stands for (empty: itself), ``name`` what is made of it (``group-{}``),
    ``missing`` what is assumed where all are empty; None: such a row can't be used.
    """

    columns: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    name: str = "{}"
    missing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleTimes:
    """How long work took: a ``column`` in units of ``unit_ms``, or from one column's time to another's, or
    neither. ``assumed`` is drawn from where that is missing or over ``at_most_ms``.

    It is the whole interaction's: where that is passed on, all who had it take an equal part.
    """

    assumed: Distribution
    column: str | None = None
    unit_ms: int = 1_000
    start: str | None = None
    end: str | None = None
    at_most_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfers:
    """Which column has the group that had the work last, and which the number of reassignments. Without the
    latter, one where first and last differ.
    """

    last: str
    count: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceMapping:
    """What the columns of an export mean, and what to assume where they say nothing."""

    arrival: str
    clock: Clock
    handle_time: HandleTimes
    section: Column | str
    channel: Column | str
    identity: Column | None = None
    queue: Column | None = None
    priority: Column | None = None
    attributes: tuple[tuple[str, Column], ...] = ()
    transfers: Transfers | None = None
    patience: Distribution | None = None
    empty: frozenset[str] = frozenset({""})
    sort_within_ms: int = 3_600_000
    gap_ms: int = DAY_MS
    delimiter: str = ","
    encoding: str = "utf-8-sig"

    def columns(self) -> list[str]:
        """Return the columns it needs, each once."""
        handle = self.handle_time
        wanted: list[str | None] = [self.arrival, handle.column, handle.start, handle.end]
        for each in (self.section, self.channel, self.identity, self.queue, self.priority):
            if isinstance(each, Column):
                wanted.extend(each.columns)
        for _, each in self.attributes:
            wanted.extend(each.columns)
        if self.transfers is not None:
            wanted.extend((self.transfers.last, self.transfers.count))
        return list(dict.fromkeys(name for name in wanted if name is not None))
