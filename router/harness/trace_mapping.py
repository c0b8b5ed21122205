"""The file of a trace mapping as a pydantic model: which column of an export means what. How rows are read
under it lives in `router.simulation.trace`.
"""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, Tag, model_validator

from router.config.documents import (
    Duration,
    Model,
    Name,
    PositiveDuration,
    Words,
    by_shape,
    read_model,
    wrong,
)
from router.core.plan import DAY_MS
from router.harness.models import PRIORITY_MAX, Times, distribution
from router.simulation import columns as meant


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        wrong(f"there is no time zone {name!r}", "write 'Europe/Paris' or 'UTC'")
    return name


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        wrong(f"there is no encoding {name!r}", "write 'utf-8-sig' or 'latin-1'")
    return name


def _template(text: str) -> str:
    if "{}" not in text:
        wrong(f"{text!r} has no place for the value", "write 'group-{}'")
    return text


Columns = Annotated[
    Annotated[Words, Tag("<scalar>")] | Annotated[list[Words], Field(min_length=1), Tag("<list>")],
    by_shape("a column's name, or several, of which the first that isn't empty counts"),
]
Template = Annotated[str, AfterValidator(_template)]
Priority = Annotated[int, Field(ge=-PRIORITY_MAX, le=PRIORITY_MAX)]


class ArrivalMap(Model):
    """When work arrived. Format and zone hold for the other times of the file too."""

    column: Words = Field(description="Its column.")
    format: str = Field(description='As `strptime` has it: `"%Y-%m-%dT%H:%M"`.')
    zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        None, description="The zone of times that don't say theirs: `Europe/Paris`. Needed without `%z`."
    )
    ambiguous: Literal["first", "second", "refuse"] = Field(
        "first", description="Which is meant where the clock was set back; `refuse` leaves the row out."
    )

    @model_validator(mode="after")
    def _has_a_zone(self) -> Self:
        if "%z" not in self.format and self.zone is None:
            wrong(f"times as {self.format!r} have no zone", "add zone: Europe/Paris, or %z to the format")
        return self


class ColumnMap(Model):
    """A value from a column."""

    column: Columns = Field(description="Its column, or several: the first that isn't empty counts.")
    values: dict[Words, Words] = Field({}, description="What its values stand for. [themselves]")
    name: Template = Field("{}", description="What is made of the value: `group-{}`.")
    missing: Words | None = Field(
        None, description="What is assumed where it is empty. [the row can't be used]"
    )


class PriorityMap(Model):
    """How urgent work is."""

    column: Columns = Field(description="Its column, or several: the first that isn't empty counts.")
    values: Annotated[dict[Words, Priority], Field(min_length=1)] = Field(
        description='The priority (higher goes first) that each value stands for: `{"1": 3, "2": 2}`.'
    )
    missing: Priority | None = Field(
        None, description="What is assumed where it is empty. [the row can't be used]"
    )


