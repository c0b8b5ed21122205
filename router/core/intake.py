"""Intake: conditions compiled to predicates over an arriving interaction, and the first rule that holds."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final

from router.core.names import AttributeValue
from router.core.plan import AllOf, AnyOf, Condition, IntakeRule, Match, NotOf
from router.core.signals import InteractionArrived

Predicate = Callable[[InteractionArrived], bool]

ATTRIBUTE: Final = "attributes."

_COMPARE: Final = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


class Intake:
    """A section's rules, ready to use. ``failed`` counts comparisons that could not be made."""

    __slots__ = ("_rules", "failed")

    def __init__(self, rules: tuple[IntakeRule, ...]) -> None:
        self.failed = 0
        self._rules = tuple((self._compile(rule.when), rule) for rule in rules)

    def classify(self, arrival: InteractionArrived) -> IntakeRule | None:
        """Return the first rule whose condition holds."""
        for holds, rule in self._rules:
            if holds(arrival):
                return rule
        return None

    def _compile(self, condition: Condition) -> Predicate:
        match condition:
            case AllOf():
                parts = tuple(self._compile(part) for part in condition.of)
                return lambda arrival: all(part(arrival) for part in parts)
            case AnyOf():
                parts = tuple(self._compile(part) for part in condition.of)
                return lambda arrival: any(part(arrival) for part in parts)
            case NotOf():
                inner = self._compile(condition.of)
                return lambda arrival: not inner(arrival)
            case Match():
                return self._comparison(condition)

    def _comparison(self, match: Match) -> Predicate:
        read = _reader(match.field)
        op, value = match.op, match.value
        if op == "exists":
            return lambda arrival: (read(arrival) is not None) == value
        if op == "!=":
            return lambda arrival: not _same(read(arrival), value)
        if op == "==":
            return lambda arrival: _same(read(arrival), value)
        if op == "in":
            values = value if isinstance(value, tuple) else (value,)
            return lambda arrival: any(_same(read(arrival), one) for one in values)
        compare = _COMPARE.get(op, operator.eq)

        def ordered(arrival: InteractionArrived) -> bool:
            found = read(arrival)
            if found is None:
                return False
            if op == "prefix":
                if isinstance(found, str) and isinstance(value, str):
                    return found.startswith(value)
            elif (isinstance(found, str) and isinstance(value, str)) or (
                _is_number(found) and _is_number(value)
            ):
                return bool(compare(found, value))
            self.failed += 1
            return False

        return ordered


def _reader(field: str) -> Callable[[InteractionArrived], AttributeValue | None]:
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
