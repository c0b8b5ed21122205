"""Expressions evaluated: the tree that ``expression`` read becomes closures over a subject, an arriving interaction say."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from router.core.expression import Node
from router.core.names import AttributeValue

Value = AttributeValue | None
Subject = TypeVar("Subject")
Reader = Callable[[Subject], Value]
Evaluate = Callable[[Subject], Value]

_ORDERINGS: Final = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}


class CannotEvaluate(Exception):
    """The values that an expression met cannot be compared or reckoned with; the message says which."""


def compiled(node: Node, reader_of: Callable[[str], Reader[Subject]]) -> Callable[[Subject], bool]:
    """Return a function that says whether the expression holds for a subject; ``reader_of`` a field's name says how the
    field is read.

    The function raises ``CannotEvaluate`` where the values that it meets are of kinds that do not fit.
    """
    evaluate = _compiled(node, reader_of)

    def holds(subject: Subject) -> bool:
        return _truth(evaluate(subject))

    return holds


def _compiled(node: Node, reader_of: Callable[[str], Reader[Subject]]) -> Evaluate[Subject]:
    parts = tuple(_compiled(part, reader_of) for part in node.of)
    match node.form:
        case "constant":
            value = node.value
            assert not isinstance(value, tuple)
            return lambda _: value
        case "field":
            return reader_of(node.name)
        case "has":
            return lambda subject: parts[0](subject) is not None
        case "and":
            return lambda subject: all(_truth(part(subject)) for part in parts)
        case "or":
            return lambda subject: any(_truth(part(subject)) for part in parts)
        case "not":
            return lambda subject: not _truth(parts[0](subject))
        case "negative":
            return lambda subject: -_number(parts[0](subject))
        case "arithmetic":
            return _arithmetic(node.name, *parts)
        case "==":
            return lambda subject: same(parts[0](subject), parts[1](subject))
        case "!=":
            return lambda subject: not same(parts[0](subject), parts[1](subject))
        case "in" | "not in":
            return _membership(node, parts[0])
        case "ordering":
            return _ordering(node.name, *parts)
        case _:
            return _called(node.name, parts)


def _arithmetic(name: str, left: Evaluate[Subject], right: Evaluate[Subject]) -> Evaluate[Subject]:
    reckon = _ARITHMETIC[name]

    def evaluate(subject: Subject) -> Value:
        try:
            result = reckon(_number(left(subject)), _number(right(subject)))
        except ZeroDivisionError:
            raise CannotEvaluate("a division by 0") from None
        except OverflowError:
            raise CannotEvaluate("a number that is too large") from None
        if not math.isfinite(result):
            raise CannotEvaluate("a number that is too large")
        return result

    return evaluate


def _ordering(name: str, left: Evaluate[Subject], right: Evaluate[Subject]) -> Evaluate[Subject]:
    compare = _ORDERINGS[name]

    def evaluate(subject: Subject) -> Value:
        one, other = left(subject), right(subject)
        if one is None or other is None:
            return False
        if (isinstance(one, str) and isinstance(other, str)) or (is_number(one) and is_number(other)):
            return bool(compare(one, other))
        raise CannotEvaluate(f"{_kind(one)} and {_kind(other)} have no order")

    return evaluate


def _membership(node: Node, part: Evaluate[Subject]) -> Evaluate[Subject]:
    assert isinstance(node.value, tuple)
    values, wanted = node.value, node.form == "in"
    return lambda subject: _is_among(part(subject), values) == wanted


def _is_among(found: Value, values: tuple[AttributeValue, ...]) -> bool:
    return any(same(found, value) for value in values)


def _called(name: str, parts: tuple[Evaluate[Subject], ...]) -> Evaluate[Subject]:
    call = _CALLS[name]
    return lambda subject: call([part(subject) for part in parts])


def is_number(value: object) -> bool:
    """Say whether the value counts as a number: true and false do not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(found: Value, value: object) -> bool:
    """Say whether two values are equal in kind and value; a field that is missing equals nothing."""
    if found is None:
        return False
    if is_number(found) and is_number(value):
        return found == value
    return type(found) is type(value) and found == value


def _number(value: Value) -> float:
    if is_number(value):
        assert isinstance(value, int | float)
        return value
    raise CannotEvaluate(f"{_kind(value)} where a number is needed")


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    raise CannotEvaluate(f"{_kind(value)} where a text is needed")


def _truth(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    raise CannotEvaluate(f"{_kind(value)} where true or false is needed")


def _kind(value: Value) -> str:
    if value is None:
        return "a missing field"
    if isinstance(value, bool):
        return "true or false"
    return "a text" if isinstance(value, str) else "a number"


_CALLS: Final[dict[str, Callable[[Sequence[Value]], Value]]] = {
    "starts_with": lambda of: _text(of[0]).startswith(_text(of[1])),
    "ends_with": lambda of: _text(of[0]).endswith(_text(of[1])),
    "contains": lambda of: _text(of[1]) in _text(of[0]),
    "lower": lambda of: _text(of[0]).lower(),
    "length": lambda of: len(_text(of[0])),
    "min": lambda of: min(_number(of[0]), _number(of[1])),
    "max": lambda of: max(_number(of[0]), _number(of[1])),
    "abs": lambda of: abs(_number(of[0])),
}
"""The functions of ``expression.FUNCTIONS``."""
