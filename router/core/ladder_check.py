"""What makes a ladder impossible: the part of ``plan_check`` that reads the steps of one queue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from router.core.checks import PRIORITY_MAX
from router.core.estimate_plan import EstimatedWait
from router.core.expression import ExpressionError, read
from router.core.guards import EXPRESSION_FIELDS, GUARD_FIELDS
from router.core.intake import ATTRIBUTE, expressions
from router.core.ladder_plan import BeforeDue
from router.core.order_plan import SetPriority
from router.core.plan import (
    After,
    AllOf,
    AnyOf,
    Condition,
    DivertTo,
    EndWith,
    Expression,
    Match,
    MoveTo,
    NotOf,
    Operation,
    Queue,
    QueueLength,
    Relax,
    Step,
    WidenTo,
)
from router.errors import did_you_mean

REPEAT_MIN_MS: Final = 1_000
"""Steps that repeat are taken this long apart at the least."""


def ladder_problems(where: str, queue: Queue, queues: Sequence[str], pools: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with the queue's ladder; ``queues`` and ``pools`` are all there are."""
    last = -1
    names: set[str] = set()
    for step in queue.ladder:
        here = f"{where}: step {step.name!r}"
        if step.name in names:
            yield f"{here} is there twice; rename one"
        names.add(step.name)
        match step.trigger:
            case After(ms=ms):
                if ms < max(last, 0):
                    yield f"{here} comes after {ms} ms, before the step above it; put them in order"
                last = ms
            case BeforeDue(ms=ms) if ms < 0:
                yield f"{here}: before-due {ms} ms is negative"
            case QueueLength(above=above) if above < 0:
                yield f"{here}: queue-length {above} is negative"
            case EstimatedWait(above_ms=ms) if ms < 0:
                yield f"{here}: estimated-wait {ms} ms is negative"
            case _:
                pass
        yield from _repeat_problems(here, step)
        for field in _fields(step.guard):
            if field not in GUARD_FIELDS and not field.startswith(ATTRIBUTE):
                yield from unknown_name(f"{here}: condition on field", field, GUARD_FIELDS)
        yield from expression_problems(here, step.guard, EXPRESSION_FIELDS)
        for position, operation in enumerate(step.operations):
            if isinstance(operation, DivertTo | EndWith) and position + 1 < len(step.operations):
                yield f"{here}: nothing can run behind {type(operation).__name__}"
            yield from _operation_problems(here, operation, queue, queues, pools)


def _repeat_problems(here: str, step: Step) -> Iterator[str]:
    if step.repeat_ms is not None and step.repeat_ms < REPEAT_MIN_MS:
        yield f"{here}: repeat {step.repeat_ms} ms is less than {REPEAT_MIN_MS}"
    if step.times is not None and step.times < 1:
        yield f"{here}: times {step.times} is less than 1"
    if step.times is not None and step.repeat_ms is None:
        yield f"{here}: times {step.times} without a repeat; add one"


def _operation_problems(
    here: str, operation: Operation, queue: Queue, queues: Sequence[str], pools: Sequence[str]
) -> Iterator[str]:
    match operation:
        case MoveTo():
            yield from unknown_name(f"{here}: move-to queue", operation.queue, queues)
            if operation.queue == queue.queue_id:
                yield f"{here} moves the work to where it is"
        case WidenTo():
            for pool in operation.pools:
                yield from unknown_name(f"{here}: widen-to pool", pool, pools)
        case SetPriority():
            if abs(operation.to) > PRIORITY_MAX:
                yield f"{here}: set-priority {operation.to} is not in ±{PRIORITY_MAX}"
        case Relax():
            if (operation.skill is None) == (operation.tag is None):
                yield f"{here}: relax names either a skill or a tag"
        case _:
            pass


def _fields(condition: Condition) -> Iterator[str]:
    match condition:
        case AllOf() | AnyOf():
            for part in condition.of:
                yield from _fields(part)
        case NotOf():
            yield from _fields(condition.of)
        case Match():
            yield condition.field
        case Expression():
            pass


def expression_problems(where: str, condition: Condition, fields: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with the expressions of a condition, which may name these fields."""
    for text in expressions(condition):
        try:
            read(text, fields)
        except ExpressionError as error:
            yield f"{where}: the expression {text[:100]!r}: {error.message}"


def unknown_name(what: str, name: str, known: Iterable[str]) -> Iterator[str]:
    """Yield the problem of a name that is none of those that are known."""
    names = list(known)
    if name not in names:
        hint = did_you_mean(name, names)
        yield f"{what} {name!r} is not known" + (f" ({hint})" if hint else "")
