"""What two plans differ in, in words: ``billing, step after-1m: trigger after 45s instead of after 1m``.

Parts are found again by their ids and names (sections, queues, steps, agents …), whatever their place. A field that is added to a
plan is told of by its own name without a line here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from re import sub
from typing import Final, get_args

from agents.model import Agent, Pool, Skill
from router.core.calendar_plan import Calendar
from router.core.durations import duration_text
from router.core.plan import (
    AllOf,
    AnyOf,
    Channel,
    Condition,
    Expression,
    IntakeRule,
    Match,
    NotOf,
    Operation,
    Plan,
    Queue,
    Section,
    Step,
    Trigger,
)
from router.core.requirement import AgentTerm, All, Any, Not, PoolTerm, SkillTerm, TagTerm, describe

_IDS: Final[Mapping[type, tuple[str, str]]] = {
    Section: ("section_id", "section"),
    Queue: ("queue_id", "queue"),
    Channel: ("channel_id", "channel"),
    Pool: ("pool_id", "pool"),
    Agent: ("agent_id", "agent"),
    Calendar: ("calendar_id", "calendar"),
    Step: ("name", "step"),
    IntakeRule: ("name", "intake rule"),
    Skill: ("name", "skill"),
}
"""What is found again by an id, the field of the id, and how it is called."""

_ORDERED: Final = (Step, IntakeRule, Skill)
"""Whose order decides something."""

_Tree: Final = (All, Any, Not, AgentTerm, PoolTerm, SkillTerm, TagTerm)

_WHOLE: Final = (*get_args(Trigger), *get_args(Operation), *get_args(Condition))
"""What is told as a whole, by its kind."""

_THOUSANDTHS: Final = ("answer_share", "weight", "cost_slope")


def differences(old: Plan, new: Plan) -> list[str]:
    """Return what the new plan changes, a line for each change, in the order of the plan; none: only the version differs."""
    return [f"{where}: {what}" if where else what for where, what in _of_fields("", old, new) if what]


def _of_fields(where: str, old: object, new: object) -> Iterator[tuple[str, str]]:
    assert is_dataclass(old)
    for field in fields(old):
        name = field.name
        if name in {"version", "origin"} or (type(old) in _IDS and name == _IDS[type(old)][0]):
            continue
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield from _of_values(where, field, before, after)


def _of_values(where: str, field: Field[object], before: object, after: object) -> Iterator[tuple[str, str]]:
    kinds = {type(part) for value in (before, after) if isinstance(value, tuple) for part in value}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind in _IDS and kind is not None:
        yield from _of_parts(where, kind, before, after)
    elif _is_mapping(before) and _is_mapping(after):
        yield from _of_entries(where, field.name, dict(before), dict(after))  # type: ignore[call-overload]
    elif isinstance(before, _Tree):
        yield where, _instead(field.name, before, after)
    elif is_dataclass(before) and type(before) is type(after) and not isinstance(before, _WHOLE):
        yield from _of_fields(_inside(where, _words(field.name)), before, after)
    else:
        yield where, _instead(field.name, before, after)


def _of_parts(where: str, kind: type, before: object, after: object) -> Iterator[tuple[str, str]]:
    """The differences between two lists of parts that have ids."""
    assert isinstance(before, tuple)
    assert isinstance(after, tuple)
    name, called = _IDS[kind]
    olds = {getattr(part, name): part for part in before}
    news = {getattr(part, name): part for part in after}
    if kind is Step:
        yield from _of_renamed(where, olds, news)
    for key, part in olds.items():
        if key not in news:
            yield where, f"{called} {key} is gone"
        else:
            yield from _of_fields(_inside(where, f"{called} {key}"), part, news[key])
    for key, part in news.items():
        if key not in olds:
            said = _summary(part, but=name)
            yield where, f"{called} {key} is new" + (f" ({said})" if said else "")
    kept_before = [key for key in olds if key in news]
    kept_after = [key for key in news if key in olds]
    if kind in _ORDERED and kept_before != kept_after:
        yield where, f"the {called}s come in another order: {', '.join(str(key) for key in news)}"


def _of_renamed(where: str, olds: dict[str, Step], news: dict[str, Step]) -> Iterator[tuple[str, str]]:
    """Steps that are named after their triggers, in the same place of both ladders: a change of the trigger, not another step.
    Both are taken out.
    """
    places = list(zip(list(olds), list(news), strict=False))
    for number, (before, after) in enumerate(places, start=1):
        if before in news or after in olds or type(olds[before].trigger) is not type(news[after].trigger):
            continue
        place = _inside(where, f"step {number}")
        yield from _of_fields(place, olds.pop(before), news.pop(after))
        yield place, f"called {after} instead of {before}: work that has taken it may take it again"


def _of_entries(
    where: str, name: str, before: Mapping[object, object], after: Mapping[object, object]
) -> Iterator[tuple[str, str]]:
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        place = _inside(where, f"{_words(name)} of {key}")
        if is_dataclass(old) and type(old) is type(new):
            yield from _of_fields(place, old, new)
        elif key not in after:
            yield place, "gone"
        elif key not in before:
            yield place, f"new, {_value(name, new)}"
        else:
            yield place, f"{_value(name, new)} instead of {_value(name, old)}"


def _is_mapping(value: object) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(part, tuple) and len(part) == 2 and isinstance(part[0], str) for part in value
    )


def _instead(name: str, before: object, after: object) -> str:
    what = _words(name)
    if isinstance(after, bool) and isinstance(before, bool):
        return f"{what} is {'on' if after else 'off'} now"
    if before is None:
        return f"{what} is {_value(name, after)} now, and was not set"
    if after is None:
        return f"{what} is not set any more, and was {_value(name, before)}"
    return f"{what} {_value(name, after)} instead of {_value(name, before)}"


def _inside(where: str, part: str) -> str:
    return f"{where}, {part}" if where else part


# ── values in words ──────────────────────────────────────────────────────────────────────────────────────────────


def _summary(part: object, *, but: str) -> str:
    assert is_dataclass(part)
    said = [
        f"{_words(field.name)} {_value(field.name, value)}"
        for field in fields(part)
        if field.name != but and (value := getattr(part, field.name)) not in (_default(field), None, ())
    ]
    return ", ".join(said)


def _default(field: Field[object]) -> object:
    if field.default is not MISSING:
        return field.default
    return None if field.default_factory is MISSING else field.default_factory()


def _value(name: str, value: object) -> str:
    """The value of the field of that name, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        if name == "ms" or name.endswith("_ms"):
            return duration_text(value)
        if name == "answer_share":
            return f"{value / 10:g}%"
        return f"{value / 1000:g}" if name in _THOUSANDTHS or name == "score" else str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(name, part) for part in value) + "]"
    if isinstance(value, _Tree):
        return describe(value)
    if isinstance(value, AllOf | AnyOf | NotOf | Match | Expression):
        return _condition(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _kind(value)
    return str(value) or "''"


def _condition(condition: AllOf | AnyOf | NotOf | Match | Expression) -> str:
    match condition:
        case Match():
            return f"{condition.field} {condition.op} {_value('', condition.value)}"
        case Expression():
            return condition.text
        case NotOf():
            return f"not ({_condition(condition.of)})"
        case AllOf():
            return " and ".join(_condition(part) for part in condition.of) or "always"
        case AnyOf():
            return "(" + " or ".join(_condition(part) for part in condition.of) + ")"


def _kind(value: object) -> str:
    """A part without an id: its kind, where that says something, and what it says of itself where that is not the default."""
    assert is_dataclass(value)
    name = sub(r"(?<=[a-z])(?=[A-Z])", "-", type(value).__name__).lower() if isinstance(value, _WHOLE) else ""
    own = [field for field in fields(value) if getattr(value, field.name) not in (_default(field), None)]
    if len(own) == 1:
        return f"{name} {_value(own[0].name, getattr(value, own[0].name))}".strip()
    return " ".join(
        [name, *(f"{_words(field.name)} {_value(field.name, getattr(value, field.name))}" for field in own)]
    ).strip()


def _words(name: str) -> str:
    return name.removesuffix("_ms").removesuffix("_id").replace("_", " ")
