"""Intake: conditions compiled to predicates over an arriving interaction, and the first rule that holds."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Final

from router.core.evaluation import CannotEvaluate, Reader, compiled, is_number, same
from router.core.expression import read
from router.core.names import AttributeValue
from router.core.plan import AllOf, AnyOf, Condition, Expression, IntakeRule, Match, NotOf
from router.core.signals import InteractionArrived

Predicate = Callable[[InteractionArrived, int], bool]

ATTRIBUTE: Final = "attributes."

_COMPARE: Final = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


class Intake:
    """A section's rules, ready to use. ``failed`` counts comparisons that could not be made."""

    __slots__ = ("_rules", "failed")

    def __init__(self, rules: tuple[IntakeRule, ...]) -> None:
        self.failed = 0
        self._rules = tuple((self._compile(rule.when), rule) for rule in rules)

    def classify(self, arrival: InteractionArrived, now: int) -> IntakeRule | None:
        """Return the first rule whose condition holds."""
        for holds, rule in self._rules:
            if holds(arrival, now):
                return rule
        return None

    def _compile(self, condition: Condition) -> Predicate:
        match condition:
            case AllOf():
                parts = tuple(self._compile(part) for part in condition.of)
                return lambda arrival, now: all(part(arrival, now) for part in parts)
            case AnyOf():
                parts = tuple(self._compile(part) for part in condition.of)
                return lambda arrival, now: any(part(arrival, now) for part in parts)
            case NotOf():
                inner = self._compile(condition.of)
                return lambda arrival, now: not inner(arrival, now)
            case Match():
                return self._comparison(condition)
            case Expression():
                return self._expression(condition.text)

    def _expression(self, text: str) -> Predicate:
        holds = compiled(read(text, EXPRESSION_FIELDS), _expression_reader)

        def evaluated(arrival: InteractionArrived, now: int) -> bool:
            try:
                return holds((arrival, now))
            except CannotEvaluate:
                self.failed += 1
                return False

        return evaluated

    def _comparison(self, match: Match) -> Predicate:
        read = _reader(match.field)
        op, value = match.op, match.value
        if op == "exists":
            return lambda arrival, now: (read(arrival) is not None) == value
        if op == "!=":
            return lambda arrival, now: not same(read(arrival), value)
        if op == "==":
            return lambda arrival, now: same(read(arrival), value)
        if op == "in":
            values = value if isinstance(value, tuple) else (value,)
            return lambda arrival, now: any(same(read(arrival), one) for one in values)
        compare = _COMPARE.get(op, operator.eq)

        def ordered(arrival: InteractionArrived, now: int) -> bool:
            found = read(arrival)
            if found is None:
                return False
            if op == "prefix":
                if isinstance(found, str) and isinstance(value, str):
                    return found.startswith(value)
            elif (isinstance(found, str) and isinstance(value, str)) or (
                is_number(found) and is_number(value)
            ):
                return bool(compare(found, value))
            self.failed += 1
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


def _reader(field: str) -> Callable[[InteractionArrived], AttributeValue | None]:
    if field == "channel":
        return lambda arrival: arrival.channel
    if field == "customer":
        return lambda arrival: arrival.customer
    if field == "priority":
        return lambda arrival: arrival.priority
    name = field.removeprefix(ATTRIBUTE)
    return lambda arrival: arrival.attributes.get(name)


def _expression_reader(field: str) -> Reader[tuple[InteractionArrived, int]]:
    read_field = _EXPRESSION_FIELDS.get(field)
    if read_field is not None:
        return read_field
    name = field.removeprefix(ATTRIBUTE)
    return lambda subject: subject[0].attributes.get(name)


_EXPRESSION_FIELDS: Final[dict[str, Reader[tuple[InteractionArrived, int]]]] = {
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
EXPRESSION_FIELDS: Final = tuple(_EXPRESSION_FIELDS)
"""What an expression of intake may name, beside attributes: what the sender says, and when it arrives."""
