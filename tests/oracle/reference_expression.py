"""Expressions by the reference: the text is read anew each time and walked, node by node."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable

from router.core.names import AttributeValue

Value = AttributeValue | None

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Fails(Exception):
    """Values that cannot be compared or reckoned with."""


def holds(text: str, read: Callable[[str], Value]) -> bool:
    """Say whether the expression holds; raises `Fails` where it cannot be said."""
    return _truth(_walk(ast.parse(_without_durations(text), mode="eval").body, read))


def _without_durations(text: str) -> str:
    pieces = re.split(r"""('[^']*'|"[^"]*")""", text)
    for place in range(0, len(pieces), 2):
        pieces[place] = re.sub(
            r"(?<![\w.])(?:\d+(?:ms|s|m|h|d))+(?!\w)",
            lambda found: str(
                sum(int(n) * _UNITS[u] for n, u in re.findall(r"(\d+)(ms|s|m|h|d)", found.group()))
            ),
            pieces[place],
        )
    return "".join(pieces)


def _walk(node: ast.expr, read: Callable[[str], Value]) -> Value:
    def value(part: ast.expr) -> Value:
        return _walk(part, read)

    match node:
        case ast.Constant(value=constant):
            assert isinstance(constant, str | int | float)
            return constant
        case ast.Name(id="true" | "false" as name):
            return name == "true"
        case ast.Name(id=name):
            return read(name)
        case ast.Attribute(attr=name):
            return read(f"attributes.{name}")
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return read(f"attributes.{name}")
        case ast.BoolOp(op=ast.And()):
            return all(_truth(value(part)) for part in node.values)
        case ast.BoolOp():
            return any(_truth(value(part)) for part in node.values)
        case ast.UnaryOp(op=ast.Not()):
            return not _truth(value(node.operand))
        case ast.UnaryOp():
            return -_number(value(node.operand))
        case ast.BinOp():
            return _reckoned(node.op, _number(value(node.left)), _number(value(node.right)))
        case ast.Compare(ops=[op], comparators=[other]):
            if isinstance(other, ast.List):
                is_in = any(_equal(value(node.left), value(item)) for item in other.elts)
                return is_in if isinstance(op, ast.In) else not is_in
            return _compared(op, value(node.left), value(other))
        case ast.Call(func=ast.Name(id="has")):
            return value(node.args[0]) is not None
        case ast.Call(func=ast.Name(id=name)):
            return _called(name, [value(part) for part in node.args])
    raise AssertionError(ast.dump(node))


def _reckoned(op: ast.operator, left: float, right: float) -> float:
    try:
        match op:
            case ast.Add():
                result = left + right
            case ast.Sub():
                result = left - right
            case ast.Mult():
                result = left * right
            case ast.Div():
                result = left / right
            case _:
                result = left % right
    except ArithmeticError:
        raise Fails from None
    if not math.isfinite(result):
        raise Fails
    return result


def _compared(op: ast.cmpop, left: Value, right: Value) -> bool:
    if isinstance(op, ast.Eq | ast.NotEq):
        return _equal(left, right) == isinstance(op, ast.Eq)
    if left is None or right is None:
        return False
    both_texts = isinstance(left, str) and isinstance(right, str)
    if not both_texts:
        left, right = _number(left), _number(right)
    less, equal = left < right, left == right  # type: ignore[operator]
    match op:
        case ast.Lt():
            return less
        case ast.LtE():
            return less or equal
        case ast.Gt():
            return not (less or equal)
        case _:
            return not less


def _called(name: str, of: list[Value]) -> Value:
    calls: dict[str, Callable[[], Value]] = {
        "starts_with": lambda: _text(of[0])[: len(_text(of[1]))] == _text(of[1]),
        "ends_with": lambda: _text(of[0]).endswith(_text(of[1])),
        "contains": lambda: _text(of[0]).find(_text(of[1])) >= 0,
        "lower": lambda: _text(of[0]).lower(),
        "length": lambda: len(_text(of[0])),
        "min": lambda: min([_number(of[0]), _number(of[1])]),
        "max": lambda: max([_number(of[0]), _number(of[1])]),
        "abs": lambda: abs(_number(of[0])),
    }
    return calls[name]()


def _equal(left: Value, right: Value) -> bool:
    if left is None or right is None or isinstance(left, str) != isinstance(right, str):
        return False
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Fails
    return value


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise Fails
    return value


def _truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise Fails
    return value
