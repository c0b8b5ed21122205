"""Arrivals from an export of real work instead of from a generator: a CSV file (or .csv.gz), read as it
stands, row by row, under a mapping that says what its columns mean. Rows that can't be used are counted and
named; what had to be assumed is counted. Reading the mapping from a file lives in the harness.

Memory grows with the ids seen (to find duplicates), not with what the rows hold.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from heapq import heappop, heappush
from pathlib import Path
from typing import IO, Final, Literal, NamedTuple

from agents.distributions import Distribution, describe, whole_ms
from router.core.names import ID_PATTERN, AttributeValue, ChannelId, InteractionId, QueueId, SectionId
from router.core.plan import DAY_MS, Plan
from router.core.signals import InteractionArrived
from router.errors import ConfigError, Problem, did_you_mean
from router.simulation.traffic import Customer, Stop, stream_rng

NAMED: Final = 1_000
"""So many unused rows are named one by one; the others only counted."""

GAPS: Final = 20
"""So many gaps are named, the longest ones."""

_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_.:-]+")
_MS: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# ── the mapping ──────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── what came of it ──────────────────────────────────────────────────────────────────────────────────────────────


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


class Ticket(NamedTuple):
    """A row that can be used. ``at`` is of the epoch; ``handle_ms`` None: assumed; ``stops`` are the queues
    it is passed on to, one after the other.
    """

    at: int
    row: int
    interaction_id: InteractionId
    section: SectionId
    channel: ChannelId
    queue: QueueId | None
    priority: int | None
    attributes: Mapping[str, AttributeValue]
    handle_ms: int | None
    stops: tuple[QueueId | None, ...]


class _UnusableError(Exception):
    """Why a row can't be used."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason, self.message = reason, message
        super().__init__(message)


