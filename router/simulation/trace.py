"""Arrivals from an export of real work instead of from a generator: a CSV file (or .csv.gz), read as it
stands, row by row, sorted as far as its mapping allows. Rows that can't be used are counted and named; what had to
be assumed is counted. What a row means lives in ``tickets``.

Memory grows with the ids seen (to find duplicates), not with what the rows hold.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from heapq import heappop, heappush
from pathlib import Path
from typing import IO, Final, NamedTuple

from agents.distributions import whole_ms
from router.core.plan import Plan
from router.core.signals import InteractionArrived
from router.errors import ConfigError, Problem, did_you_mean
from router.simulation.columns import TraceMapping
from router.simulation.tickets import EPOCH, MS, RowReader, Ticket, UnusableError, span
from router.simulation.traffic import Customer, Stop, stream_rng

NAMED: Final = 1_000
"""So many unused rows are named one by one; the others only counted."""

GAPS: Final = 20
"""So many gaps are named, the longest ones."""


class Unused(NamedTuple):
    """A row that can't be used. Rows are counted as a spreadsheet does: the header is row 1."""

    row: int
    reason: str
    message: str

    def __str__(self) -> str:
        return f"row {self.row}: {self.reason}: {self.message}"


class Gap(NamedTuple):
    """A stretch without arrivals that is longer than the mapping's ``gap``; times of the epoch."""

    start_ms: int
    end_ms: int
    row: int


@dataclass(slots=True)
class TraceReport:
    """What came of the rows: ``rows`` = ``used`` + the sum of ``unused``."""

    rows: int = 0
    used: int = 0
    unused: Counter[str] = field(default_factory=Counter)
    named: list[Unused] = field(default_factory=list)
    assumed: Counter[str] = field(default_factory=Counter)
    transfers: int = 0
    passed_on: int = 0
    out_of_order: int = 0
    gap_count: int = 0
    gaps: list[Gap] = field(default_factory=list)
    first_ms: int | None = None
    last_ms: int | None = None


