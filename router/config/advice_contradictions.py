"""Conditions and requirements that can never hold, and intake rules that an earlier one leaves nothing for.

What is looked at is what must hold together: the parts of an ``all``, and of an expression's ``and``. A condition is only said to be
impossible where that is plain; nothing is said of what takes more than comparing two of its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final, NamedTuple

from agents.model import HIGHEST_LEVEL, LOWEST_LEVEL
from router.config.compile import Written
from router.config.impossible import ladder_place
from router.config.names import Names
from router.config.yaml_source import shown
from router.core.evaluation import is_number, same
from router.core.expression import Node, read
from router.core.names import AttributeValue
from router.core.plan import AllOf, AnyOf, Condition, Expression, Match, NotOf, Plan
from router.core.requirement import AgentTerm, All, Any, Not, Requirement, SkillTerm, TagTerm, describe
from router.errors import Problem


class Test(NamedTuple):
    """One comparison of a field with values."""

    field: str
    op: str
    value: AttributeValue | tuple[AttributeValue, ...]


_OPPOSITE: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def about_contradictions(plan: Plan, written: Written, names: Names) -> Iterator[Problem]:
    """Yield warnings about conditions, rules and requirements that cannot hold."""
    places = {name: place for name, place, _ in written.sections}
    channels = [channel.channel_id for channel in plan.channels]
    for section in plan.sections:
        intake = places[section.section_id] / "intake"
        before: list[tuple[str, frozenset[Condition]]] = []
        for index, rule in enumerate(section.intake):
            here = intake / index
            found = _impossible(rule.when, channels)
            if found:
                yield (here / "when").problem(f"rule {rule.name!r} never holds: {found}")
            parts = frozenset(_parts(rule.when))
            for name, others in before:
                if others and others <= parts:
                    message = f"rule {rule.name!r} is never read: rule {name!r} above holds whenever it would"
                    yield here.problem(message, "put the narrower rule first")
                    break
            before.append((rule.name, parts))
            if rule.requirement is not None and (clash := _clash(rule.requirement)):
                yield (here / "needs").problem(f"no agent can meet what rule {rule.name!r} needs: {clash}")
        for queue in section.queues:
            if clash := _clash(queue.requirement):
                yield names.queues[queue.queue_id].problem(
                    f"no agent can meet what queue {queue.queue_id!r} needs: {clash}", key=True
                )
            ladder = ladder_place(queue.queue_id, section.section_id, written, names)
            for index, step in enumerate(queue.ladder):
                if found := _impossible(step.guard, channels):
                    yield (ladder / index).problem(f"step {step.name!r} is never taken: {found}")


# ── conditions ───────────────────────────────────────────────────────────────────────────────────────────────────


def _parts(condition: Condition) -> Iterator[Condition]:
    """The conditions that all must hold."""
    if isinstance(condition, AllOf):
        for part in condition.of:
            yield from _parts(part)
    else:
        yield condition


def _impossible(condition: Condition, channels: Iterable[str]) -> str:
    """Say which parts of the condition exclude each other; empty where none plainly do."""
    match condition:
        case AnyOf():
            found = [_impossible(part, channels) for part in condition.of]
            return found[0] if found and all(found) else ""
        case NotOf():
            return ""
        case _:
            parts = list(_parts(condition))
    for part in parts:
        if isinstance(part, AnyOf) and (why := _impossible(part, channels)):
            return why
    tests = [test for part in parts for test in _tests(part)]
    known = set(channels)
    for test in tests:
        wanted = test.value if isinstance(test.value, tuple) else (test.value,)
        if test.field == "channel" and test.op in ("==", "in") and not known.intersection(map(str, wanted)):
            return f"there is no channel {', '.join(shown(str(value)) for value in wanted)}"
    for one, other in combinations(tests, 2):
        if one.field == other.field and _exclude(one, other):
            return f"{_said(one)} and {_said(other)} exclude each other"
    return ""


def _tests(condition: Condition) -> Iterator[Test]:
    if isinstance(condition, Match):
        yield Test(condition.field, condition.op, condition.value)
    elif isinstance(condition, Expression):
        yield from _in_expression(read(condition.text))


def _in_expression(node: Node) -> Iterator[Test]:
    if node.form == "and":
        for part in node.of:
            yield from _in_expression(part)
    elif node.form == "in" and node.of[0].form == "field":
        yield Test(node.of[0].name, "in", node.value)
    elif node.form in ("==", "!=", "ordering"):
        op = node.name if node.form == "ordering" else node.form
        left, right = node.of
        if left.form == "field" and right.form == "constant":
            yield Test(left.name, op, right.value)
        elif left.form == "constant" and right.form == "field":
            yield Test(right.name, _OPPOSITE[op], left.value)
    elif node.form == "has":
        yield Test(node.of[0].name, "exists", True)


def _exclude(one: Test, other: Test) -> bool:
    """Say whether no value passes both."""
    for first, second in ((one, other), (other, one)):
        if first.op == "exists" and first.value is False:
            return second.op not in ("!=", "exists") or (second.op == "exists" and second.value is True)
        values = _values(first)
        if values is not None:
            return not any(_passes(value, second) for value in values)
    low = [test for test in (one, other) if test.op in (">", ">=")]
    high = [test for test in (one, other) if test.op in ("<", "<=")]
    if len(low) == len(high) == 1:
        floor, ceiling = low[0].value, high[0].value
        if is_number(floor) and is_number(ceiling):
            assert isinstance(floor, int | float)
            assert isinstance(ceiling, int | float)
            return floor > ceiling or (floor == ceiling and (low[0].op, high[0].op) != (">=", "<="))
    return False


def _values(test: Test) -> tuple[AttributeValue, ...] | None:
    if test.op == "==" and not isinstance(test.value, tuple):
        return (test.value,)
    return test.value if test.op == "in" and isinstance(test.value, tuple) else None


def _passes(value: AttributeValue, test: Test) -> bool:
    wanted = test.value
    match test.op:
        case "==":
            return same(value, wanted)
        case "!=":
            return not same(value, wanted)
        case "in":
            return isinstance(wanted, tuple) and any(same(value, one) for one in wanted)
        case "exists":
            return wanted is True
        case "prefix":
            return isinstance(value, str) and isinstance(wanted, str) and value.startswith(wanted)
        case _:
            pass
    if not ((isinstance(value, str) and isinstance(wanted, str)) or (is_number(value) and is_number(wanted))):
        return False
    smaller, equal = value < wanted, value == wanted  # type: ignore[operator]
    return {"<": smaller, "<=": smaller or equal, ">": not (smaller or equal), ">=": not smaller}[test.op]


def _said(test: Test) -> str:
    value = f"[{', '.join(str(one) for one in test.value)}]" if isinstance(test.value, tuple) else test.value
    return f"{test.field} {test.op} {value}"


# ── requirements ─────────────────────────────────────────────────────────────────────────────────────────────────


def _clash(tree: Requirement) -> str:
    """Say which terms of the requirement exclude each other for good; empty where none plainly do."""
    match tree:
        case Any():
            found = [_clash(part) for part in tree.of]
            return found[0] if found and all(found) else ""
        case Not():
            return ""
        case All():
            lasting = [part for part in tree.of if part.expires_ms is None and part.weight is None]
        case _:
            lasting = [tree]
    for part in lasting:
        if isinstance(part, All | Any) and (why := _clash(part)):
            return why
    for one, other in combinations(lasting, 2):
        if _terms_exclude(one, other):
            return f"{describe(one)} and {describe(other)} exclude each other"
    return ""


def _terms_exclude(one: Requirement, other: Requirement) -> bool:
    match one, other:
        case (SkillTerm(), SkillTerm()):
            return one.skill == other.skill and not any(
                _reaches(level, one) and _reaches(level, other)
                for level in range(LOWEST_LEVEL, HIGHEST_LEVEL + 1)
            )
        case (TagTerm(), TagTerm()):
            return one.tag == other.tag and one.value != other.value
        case (AgentTerm(), AgentTerm()):
            return not set(one.agents) & set(other.agents)
    return False


def _reaches(level: int, term: SkillTerm) -> bool:
    return _passes(level, Test("", term.op, term.level))
