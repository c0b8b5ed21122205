"""Expressions over an interaction, ``priority >= 2 and due_at - now < 10m``: a safe, bounded language.

Python's own parser reads the text, everything but the few forms below is refused, and what is left is a small tree. Nothing
loops, calls what is not listed, or grows: what an evaluation costs is bounded when the text is read, never at the call.
What stands in a text lives here; closures are made in ``evaluation``, and what the names mean is said by their users.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from router.core.durations import UNITS_MS
from router.core.names import AttributeValue
from router.errors import did_you_mean

LENGTH_MAX: Final = 500
DEPTH_MAX: Final = 12
COST_MAX: Final = 200

_DURATION: Final = re.compile(r"""'[^']*'|"[^"]*"|(?<![\w.])((?:\d+(?:ms|s|m|h|d))+)(?!\w)""")
_DURATION_PART: Final = re.compile(r"(\d+)(ms|s|m|h|d)")
_ORDERINGS: Final[dict[type, str]] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_ARITHMETIC: Final[dict[type, str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%"}
_TRUTHS: Final = {"true": True, "false": False}


class ExpressionError(ValueError):
    """A text that is no expression: what is wrong, at which column (from 0), and what would do."""

    def __init__(self, message: str, column: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.hint = hint


class Function(NamedTuple):
    """One function: the kinds it takes, the kind it gives, and what it costs beside its parts."""

    takes: tuple[str, ...]
    gives: str
    cost: int


FUNCTIONS: Final = {
    "starts_with": Function(("text", "text"), "truth", 2),
    "ends_with": Function(("text", "text"), "truth", 2),
    "contains": Function(("text", "text"), "truth", 10),
    "lower": Function(("text",), "text", 5),
    "length": Function(("text",), "number", 1),
    "min": Function(("number", "number"), "number", 1),
    "max": Function(("number", "number"), "number", 1),
    "abs": Function(("number",), "number", 1),
}
"""Beside ``has(NAME)``, which says whether the interaction has the field."""


class Node(NamedTuple):
    """One form of an expression that has been read: its kind (``truth``, ``number``, ``text`` or ``any``, which shows only
    at the call) and what is in it. ``name`` is a field, an operator or a function.
    """

    form: str
    kind: str
    name: str = ""
    value: AttributeValue | tuple[AttributeValue, ...] = False
    of: tuple[Node, ...] = ()


def read(text: str, fields: Iterable[str] | None = None) -> Node:
    """Return what the text says, with these names and ``attributes.NAME`` as fields; None: whatever it names is a field,
    because it has been looked at before.

    Raises ``ExpressionError`` where it is no expression, or is longer, deeper or slower than it may be.
    """
    if len(text) > LENGTH_MAX:
        raise ExpressionError(
            f"the expression is {len(text):,} characters long",
            LENGTH_MAX,
            f"{LENGTH_MAX} at the most: split the rule, or use a mapping",
        )
    whole = _Reader(text, None if fields is None else tuple(fields)).node()
    if whole.kind not in ("truth", "any"):
        raise ExpressionError(
            f"the expression is a {whole.kind}, not true or false", 0, "compare it with something"
        )
    return whole


class _Reader:
    """Reads one text."""

    def __init__(self, text: str, fields: tuple[str, ...] | None) -> None:
        self._fields = fields
        self._durations: dict[int, int] = {}
        # A text over several lines is one expression; a blank for a blank keeps the columns.
        self._text = _DURATION.sub(self._note_duration, re.sub(r"\s", " ", text))
        self._cost = 0

    def node(self) -> Node:
        """Return the whole text's node."""
        try:
            tree = ast.parse(self._text.strip(), mode="eval")
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            column = (getattr(error, "offset", None) or 1) - 1
            raise ExpressionError("this is not an expression", column, self._advice()) from None
        self._indent = len(self._text) - len(self._text.lstrip())
        return self._read(tree.body, 1)

    def _note_duration(self, match: re.Match[str]) -> str:
        """Put a name as long as the duration in its place: Python has none, and columns stay what they are."""
        written = match[1]
        if written is None:
            return match[0]
        at = len(match.string[: match.start()].encode())
        self._durations[at] = sum(
            int(part[1]) * UNITS_MS[part[2]] for part in _DURATION_PART.finditer(written)
        )
        return "D" + written[1:]

    def _advice(self) -> str:
        for wrong, right in (("&&", "and"), ("||", "or"), ("!", "not"), ("=", "==")):
            if wrong in self._text.replace("==", "").replace("!=", "").replace(">=", "").replace("<=", ""):
                return f"write '{right}' for '{wrong}'"
        return "write something like 'priority >= 2 and attributes.tier == \"gold\"'"

    def _fail(self, node: ast.expr, message: str, hint: str = "") -> ExpressionError:
        before = self._text.strip().encode()[: node.col_offset].decode()
        return ExpressionError(message, len(before) + self._indent, hint)

    def _read(self, node: ast.expr, depth: int) -> Node:
        if depth > DEPTH_MAX:
            raise self._fail(node, "the expression is nested too deeply", f"{DEPTH_MAX} levels at the most")
        self._cost += 1
        if self._cost > COST_MAX:
            raise self._fail(node, "the expression would take too long", "split it into several rules")
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._name(node)
            case ast.BoolOp():
                parts = tuple(self._truth(part, depth) for part in node.values)
                return Node("and" if isinstance(node.op, ast.And) else "or", "truth", of=parts)
            case ast.UnaryOp(op=ast.Not()):
                return Node("not", "truth", of=(self._truth(node.operand, depth),))
            case ast.UnaryOp(op=ast.USub()):
                return Node("negative", "number", of=(self._of_kind(node.operand, "number", depth),))
            case ast.BinOp() if type(node.op) in _ARITHMETIC:
                both = (self._of_kind(node.left, "number", depth), self._of_kind(node.right, "number", depth))
                return Node("arithmetic", "number", _ARITHMETIC[type(node.op)], of=both)
            case ast.Compare():
                return self._comparison(node, depth)
            case ast.Call():
                return self._call(node, depth)
        raise self._fail(
            node, "this cannot stand in an expression", "see 'Expressions' in docs/expressions.md"
        )

    def _constant(self, node: ast.Constant) -> Node:
        value = node.value
        if isinstance(value, bool):
            raise self._fail(node, f"{value!r} is not a word here", f"write {str(value).lower()}")
        if isinstance(value, str):
            return Node("constant", "text", value=value)
        if isinstance(value, int | float) and abs(value) <= 2**53:
            return Node("constant", "number", value=value)
        raise self._fail(node, "this is neither a number up to 2^53 nor a text")

    def _name(self, node: ast.Name | ast.Attribute | ast.Subscript) -> Node:
        match node:
            case ast.Name(id=name):
                at = node.col_offset + len(self._text[: self._indent].encode())
                if at in self._durations:
                    return Node("constant", "number", value=self._durations[at])
                if name in _TRUTHS:
                    return Node("constant", "truth", value=_TRUTHS[name])
                if self._fields is None or name in self._fields:
                    return Node("field", "any", name)
                hint = did_you_mean(name, [*self._fields, "attributes", "true", "false"])
                known = f"there is {', '.join(self._fields)} and attributes.NAME"
                raise self._fail(node, f"unknown name {name!r}", hint if "mean" in hint else known)
            case ast.Attribute(value=ast.Name(id="attributes"), attr=name):
                return Node("field", "any", f"attributes.{name}")
            case ast.Subscript(value=ast.Name(id="attributes"), slice=ast.Constant(value=str(name))):
                return Node("field", "any", f"attributes.{name}")
        raise self._fail(node, "only attributes have parts", "write attributes.NAME or attributes['a name']")

    def _truth(self, node: ast.expr, depth: int) -> Node:
        return self._of_kind(node, "truth", depth)

    def _of_kind(self, node: ast.expr, kind: str, depth: int) -> Node:
        found = self._read(node, depth + 1)
        if found.kind not in (kind, "any"):
            wanted = "true or false" if kind == "truth" else f"a {kind}"
            raise self._fail(node, f"expected {wanted}, found a {found.kind}")
        return found

    def _comparison(self, node: ast.Compare, depth: int) -> Node:
        if len(node.ops) > 1:
            raise self._fail(node, "two comparisons in one", "write 'a < b and b < c'")
        op, other = node.ops[0], node.comparators[0]
        left = self._read(node.left, depth + 1)
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(other, ast.List | ast.Tuple) or not other.elts:
                raise self._fail(other, "expected a list after 'in'", "write ['gold', 'silver']")
            items = [self._read(item, depth + 1) for item in other.elts]
            if any(item.form != "constant" for item in items):
                raise self._fail(other, "a list holds texts, numbers, true and false only")
            values = tuple(item.value for item in items if not isinstance(item.value, tuple))
            return Node("in" if isinstance(op, ast.In) else "not in", "truth", value=values, of=(left,))
        right = self._read(other, depth + 1)
        if isinstance(op, ast.Eq | ast.NotEq):
            self._check_kinds(node, left, right)
            return Node("==" if isinstance(op, ast.Eq) else "!=", "truth", of=(left, right))
        if type(op) not in _ORDERINGS:
            raise self._fail(
                node, "this comparison is not known", "there is ==, !=, <, <=, >, >=, in and not in"
            )
        for side, part in ((node.left, left), (other, right)):
            if part.kind == "truth":
                raise self._fail(side, "true and false have no order", "compare them with ==")
        self._check_kinds(node, left, right)
        return Node("ordering", "truth", _ORDERINGS[type(op)], of=(left, right))

    def _check_kinds(self, node: ast.expr, left: Node, right: Node) -> None:
        if "any" not in (left.kind, right.kind) and left.kind != right.kind:
            raise self._fail(node, f"compares a {left.kind} with a {right.kind}, which never holds")

    def _call(self, node: ast.Call, depth: int) -> Node:
        if not isinstance(node.func, ast.Name):
            raise self._fail(node, "only functions can be called", f"there is has, {', '.join(FUNCTIONS)}")
        name = node.func.id
        if node.keywords or any(isinstance(part, ast.Starred) for part in node.args):
            raise self._fail(node, "a function takes values only")
        if name == "has":
            field = self._read(node.args[0], depth + 1) if len(node.args) == 1 else None
            if field is None or field.form != "field":
                raise self._fail(node, "has(…) takes one field", "write has(attributes.NAME)")
            return Node("has", "truth", of=(field,))
        function = FUNCTIONS.get(name)
        if function is None:
            raise self._fail(
                node,
                f"unknown function {name!r}",
                did_you_mean(name, ["has", *FUNCTIONS]) or "see docs/expressions.md",
            )
        if len(node.args) != len(function.takes):
            raise self._fail(node, f"{name}(…) takes {len(function.takes)}, found {len(node.args)}")
        self._cost += function.cost
        parts = tuple(
            self._of_kind(part, kind, depth) for part, kind in zip(node.args, function.takes, strict=True)
        )
        return Node("call", function.gives, name, of=parts)