class Trace:
    """One pass over an export; ``report`` fills up as it is read. ``plan``: rows that name what is not in
    it can't be used.
    """

    def __init__(self, path: Path, mapping: TraceMapping, plan: Plan | None = None) -> None:
        self.path, self.mapping = path, mapping
        self.report = TraceReport()
        self._places: dict[str, int] = {}
        self._seen: dict[str, int] = {}
        self._noted: Counter[str] = Counter()
        self._sections = None if plan is None else {section.section_id for section in plan.sections}
        self._channels = None if plan is None else {channel.channel_id for channel in plan.channels}
        self._queues = (
            None
            if plan is None
            else {queue.queue_id: section.section_id for section in plan.sections for queue in section.queues}
        )

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
                self._noted.clear()
                ticket = self._ticket(row, cells)
                if newest is not None and ticket.at < newest - within:
                    raise _UnusableError(
                        "disorder",
                        f"arrives {_span(newest - ticket.at)} before a row above it; rows are sorted within {_span(within)}",
                    )
            except _UnusableError as unusable:
                report.unused[unusable.reason] += 1
                if len(report.named) < NAMED:
                    report.named.append(Unused(row, unusable.reason, unusable.message))
                continue
            self._seen[ticket.interaction_id] = row
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

    def _use(self, ticket: Ticket) -> None:
        report = self.report
        report.used += 1
        report.assumed.update(self._noted)
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
        self._places = {name: place for place, name in enumerate(header)}

    def _broken(self, row: int, message: str, hint: str = "") -> ConfigError:
        return ConfigError([Problem(str(self.path), row, 0, "", message, hint)])

    # ── a row ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _ticket(self, row: int, cells: list[str] | str) -> Ticket:
        if isinstance(cells, str):
            raise _UnusableError("bad-row", cells)
        if len(cells) != len(self._places):
            raise _UnusableError("bad-row", f"has {len(cells)} cells, the header {len(self._places)}")
        mapping = self.mapping
        interaction_id = self._identity(row, cells)
        at = self._time(cells, mapping.arrival)
        if at is None:
            raise _UnusableError("missing-value", f"column {mapping.arrival!r} is empty")
        section = self._text("section", cells, mapping.section)
        channel = self._text("channel", cells, mapping.channel)
        self._known("section", section, self._sections)
        self._known("channel", channel, self._channels)
        queue = None if mapping.queue is None else self._text("queue", cells, mapping.queue)
        if queue is not None and self._queues is not None:
            self._known("queue", queue, self._queues)
            if self._queues[QueueId(queue)] != section:
                raise _UnusableError("unknown-value", f"queue {queue!r} is not of section {section!r}")
        priority = None if mapping.priority is None else self._text("priority", cells, mapping.priority)
        return Ticket(
            at,
            row,
            InteractionId(interaction_id),
            SectionId(section),
            ChannelId(channel),
            None if queue is None else QueueId(queue),
            None if priority is None else int(priority),
            self._attributes(cells),
            self._handle_ms(cells),
            self._stops(cells, queue),
        )

    def _cell(self, cells: Sequence[str], column: str) -> str | None:
        text = cells[self._places[column]].strip()
        return None if text in self.mapping.empty else text

    def _identity(self, row: int, cells: Sequence[str]) -> str:
        identity = self.mapping.identity
        found = f"row-{row}" if identity is None else self._text("id", cells, identity, tidy=False)
        if not ID_PATTERN.match(found):
            text = f"{found[:70]!r} is no id: 1 to 64 of letters, digits, '_', '.', ':', '-'"
            raise _UnusableError("bad-id", text)
        if found in self._seen:
            raise _UnusableError("duplicate", f"id {found!r} is that of row {self._seen[found]}")
        return found

    def _text(self, what: str, cells: Sequence[str], source: Column | str, *, tidy: bool = True) -> str:
        """The value that a row has for something, or the assumed one."""
        if isinstance(source, str):
            return source
        for place, column in enumerate(source.columns):
            text = self._cell(cells, column)
            if text is None:
                continue
            if place:
                self._noted[f"{what}: {source.columns[0]!r} is empty, so {column!r}"] += 1
            return self._meant(what, column, text, source, tidy=tidy)
        names = " and ".join(repr(column) for column in source.columns)
        verb = "is" if len(source.columns) == 1 else "are"
        if source.missing is None:
            raise _UnusableError("missing-value", f"{what}: {names} {verb} empty")
        self._noted[f"{what}: {names} {verb} empty, so {source.missing!r}"] += 1
        return source.missing

    @staticmethod
    def _meant(what: str, column: str, text: str, source: Column, *, tidy: bool = True) -> str:
        if source.values:
            if text not in source.values:
                hint = did_you_mean(text, list(source.values))
                message = f"{what}: column {column!r} has {text[:70]!r}, which the mapping doesn't know"
                raise _UnusableError("unknown-value", f"{message} ({hint})" if hint else message)
            text = source.values[text]
        return source.name.replace("{}", _NO_NAME.sub("-", text) if tidy else text)

    @staticmethod
    def _known(what: str, name: str, known: Mapping[QueueId, SectionId] | set[str] | object | None) -> None:
        if known is None:
            return
        assert isinstance(known, dict | set)
        if name not in known:
            hint = did_you_mean(name, sorted(known))
            text = f"the centre has no {what} {name!r}"
            raise _UnusableError("unknown-value", f"{text} ({hint})" if hint else text)

    def _attributes(self, cells: Sequence[str]) -> dict[str, AttributeValue]:
        found: dict[str, AttributeValue] = {}
        for name, source in self.mapping.attributes:
            if source.missing is not None or any(self._cell(cells, each) for each in source.columns):
                found[name] = self._text(f"attribute {name}", cells, source, tidy=False)
        return found

    def _time(self, cells: Sequence[str], column: str) -> int | None:
        """Milliseconds of the epoch."""
        text = self._cell(cells, column)
        if text is None:
            return None
        clock = self.mapping.clock
        try:
            when = datetime.strptime(text, clock.format)  # noqa: DTZ007 - the zone comes next
        except ValueError:
            message = f"column {column!r}: {text[:70]!r} is not {clock.format!r}"
            raise _UnusableError("unreadable-time", message) from None
        try:
            return self._instant(when, column, text)
        except OverflowError:
            raise _UnusableError("unreadable-time", f"column {column!r}: {text!r} is out of range") from None

    def _instant(self, when: datetime, column: str, text: str) -> int:
        clock = self.mapping.clock
        if when.tzinfo is not None:
            return (when - _EPOCH) // _MS
        if clock.zone is None:
            raise _UnusableError(
                "no-zone",
                f"column {column!r}: {text!r} doesn't say its zone, nor does the mapping",
            )
        early, late = when.replace(tzinfo=clock.zone), when.replace(tzinfo=clock.zone, fold=1)
        if early.utcoffset() != late.utcoffset():
            if early.astimezone(UTC).astimezone(clock.zone).replace(tzinfo=None) != when:
                raise _UnusableError(
                    "no-such-time",
                    f"column {column!r}: {text!r} never was in {clock.zone}: the clock was set forward",
                )
            if clock.ambiguous == "refuse":
                raise _UnusableError(
                    "ambiguous-time",
                    f"column {column!r}: {text!r} was twice in {clock.zone}: the clock was set back",
                )
            self._noted[f"{column}: was twice as the clock was set back, so the {clock.ambiguous}"] += 1
            if clock.ambiguous == "second":
                early = late
        return (early.astimezone(UTC) - _EPOCH) // _MS

    def _handle_ms(self, cells: Sequence[str]) -> int | None:
        rule = self.mapping.handle_time
        found: int | None = None
        why = "no column"
        if rule.column is not None:
            text = self._cell(cells, rule.column)
            why = f"{rule.column!r} is empty"
            if text is not None:
                found = _whole(rule.column, text, rule.unit_ms)
        elif rule.start is not None and rule.end is not None:
            start, end = self._time(cells, rule.start), self._time(cells, rule.end)
            if start is None or end is None:
                why = f"{(rule.start if start is None else rule.end)!r} is empty"
            elif end < start:
                why = f"{rule.end!r} is before {rule.start!r}"
            else:
                found = end - start
        if found is not None and rule.at_most_ms is not None and found > rule.at_most_ms:
            why, found = f"longer than {_span(rule.at_most_ms)}", None
        if found is None:
            self._noted[f"handle time: {why}, so {describe(rule.assumed)}"] += 1
        return found

    def _stops(self, cells: Sequence[str], first: str | None) -> tuple[QueueId | None, ...]:
        rule, queue = self.mapping.transfers, self.mapping.queue
        if rule is None or queue is None:
            return ()
        text = self._cell(cells, rule.last)
        last = None if text is None else self._meant("transfer", rule.last, text, queue)
        if rule.count is None:
            times = int(last is not None and last != first)
        else:
            number = self._cell(cells, rule.count)
            if number is None:
                times = int(last is not None and last != first)
                self._noted[f"transfers: {rule.count!r} is empty, so {times}"] += 1
            else:
                times = _count(rule.count, number)
        if not times:
            return ()
        if last is None:
            self._noted[f"transfers: {rule.last!r} is empty, so back into the queue it came from"] += 1
        elif self._queues is not None:
            self._known("queue", last, self._queues)
        if times > 1:
            self._noted["transfers: several, so all but the last back into the first queue"] += 1
        between: list[QueueId | None] = [None] * (times - 1)
        return (*between, None if last is None else QueueId(last))


def _opened(path: Path, encoding: str) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _whole(column: str, text: str, unit_ms: int) -> int:
    try:
        value = float(text) * unit_ms
        if not 0.0 <= value < 1e12:
            raise ValueError
    except ValueError:
        raise _UnusableError(
            "bad-number", f"column {column!r}: {text[:70]!r} is no number of at least 0"
        ) from None
    return int(value + 0.5)


def _count(column: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise _UnusableError("bad-number", f"column {column!r}: {text[:70]!r} is no number from 0 to 999")
    return int(text)


def _span(ms: int) -> str:
    """Return the shortest way to write a duration: ``1h30m``."""
    text = ""
    for unit, length in (("d", DAY_MS), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)):
        times, ms = divmod(ms, length)
        text += f"{times}{unit}" if times else ""
    return text or "0s"


# ── into the world ───────────────────────────────────────────────────────────────────────────────────────────────


def midnight(ms: int, zone: tzinfo | None) -> int:
    """Return the midnight before a time of the epoch, in that zone (None: UTC): where the world's clock
    starts, so that shifts are times of day.
    """
    there = (_EPOCH + ms * _MS).astimezone(zone or UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (there.astimezone(UTC) - _EPOCH) // _MS


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
