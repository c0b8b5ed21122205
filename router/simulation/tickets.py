"""One row of an export under its mapping: the ticket it stands for, or why it can't be used, and what had to be
assumed. Files and the order of rows are not known here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from agents.distributions import describe
from router.core.names import ID_PATTERN, AttributeValue, ChannelId, InteractionId, QueueId, SectionId
from router.core.plan import DAY_MS, Plan
from router.errors import did_you_mean
from router.simulation.columns import Column, TraceMapping

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MS: Final = timedelta(milliseconds=1)

_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_.:-]+")


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


class UnusableError(Exception):
    """Why a row can't be used."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason, self.message = reason, message
        super().__init__(message)


class RowReader:
    """Reads rows. ``plan``: those that name what is not in it can't be used. The header has to come first."""

    def __init__(self, mapping: TraceMapping, plan: Plan | None) -> None:
        self.mapping = mapping
        self.noted: Counter[str] = Counter()
        self._places: dict[str, int] = {}
        self._seen: dict[str, int] = {}
        self._sections = None if plan is None else {section.section_id for section in plan.sections}
        self._channels = None if plan is None else {channel.channel_id for channel in plan.channels}
        self._queues = (
            None
            if plan is None
            else {queue.queue_id: section.section_id for section in plan.sections for queue in section.queues}
        )

    def header(self, names: Sequence[str]) -> None:
        """Note in which cell each column is."""
        self._places = {name: place for place, name in enumerate(names)}

    def used(self, ticket: Ticket) -> None:
        """Note that the row is used: later ones with its id are duplicates."""
        self._seen[ticket.interaction_id] = ticket.row

    def ticket(self, row: int, cells: Sequence[str]) -> Ticket:
        """Return what the row says; raises ``UnusableError``. ``noted`` counts what had to be assumed for it."""
        self.noted.clear()
        if len(cells) != len(self._places):
            raise UnusableError("bad-row", f"has {len(cells)} cells, the header {len(self._places)}")
        mapping = self.mapping
        interaction_id = self._identity(row, cells)
        at = self._time(cells, mapping.arrival)
        if at is None:
            raise UnusableError("missing-value", f"column {mapping.arrival!r} is empty")
        section = self._text("section", cells, mapping.section)
        channel = self._text("channel", cells, mapping.channel)
        self._known("section", section, self._sections)
        self._known("channel", channel, self._channels)
        queue = None if mapping.queue is None else self._text("queue", cells, mapping.queue)
        if queue is not None and self._queues is not None:
            self._known("queue", queue, self._queues)
            if self._queues[QueueId(queue)] != section:
                raise UnusableError("unknown-value", f"queue {queue!r} is not of section {section!r}")
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
            raise UnusableError("bad-id", text)
        if found in self._seen:
            raise UnusableError("duplicate", f"id {found!r} is that of row {self._seen[found]}")
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
                self.noted[f"{what}: {source.columns[0]!r} is empty, so {column!r}"] += 1
            return self._meant(what, column, text, source, tidy=tidy)
        names = " and ".join(repr(column) for column in source.columns)
        verb = "is" if len(source.columns) == 1 else "are"
        if source.missing is None:
            raise UnusableError("missing-value", f"{what}: {names} {verb} empty")
        self.noted[f"{what}: {names} {verb} empty, so {source.missing!r}"] += 1
        return source.missing

    @staticmethod
    def _meant(what: str, column: str, text: str, source: Column, *, tidy: bool = True) -> str:
        if source.values:
            if text not in source.values:
                hint = did_you_mean(text, list(source.values))
                message = f"{what}: column {column!r} has {text[:70]!r}, which the mapping doesn't know"
                raise UnusableError("unknown-value", f"{message} ({hint})" if hint else message)
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
            raise UnusableError("unknown-value", f"{text} ({hint})" if hint else text)

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
            raise UnusableError("unreadable-time", message) from None
        try:
            return self._instant(when, column, text)
        except OverflowError:
            raise UnusableError("unreadable-time", f"column {column!r}: {text!r} is out of range") from None

    def _instant(self, when: datetime, column: str, text: str) -> int:
        clock = self.mapping.clock
        if when.tzinfo is not None:
            return (when - EPOCH) // MS
        if clock.zone is None:
            raise UnusableError(
                "no-zone",
                f"column {column!r}: {text!r} doesn't say its zone, nor does the mapping",
            )
        early, late = when.replace(tzinfo=clock.zone), when.replace(tzinfo=clock.zone, fold=1)
        if early.utcoffset() != late.utcoffset():
            if early.astimezone(UTC).astimezone(clock.zone).replace(tzinfo=None) != when:
                raise UnusableError(
                    "no-such-time",
                    f"column {column!r}: {text!r} never was in {clock.zone}: the clock was set forward",
                )
            if clock.ambiguous == "refuse":
                raise UnusableError(
                    "ambiguous-time",
                    f"column {column!r}: {text!r} was twice in {clock.zone}: the clock was set back",
                )
            # Once a row, however often it is read: handle time may be counted from the arrival.
            self.noted[f"{column}: was twice as the clock was set back, so the {clock.ambiguous}"] = 1
            if clock.ambiguous == "second":
                early = late
        return (early.astimezone(UTC) - EPOCH) // MS

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
            why, found = f"longer than {span(rule.at_most_ms)}", None
        if found is None:
            self.noted[f"handle time: {why}, so {describe(rule.assumed)}"] += 1
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
                self.noted[f"transfers: {rule.count!r} is empty, so {times}"] += 1
            else:
                times = _count(rule.count, number)
        if not times:
            return ()
        if last is None:
            self.noted[f"transfers: {rule.last!r} is empty, so back into the queue it came from"] += 1
        elif self._queues is not None:
            self._known("queue", last, self._queues)
        if times > 1:
            self.noted["transfers: several, so all but the last back into the first queue"] += 1
        between: list[QueueId | None] = [None] * (times - 1)
        return (*between, None if last is None else QueueId(last))


def _whole(column: str, text: str, unit_ms: int) -> int:
    try:
        value = float(text) * unit_ms
        if not 0.0 <= value < 1e12:
            raise ValueError
    except ValueError:
        raise UnusableError(
            "bad-number", f"column {column!r}: {text[:70]!r} is no number of at least 0"
        ) from None
    return int(value + 0.5)


def _count(column: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise UnusableError("bad-number", f"column {column!r}: {text[:70]!r} is no number from 0 to 999")
    return int(text)


def span(ms: int) -> str:
    """Return the shortest way to write a duration: ``1h30m``."""
    text = ""
    for unit, length in (("d", DAY_MS), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)):
        times, ms = divmod(ms, length)
        text += f"{times}{unit}" if times else ""
    return text or "0s"
