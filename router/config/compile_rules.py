"""Needs and conditions as they are written, to requirement trees and conditions of the plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Final, NamedTuple

from pydantic_core import PydanticCustomError

from router.config.names import Names, Place, known
from router.config.scalars import duration_ms, found
from router.config.schema_rules import (
    AskedSkill,
    Need,
    NeedMap,
    Test,
    TestMap,
    When,
    WhenMap,
    as_list,
)
from router.config.yaml_source import shown
from router.core import intake, plan
from router.core.expression import ExpressionError, read
from router.core.names import AgentId, PoolId, SkillName
from router.core.requirement import (
    NO_REQUIREMENT,
    AgentTerm,
    All,
    Any,
    Not,
    PoolTerm,
    Requirement,
    SkillTerm,
    TagTerm,
    problems,
)
from router.errors import did_you_mean

# ── needs ────────────────────────────────────────────────────────────────────────────────────────────────────────


def requirement(need: Need | None, place: Place, names: Names) -> Requirement:
    """Return the tree for what is written, and note what cannot be."""
    if need is None:
        return NO_REQUIREMENT
    before = len(place.document.problems)
    growing = _Growing(names)
    tree = growing.tree(need, place)
    if tree.expires_ms is not None or tree.weight is not None:
        tree = All(of=(tree,))  # a single part at the top is one of an 'all' of one
    _check_marks(tree, None, top=True, origins=growing.origins, place=place)
    if len(place.document.problems) == before:
        for problem in problems(tree):
            place.note(problem)
    return tree


class _Growing:
    """Makes a tree, and remembers where its nodes are written."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.origins: dict[int, Place] = {}

    def tree(self, need: Need, place: Place) -> Requirement:
        node: Requirement
        if isinstance(need, AskedSkill):
            self.names.skill(need.skill, place)
            node = SkillTerm(skill=SkillName(need.skill), op=need.asked.op, level=need.asked.level)
        elif isinstance(need, list):
            node = All(of=tuple(self.tree(part, place / index) for index, part in enumerate(need)))
        else:
            entries = tuple(self._entries(need, place))
            marks = (need.expires, need.opens, need.weight)
            node = entries[0] if len(entries) == 1 else All(of=entries)
            if marks != (None, None, None):
                if (node.expires_ms, node.opens_ms, node.weight) != (None, None, None):
                    node = All(of=(node,))
                node = replace(node, expires_ms=need.expires, opens_ms=need.opens, weight=need.weight)
        self.origins[id(node)] = place
        return node

    def _entries(self, need: NeedMap, place: Place) -> Iterator[Requirement]:
        names = self.names
        for key in place.entries():
            here = place / key
            match key:
                case "expires" | "opens" | "weight":
                    pass
                case "all" if need.all is not None:
                    yield self.tree(need.all, here)
                case "any" if need.any is not None:
                    yield Any(of=tuple(self.tree(part, here / index) for index, part in enumerate(need.any)))
                case "not" if need.not_ is not None:
                    yield Not(of=self.tree(need.not_, here))
                case "agent" if need.agent is not None:
                    for name, spot in spots(need.agent, here):
                        names.agent(name, spot)
                    yield AgentTerm(agents=tuple(AgentId(name) for name in as_list(need.agent)))
                case "tag" if need.tag is not None:
                    for tag, value in need.tag.items():
                        yield TagTerm(tag=tag, value=value)
                case "pool" if need.pool is not None:
                    for name, spot in spots(need.pool, here):
                        names.pool(name, spot)
                    pools = tuple(PoolTerm(pool=PoolId(name)) for name in as_list(need.pool))
                    yield pools[0] if len(pools) == 1 else Any(of=pools)
                case _ if key in need.skills:
                    if names.skills is None or key in names.skills:
                        asked = need.skills[key]
                        yield SkillTerm(skill=SkillName(key), op=asked.op, level=asked.level)
                    else:
                        words = [*names.skills, *sorted(NeedMap.WORDS)]
                        hint = did_you_mean(key, words) or did_you_mean(key, names.skills)
                        here.note(f"unknown skill {shown(key)!r}", hint, key=True)


def spots(written: str | list[str], place: Place) -> Iterator[tuple[str, Place]]:
    """Yield each name of ``Names`` and where it stands."""
    if isinstance(written, str):
        yield written, place
    else:
        for index, name in enumerate(written):
            yield name, place / index


def _check_marks(
    tree: Requirement, parent: type[Requirement] | None, *, top: bool, origins: dict[int, Place], place: Place
) -> None:
    """Note marks of time and weight that stand where they mean nothing, at their own places."""
    place = origins.get(id(tree), place)
    if tree.expires_ms is not None and parent is not All:
        (place / "expires").note("'expires' stands only on parts of an 'all'", key=True)
    if tree.opens_ms is not None and parent is not Any:
        (place / "opens").note("'opens' stands only on branches of an 'any'", key=True)
    if tree.weight is not None and not (top and parent is All and not isinstance(tree, All | Any | Not)):
        (place / "weight").note("'weight' stands only on single terms at the top", key=True)
    match tree:
        case All() | Any():
            for part in tree.of:
                below_top = top and parent is None and isinstance(tree, All)
                _check_marks(part, type(tree), top=below_top, origins=origins, place=place)
        case Not():
            _check_marks(tree.of, Not, top=False, origins=origins, place=place)
        case _:
            pass


# ── conditions ───────────────────────────────────────────────────────────────────────────────────────────────────


class Fields(NamedTuple):
    """What a condition can read beside attributes: in mappings, and in expressions."""

    of_mappings: tuple[str, ...]
    of_expressions: tuple[str, ...]


