"""Conditions of intake rules and of ladder steps, read slowly."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from router.core.names import AttributeValue
from router.core.plan import AllOf, AnyOf, Condition, Expression, Match, NotOf
from tests.oracle.reference_expression import Fails, holds

Read = Callable[[str], AttributeValue | None]
"""Gives the value of a field, None where there is none."""


def condition_holds(condition: Condition, read: Read, fail: Callable[[], None] = lambda: None) -> bool:
    """Say whether the condition holds; `fail` is told of what cannot be compared."""
    match condition:
        case AllOf():
            return all(condition_holds(part, read, fail) for part in condition.of)
        case AnyOf():
            return any(condition_holds(part, read, fail) for part in condition.of)
        case NotOf():
            return not condition_holds(condition.of, read, fail)
        case Match():
            return _matches(condition, read(condition.field), fail)
        case Expression():
            try:
                return holds(condition.text, read)
            except Fails:
                fail()
                return False


_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_same(left: object, right: object) -> bool:
    if _is_number(left) and _is_number(right):
        return left == right
    return type(left) is type(right) and left == right


def _matches(match_: Match, found: AttributeValue | None, fail: Callable[[], None]) -> bool:
    wanted = match_.value
    if match_.op == "exists":
        return (found is not None) is wanted
    if found is None:
        return match_.op == "!="
    if match_.op == "==":
        return _is_same(found, wanted)
    if match_.op == "!=":
        return not _is_same(found, wanted)
    if match_.op == "in" and isinstance(wanted, tuple):
        return any(_is_same(found, one) for one in wanted)
    if match_.op == "prefix" and isinstance(found, str) and isinstance(wanted, str):
        return found.startswith(wanted)
    both_texts = isinstance(found, str) and isinstance(wanted, str)
    both_numbers = _is_number(found) and _is_number(wanted)
    if match_.op in _ORDERINGS and (both_texts or both_numbers):
        return _ORDERINGS[match_.op](found, wanted)
    fail()
    return False