class HandleTimeMap(Model):
    """How long the work took in all. `column`, or `from` and `to`, or only what is assumed."""

    column: Words | None = Field(None, description="A column with a number.")
    unit: PositiveDuration = Field(1_000, description="What the number counts. [1s]")
    from_: Words | None = Field(None, description="The column of the time at which it began.")
    to: Words | None = Field(None, description="The column of the time at which it ended.")
    at_most: PositiveDuration | None = Field(
        None, description="Longer ones are no handle times (a ticket left open) and are assumed. [any]"
    )
    assumed: Times = Field(description="What is drawn where there is none.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.from_ is None) != (self.to is None):
            wrong("'from' and 'to' go together", "name both columns, or none")
        if self.column is not None and self.from_ is not None:
            wrong("a handle time is either a column's or from one to another", "leave out one of them")
        return self


class TransfersMap(Model):
    """Reassignments become transfers."""

    last: Words = Field(description="The column of the last group, named as the queue's are.")
    count: Words | None = Field(
        None, description="The column with how often. [once where first and last differ]"
    )


Place = Annotated[
    Annotated[Name, Tag("<scalar>")] | Annotated[ColumnMap, Tag("<mapping>")],
    by_shape("a name, or {column: NAME}"),
]


class MappingFile(Model):
    """What the columns of an export mean, and what to assume where they say nothing."""

    description: Words | None = Field(None, description="For people.")
    arrival: ArrivalMap = Field(description="When it arrived.")
    id: ColumnMap | None = Field(
        None, description="Its id; rows with one that was before are left out. [row-N]"
    )
    section: Place = Field(description="Where it comes in: a section, or a column.")
    queue: ColumnMap | None = Field(None, description="Into which queue. [the section's intake decides]")
    channel: Place = Field(description="On which channel: one, or a column.")
    priority: PriorityMap | None = Field(None, description="How urgent it is. [the intake's]")
    attributes: dict[Words, ColumnMap] = Field(
        {}, description="Attributes from columns; an empty one is left out."
    )
    handle_time: HandleTimeMap = Field(description="How long it took.")
    transfers: TransfersMap | None = Field(None, description="Who had it later. [nobody]")
    patience: Times | None = Field(
        None, description="Assumed for all: how long they wait at a stretch. [for ever]"
    )
    empty: list[str] = Field([""], description='What stands for nothing: `["", "?"]`.')
    sort_within: Duration = Field(3_600_000, description="Rows out of order by more can't be used. [1h]")
    gap: PositiveDuration = Field(DAY_MS, description="Longer stretches without arrivals are reported. [1d]")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(",", description="Between cells.")
    encoding: Annotated[str, AfterValidator(_encoding)] = Field("utf-8-sig", description="Of the text.")

    @model_validator(mode="after")
    def _transfers_have_queues(self) -> Self:
        if self.transfers is not None and self.queue is None:
            wrong("transfers need queues to go to", "add queue: {column: …}")
        return self


def load_mapping(path: str | Path) -> meant.TraceMapping:
    """Return the mapping of a file; raises ``ConfigError`` with every problem and its place."""
    return as_mapping(read_model(path, MappingFile))


def as_mapping(file: MappingFile) -> meant.TraceMapping:
    """Return what the file says, as the simulation takes it."""
    handle = file.handle_time
    return meant.TraceMapping(
        arrival=file.arrival.column,
        clock=meant.Clock(
            format=file.arrival.format,
            zone=None if file.arrival.zone is None else ZoneInfo(file.arrival.zone),
            ambiguous=file.arrival.ambiguous,
        ),
        identity=None if file.id is None else _column(file.id),
        section=file.section if isinstance(file.section, str) else _column(file.section),
        channel=file.channel if isinstance(file.channel, str) else _column(file.channel),
        queue=None if file.queue is None else _column(file.queue),
        priority=None if file.priority is None else _priority(file.priority),
        attributes=tuple((name, _column(each)) for name, each in file.attributes.items()),
        handle_time=meant.HandleTimes(
            assumed=distribution(handle.assumed),
            column=handle.column,
            unit_ms=handle.unit,
            start=handle.from_,
            end=handle.to,
            at_most_ms=handle.at_most,
        ),
        transfers=None
        if file.transfers is None
        else meant.Transfers(last=file.transfers.last, count=file.transfers.count),
        patience=None if file.patience is None else distribution(file.patience),
        empty=frozenset(file.empty),
        sort_within_ms=file.sort_within,
        gap_ms=file.gap,
        delimiter=file.delimiter,
        encoding=file.encoding,
    )


def _columns(written: str | list[str]) -> tuple[str, ...]:
    return (written,) if isinstance(written, str) else tuple(written)


def _column(written: ColumnMap) -> meant.Column:
    return meant.Column(
        columns=_columns(written.column),
        values=dict(written.values),
        name=written.name,
        missing=written.missing,
    )


def _priority(written: PriorityMap) -> meant.Column:
    return meant.Column(
        columns=_columns(written.column),
        values={value: str(priority) for value, priority in written.values.items()},
        missing=None if written.missing is None else str(written.missing),
    )