INTAKE_FIELDS: Final = Fields(("channel", "customer", "priority"), intake.INTAKE_FIELDS)


def condition(
    when: When | None, place: Place, names: Names, *, fields: Fields = INTAKE_FIELDS
) -> plan.Condition:
    """Return the condition for what is written, and note what cannot be. ``fields`` is what it can read beside attributes."""
    if when is None:
        return plan.AllOf()
    if isinstance(when, str):
        return _expression(when, place, fields.of_expressions)
    if isinstance(when, list):
        listed = enumerate(when)
        return plan.AllOf(
            of=tuple(condition(part, place / index, names, fields=fields) for index, part in listed)
        )
    parts = tuple(_conditions(when, place, names, fields))
    return parts[0] if len(parts) == 1 else plan.AllOf(of=parts)


def _expression(text: str, place: Place, fields: tuple[str, ...]) -> plan.Expression:
    try:
        read(text, fields)
    except ExpressionError as error:
        found = f"{error.message}, at character {error.column + 1} of {shown(text)!r}"
        place.note(found, error.hint)
    return plan.Expression(text=text)


def _conditions(when: WhenMap, place: Place, names: Names, fields: Fields) -> Iterator[plan.Condition]:
    tests: dict[str, Test | None] = {name: getattr(when, name) for name in fields.of_mappings}
    for key in place.entries():
        here = place / key
        match key:
            case "all" if when.all is not None:
                yield condition(when.all, here, names, fields=fields)
            case "any" if when.any is not None:
                listed = enumerate(when.any)
                parts = (condition(part, here / index, names, fields=fields) for index, part in listed)
                yield plan.AnyOf(of=tuple(parts))
            case "not" if when.not_ is not None:
                yield plan.NotOf(of=condition(when.not_, here, names, fields=fields))
            case _ if key in when.attributes:
                _check_field(key, here, fields.of_mappings)
                yield from _matches(key, when.attributes[key], here, names)
            case _:
                test = tests.get(key)
                if test is not None:
                    yield from _matches(key, test, here, names)


def _check_field(key: str, place: Place, fields: tuple[str, ...]) -> None:
    attribute = key.removeprefix("attributes.")
    if key.startswith("attributes.") and 1 <= len(attribute) <= 64:
        return
    if key.startswith("attributes."):
        place.note("an attribute's name has 1 to 64 characters", key=True)
        return
    words = [*fields, "all", "any", "not"]
    hint = did_you_mean(key, words) if get_close_matches(key, words, n=1, cutoff=0.6) else ""
    head, _, tail = key.rpartition(".")
    if not hint:
        hint = (
            f"for an attribute write 'attributes.{shown(tail)}'" if tail and head in {"", "attribute"} else ""
        )
    place.note(f"unknown field {shown(key)!r}", hint or f"{', '.join(fields)} or attributes.NAME", key=True)


def _matches(name: str, test: Test, place: Place, names: Names) -> Iterator[plan.Match]:
    if isinstance(test, list):
        yield _match(name, "in", tuple(test), place, names)
    elif isinstance(test, TestMap):
        for key in place.entries():
            op = next((op for op in TestMap.FIELDS if op == key), None)
            value = getattr(test, TestMap.FIELDS[op]) if op else None
            if op and value is not None:
                yield _match(name, op, tuple(value) if isinstance(value, list) else value, place / key, names)
    else:
        yield _match(name, "==", test, place, names)


def _match(
    name: str,
    op: plan.MatchOp,
    value: str | int | float | bool | tuple[str | int | float | bool, ...],
    place: Place,
    names: Names,
) -> plan.Match:
    values = value if isinstance(value, tuple) else (value,)
    for index, part in enumerate(values):
        spot = place / index if isinstance(value, tuple) else place
        if op == "exists":
            continue
        if name == "queue" and op in {"==", "!=", "in"}:
            known("queue", str(part), names.queues, spot)
        elif name == "channel" and op in {"==", "!=", "in"}:
            names.channel(str(part), spot)
        elif name in {"priority", "hops"} and not (isinstance(part, int) and not isinstance(part, bool)):
            what = "a priority is" if name == "priority" else "hops are"
            spot.note(f"{what} a whole number, not {found(part)}")
        elif name == "expedited" and not isinstance(part, bool):
            spot.note(f"expedited is true or false, not {found(part)}")
        elif name in {"channel", "customer", "queue"} and not isinstance(part, str):
            spot.note(f"a {name} is a text, not {found(part)}", f"put it in quotes: '{shown(part)}'")
        elif op in {">=", ">", "<=", "<"} and isinstance(part, bool):
            spot.note("true and false have no order", "compare with '==' or '!='")
    if name == "waiting" and op != "exists":
        return _waiting(op, value, place)
    return plan.Match(field=name, op=op, value=value)


def _waiting(
    op: plan.MatchOp,
    value: str | int | float | bool | tuple[str | int | float | bool, ...],
    place: Place,
) -> plan.Match:
    """Return a comparison of how long it waits: durations as milliseconds."""
    spans: list[int] = []
    for index, part in enumerate(value if isinstance(value, tuple) else (value,)):
        try:
            spans.append(duration_ms(part))
        except PydanticCustomError as error:
            context = error.context or {}
            spot = place / index if isinstance(value, tuple) else place
            spot.note(str(context.get("text", "")), str(context.get("hint", "")))
    return plan.Match(field="waiting", op=op, value=tuple(spans) if isinstance(value, tuple) else sum(spans))