class Trace:
    """One pass over an export; ``report`` fills up as it is read. ``plan``: rows that name what is not in
    it can't be used.
    """

    def __init__(self, path: Path, mapping: TraceMapping, plan: Plan | None = None) -> None:
        self.path, self.mapping = path, mapping
        self.report = TraceReport()
        self._reader = RowReader(mapping, plan)

    def tickets(self) -> Iterator[Ticket]:
        """Yield the usable rows in the order of their arrival, rows of the same time in that of the file.

        Raises ``ConfigError`` where the file can't be read, or lacks a column of the mapping.
        """
        report, within = self.report, self.mapping.sort_within_ms
        waiting: list[Ticket] = []
        newest: int | None = None
        for row, cells in self._rows():
            report.rows += 1
            try:
                if isinstance(cells, str):
                    raise UnusableError("bad-row", cells)
                ticket = self._reader.ticket(row, cells)
                if newest is not None and ticket.at < newest - within:
                    raise UnusableError(
                        "disorder",
                        f"arrives {span(newest - ticket.at)} before a row above it; rows are sorted within {span(within)}",
                    )
            except UnusableError as unusable:
                report.unused[unusable.reason] += 1
                if len(report.named) < NAMED:
                    report.named.append(Unused(row, unusable.reason, unusable.message))
                continue
            self._reader.used(ticket)
            self._use(ticket)
            if newest is not None and ticket.at < newest:
                report.out_of_order += 1
            newest = ticket.at if newest is None else max(newest, ticket.at)
            # Tickets are compared by time and row, which is unique.
            heappush(waiting, ticket)
            while waiting[0].at < newest - within:
                yield self._in_order(heappop(waiting))
        while waiting:
            yield self._in_order(heappop(waiting))

    def useless(self) -> ConfigError:
        """Return the error for an export of which no row could be used."""
        named = self.report.named
        if not named:
            return self._broken(1, "there is no row below the header")
        return self._broken(0, f"no row can be used; the first: {named[0]}")

    def _use(self, ticket: Ticket) -> None:
        report = self.report
        report.used += 1
        report.assumed.update(self._reader.noted)
        report.transfers += len(ticket.stops)
        report.passed_on += bool(ticket.stops)

    def _in_order(self, ticket: Ticket) -> Ticket:
        report = self.report
        if report.first_ms is None:
            report.first_ms = ticket.at
        if report.last_ms is not None and ticket.at - report.last_ms > self.mapping.gap_ms:
            report.gap_count += 1
            report.gaps.append(Gap(report.last_ms, ticket.at, ticket.row))
            report.gaps.sort(key=lambda gap: (gap.start_ms - gap.end_ms, gap.start_ms))
            del report.gaps[GAPS:]
        report.last_ms = ticket.at
        return ticket

    # ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _rows(self) -> Iterator[tuple[int, list[str] | str]]:
        """Each row with its cells, or with what is wrong with it."""
        row = 1
        try:
            with _opened(self.path, self.mapping.encoding) as file:
                reader = csv.reader(file, delimiter=self.mapping.delimiter, strict=True)
                self._read_header(next(reader, []))
                while True:
                    try:
                        cells = next(reader, None)
                    except csv.Error as error:
                        row += 1
                        yield row, str(error)
                        continue
                    if cells is None:
                        return
                    row += 1
                    if cells:
                        yield row, cells
        except FileNotFoundError:
            raise self._broken(0, "there is no such file") from None
        except (OSError, EOFError, zlib.error, LookupError, csv.Error) as error:
            raise self._broken(row, f"can't be read on: {error}", "copy it again") from None
        except UnicodeDecodeError as error:
            hint = "say the mapping's encoding, such as 'latin-1'"
            raise self._broken(row, f"is not {self.mapping.encoding}: {error.reason}", hint) from None

    def _read_header(self, header: Sequence[str]) -> None:
        if not header:
            raise self._broken(1, "the file is empty", "its first row has to name the columns")
        problems: list[Problem] = []
        for name in self.mapping.columns():
            if name not in header:
                hint = did_you_mean(name, header)
                problems.append(Problem(str(self.path), 1, 0, "", f"there is no column {name!r}", hint))
            elif header.count(name) > 1:
                text = f"there are {header.count(name)} columns {name!r}"
                problems.append(Problem(str(self.path), 1, 0, "", text, "give each its own name"))
        if problems:
            raise ConfigError(problems)
        self._reader.header(header)

    def _broken(self, row: int, message: str, hint: str = "") -> ConfigError:
        return ConfigError([Problem(str(self.path), row, 0, "", message, hint)])


def _opened(path: Path, encoding: str) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


# ── into the world ───────────────────────────────────────────────────────────────────────────────────────────────


def midnight(ms: int, zone: tzinfo | None) -> int:
    """Return the midnight before a time of the epoch, in that zone (None: UTC): where the world's clock
    starts, so that shifts are times of day.
    """
    there = (EPOCH + ms * MS).astimezone(zone or UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (there.astimezone(UTC) - EPOCH) // MS


def trace_customers(trace: Trace, start_ms: int, seed: int | str) -> Iterator[Customer]:
    """Yield what the world takes for customers; its 0 is ``start_ms`` of the epoch."""
    mapping = trace.mapping
    assumed = whole_ms(mapping.handle_time.assumed, stream_rng(seed, "trace", "handle_time"))
    patience = None
    if mapping.patience is not None:
        patience = whole_ms(mapping.patience, stream_rng(seed, "trace", "patience"))
    for ticket in trace.tickets():
        whole = assumed() if ticket.handle_ms is None else ticket.handle_ms
        part, rest = divmod(whole, len(ticket.stops) + 1)
        signal = InteractionArrived(
            ticket.interaction_id,
            ticket.section,
            ticket.channel,
            ticket.attributes,
            ticket.queue,
            ticket.priority,
        )
        stops = tuple(Stop(queue, part) for queue in ticket.stops)
        yield ticket.at - start_ms, signal, part + rest, None if patience is None else patience(), stops
