"""Intake: conditions compiled to predicates over an arriving interaction, and the first rule that holds."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final, TypeVar

from router.core.names import AttributeValue
from router.core.plan import AllOf, AnyOf, Condition, IntakeRule, Match, NotOf
from router.core.signals import InteractionArrived

T = TypeVar("T")

Predicate = Callable[[T], bool]
Reader = Callable[[T], AttributeValue | None]

ATTRIBUTE: Final = "attributes."

_COMPARE: Final = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


class Intake:
    """A section's rules, ready to use. ``failed`` counts comparisons that could not be made."""

    __slots__ = ("_rules", "failed")

    def __init__(self, rules: tuple[IntakeRule, ...]) -> None:
        self.failed = 0
        self._rules = tuple((predicate(rule.when, _reader, self._fail), rule) for rule in rules)

    def classify(self, arrival: InteractionArrived) -> IntakeRule | None:
        """Return the first rule whose condition holds."""
        for holds, rule in self._rules:
            if holds(arrival):
                return rule
        return None

    def _fail(self) -> None:
        self.failed += 1


def predicate(
    condition: Condition, reader: Callable[[str], Reader[T]], fail: Callable[[], None]
) -> Predicate[T]:
    """Return what the condition says as a function. ``reader`` gives what reads a field; ``fail`` is told of each comparison of values
    that cannot be compared, which is false.
    """
    match condition:
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


def _comparison(match: Match, read: Reader[T], fail: Callable[[], None]) -> Predicate[T]:
    op, value = match.op, match.value
    if op == "exists":
        return lambda subject: (read(subject) is not None) == value
    if op == "!=":
        return lambda subject: not _same(read(subject), value)
    if op == "==":
        return lambda subject: _same(read(subject), value)
    if op == "in":
        values = value if isinstance(value, tuple) else (value,)
        return lambda subject: any(_same(read(subject), one) for one in values)
    compare = _COMPARE.get(op, operator.eq)

    def ordered(subject: T) -> bool:
        found = read(subject)
        if found is None:
            return False
        if op == "prefix":
            if isinstance(found, str) and isinstance(value, str):
                return found.startswith(value)
        elif (isinstance(found, str) and isinstance(value, str)) or (_is_number(found) and _is_number(value)):
            return bool(compare(found, value))
        fail()
        return False

    return ordered


def _reader(field: str) -> Reader[InteractionArrived]:
    if field == "channel":
        return lambda arrival: arrival.channel
    if field == "customer":
        return lambda arrival: arrival.customer
    if field == "priority":
        return lambda arrival: arrival.priority
    name = field.removeprefix(ATTRIBUTE)
    return lambda arrival: arrival.attributes.get(name)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(found: AttributeValue | None, value: object) -> bool:
    if found is None:
        return False
    if _is_number(found) and _is_number(value):
        return found == value
    return type(found) is type(value) and found == value
