"""Intake: conditions compiled to predicates over an arriving interaction, and the first rule that holds."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from router.core.evaluation import CannotEvaluate, Reader, compiled, is_number, same
from router.core.expression import read
from router.core.plan import AllOf, AnyOf, Condition, Expression, IntakeRule, Match, NotOf
from router.core.signals import InteractionArrived

T = TypeVar("T")

Predicate = Callable[[T], bool]
Subject = tuple[InteractionArrived, int]
"""(arrival, now)"""

ATTRIBUTE: Final = "attributes."

_COMPARE: Final = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


class Intake:
    """A section's rules, ready to use. ``failed`` counts comparisons that could not be made."""

    __slots__ = ("_rules", "failed")

    def __init__(self, rules: tuple[IntakeRule, ...]) -> None:
        self.failed = 0
        self._rules = tuple((predicate(rule.when, _reader, self._fail), rule) for rule in rules)

    def classify(self, arrival: InteractionArrived, now: int) -> IntakeRule | None:
        """Return the first rule whose condition holds for what arrives now."""
        subject = arrival, now
        for holds, rule in self._rules:
            if holds(subject):
                return rule
        return None

    def _fail(self) -> None:
        self.failed += 1


def predicate(
    condition: Condition, reader: Callable[[str], Reader[T]], fail: Callable[[], None]
) -> Predicate[T]:
    """Return what the condition says as a function. ``reader`` gives what reads a field; ``fail`` is told of each comparison of values
    that cannot be compared, and of each expression that cannot be evaluated; either is false.
    """
    match condition:
        case AllOf(of=(only,)) | AnyOf(of=(only,)):
            return predicate(only, reader, fail)
        case AllOf():
            parts = tuple(predicate(part, reader, fail) for part in condition.of)
            return lambda subject: all(part(subject) for part in parts)
        case AnyOf():
            parts = tuple(predicate(part, reader, fail) for part in condition.of)
            return lambda subject: any(part(subject) for part in parts)
        case NotOf():
            inner = predicate(condition.of, reader, fail)
            return lambda subject: not inner(subject)
        case Match():
            return _comparison(condition, reader(condition.field), fail)
        case Expression():
            return _evaluation(compiled(read(condition.text), reader), fail)


def _evaluation(holds: Predicate[T], fail: Callable[[], None]) -> Predicate[T]:
    def evaluated(subject: T) -> bool:
        try:
            return holds(subject)
        except CannotEvaluate:
            fail()
            return False

    return evaluated


def _comparison(match: Match, value_of: Reader[T], fail: Callable[[], None]) -> Predicate[T]:
    op, value = match.op, match.value
    if op == "exists":
        return lambda subject: (value_of(subject) is not None) == value
    if op == "!=":
        return lambda subject: not same(value_of(subject), value)
    if op == "==":
        if isinstance(value, str):  # by far the commonest, and what every arrival pays for
            return lambda subject: (found := value_of(subject)) == value and found.__class__ is str
        return lambda subject: same(value_of(subject), value)
    if op == "in":
        values = value if isinstance(value, tuple) else (value,)
        return lambda subject: any(same(value_of(subject), one) for one in values)
    compare = _COMPARE.get(op, operator.eq)

    def ordered(subject: T) -> bool:
        found = value_of(subject)
        if found is None:
            return False
        if op == "prefix":
            if isinstance(found, str) and isinstance(value, str):
                return found.startswith(value)
        elif (isinstance(found, str) and isinstance(value, str)) or (is_number(found) and is_number(value)):
            return bool(compare(found, value))
        fail()
        return False

    return ordered


def expressions(condition: Condition) -> Iterator[str]:
    """Return the texts of the expressions that a condition is made of."""
    match condition:
        case AllOf() | AnyOf():
            for part in condition.of:
                yield from expressions(part)
        case NotOf():
            yield from expressions(condition.of)
        case Expression():
            yield condition.text
        case Match():
            pass


def _reader(field: str) -> Reader[Subject]:
    own = _FIELDS.get(field)
    if own is not None:
        return own
    name = field.removeprefix(ATTRIBUTE)
    return lambda subject: subject[0].attributes.get(name)


_FIELDS: Final[dict[str, Reader[Subject]]] = {
    "channel": lambda subject: subject[0].channel,
    "customer": lambda subject: subject[0].customer,
    "priority": lambda subject: subject[0].priority,
    "section": lambda subject: subject[0].section,
    "queue": lambda subject: subject[0].queue,
    "due_at": lambda subject: subject[0].due_at,
    "not_before": lambda subject: subject[0].not_before,
    "arrived_at": lambda subject: (
        subject[1] if subject[0].original_arrived_at is None else subject[0].original_arrived_at
    ),
    "now": lambda subject: subject[1],
}
INTAKE_FIELDS: Final = tuple(_FIELDS)
"""What an expression of intake may name, beside attributes: what the sender says, and when it arrives."""
