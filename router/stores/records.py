"""Journal entries as bytes and back: one JSON list per entry, ``[at, digest, kind, *fields]``, a batch a list of those.

Kinds are numbers that never change their meaning. Requirements and plans are written as ``core.encoding`` does. What orjson cannot carry
exactly (integers beyond 64 bits, lone surrogates, NaN) is written by the standard library, marked with a leading space.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, Final, cast

import orjson

from router.core import signals
from router.core.encoding import from_data, to_data
from router.core.names import AttributeValue
from router.core.signals import (
    NO_ATTRIBUTES,
    InteractionArrived,
    InteractionTransferred,
    PlanReplaced,
    Signal,
)
from router.ports import Entry

Row = Sequence[Any]

TIME_PASSED: Final = 0

KINDS: Final[Mapping[int, type[Signal]]] = {
    1: signals.InteractionArrived,
    2: signals.InteractionAbandoned,
    3: signals.InteractionCancelled,
    4: signals.InteractionCompleted,
    5: signals.WorkFinished,
    6: signals.WrapUpDone,
    7: signals.InteractionTransferred,
    8: signals.OfferAccepted,
    9: signals.OfferDeclined,
    10: signals.ConnectFailed,
    11: signals.AgentSignedIn,
    12: signals.AgentBecameReady,
    13: signals.AgentBecameNotReady,
    14: signals.AgentStartedDraining,
    15: signals.AgentSignedOut,
    16: signals.AgentHeartbeat,
    17: signals.AgentLost,
    18: signals.PlanReplaced,
    19: signals.LinkLost,
    20: signals.LinkRestored,
    21: signals.CallbackRequested,
    22: signals.CallbackAnswered,
    23: signals.CallbackUnanswered,
}
"""Every kind of signal by its number in the journal."""

_NUMBERS: Final = {kind: number for number, kind in KINDS.items()}
_MARK: Final = b" "


class UnknownRecordError(ValueError):
    """A record that this version of the program cannot read."""


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def to_json(value: object, *, exact: bool = True) -> bytes:
    """Return the JSON text of plain data. ``exact`` False: the value holds what orjson would change without a word."""
    if exact:
        try:
            return orjson.dumps(value)
        except TypeError:
            pass  # beyond 64 bits, or text that is not Unicode: the other way can
    return _MARK + json.dumps(value, separators=(",", ":")).encode()


def from_json(text: bytes) -> Any:
    """Return what ``to_json`` was given. Raises ``ValueError`` for what it did not write."""
    return json.loads(text) if text[:1] == _MARK else orjson.loads(text)


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def encode(entries: Sequence[Entry]) -> bytes:
    """Return the batch as bytes."""
    rows: list[Row] = []
    exact = True
    for at, signal, digest in entries:
        if signal is None:
            rows.append((at, digest, TIME_PASSED))
            continue
        kind = signal.__class__
        number = _NUMBERS[kind]
        write = _WRITE.get(kind)
        if write is None:
            rows.append((at, digest, number, *signal))
            continue
        if kind is InteractionArrived and exact:
            exact = _is_exact(cast(InteractionArrived, signal).attributes)
        rows.append((at, digest, number, *write(signal)))
    return to_json(rows, exact=exact)


def _is_exact(attributes: Mapping[str, AttributeValue]) -> bool:
    return all(value.__class__ is not float or isfinite(value) for value in attributes.values())


_PREFERRED: Final = InteractionArrived._fields.index("preferred")


def _write_arrived(signal: InteractionArrived) -> Row:
    attributes, requirement = signal.attributes, signal.requirement
    return (
        *signal[:3],
        dict(attributes) if attributes else None,
        *signal[4:6],
        None if requirement is None else to_data(requirement),
        *signal[7:_PREFERRED],
        signal.preferred or None,
        *signal[_PREFERRED + 1 :],
    )


def _write_transferred(signal: InteractionTransferred) -> Row:
    requirement = signal.requirement
    return (*signal[:4], None if requirement is None else to_data(requirement), *signal[5:])


def _write_replaced(signal: PlanReplaced) -> Row:
    return (to_data(signal.plan),)


_WRITE: Final = cast(
    "dict[type, Callable[[Signal], Row]]",
    {
        InteractionArrived: _write_arrived,
        InteractionTransferred: _write_transferred,
        PlanReplaced: _write_replaced,
    },
)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def decode(payload: bytes) -> list[Entry]:
    """Return the entries of a batch. Raises ``UnknownRecordError`` where a record is not of this version's making."""
    try:
        rows = from_json(payload)
    except ValueError as error:
        raise UnknownRecordError(f"the batch is not JSON: {error}") from error
    return [_entry(row) for row in rows]


def _entry(row: list[Any]) -> Entry:
    number = row[2]
    if number == TIME_PASSED:
        return Entry(row[0], None, row[1])
    kind = KINDS.get(number)
    if kind is None:
        raise UnknownRecordError(f"no kind of record has the number {number!r}")
    read = _READ.get(kind)
    fields = row[3:]
    try:
        if read is not None:
            read(fields)
        return Entry(row[0], kind(*fields), row[1])
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        raise UnknownRecordError(f"{kind.__name__}: {error}") from error


def _read_arrived(fields: list[Any]) -> None:
    if fields[3] is None:
        fields[3] = NO_ATTRIBUTES
    if fields[6] is not None:
        fields[6] = from_data(fields[6])
    if len(fields) > _PREFERRED:  # older records end before it
        fields[_PREFERRED] = tuple(fields[_PREFERRED] or ())


def _read_transferred(fields: list[Any]) -> None:
    if fields[4] is not None:
        fields[4] = from_data(fields[4])


def _read_replaced(fields: list[Any]) -> None:
    fields[0] = from_data(fields[0])


_READ: Final[Mapping[type, Callable[[list[Any]], None]]] = {
    InteractionArrived: _read_arrived,
    InteractionTransferred: _read_transferred,
    PlanReplaced: _read_replaced,
}
