"""Patterns of facts: what a case says of something that happened, and whether a fact is like that.

The kinds and fields are those of `router.core.facts`, in the writing of the files: ``offer-made``, ``interaction``,
``expires-at``. Moments are durations from the start, waits are durations, scores are numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from router.config.names import Place
from router.config.scalars import DURATION_SCHEMA, duration_ms, found, name_text, weight_thousandths
from router.core.durations import duration_text
from router.core.facts import Fact
from router.errors import did_you_mean
from router.policies import BUILT_IN

MOMENTS: Final = frozenset({"at", "expires_at", "not_before", "queued_at", "until", "not_after"})
SPANS: Final = frozenset({"p50_ms", "p90_ms", "wait_ms", "connected_ms", "wrap_up_ms"})


def kind_name(kind: type) -> str:
    """Return how the files call a kind of fact: ``offer-made``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def field_name(field: str) -> str:
    """Return how the files call a field of a fact: ``interaction``, ``wait``."""
    return field.removesuffix("_id").removesuffix("_ms").replace("_", "-")


KINDS: Final[dict[str, Any]] = {kind_name(kind): kind for kind in get_args(Fact)}
"""The kinds of facts, by how the files call them."""


@dataclass(frozen=True, slots=True)
class FactPattern:
    """What is said of a fact. ``times`` None: once or more. ``wanted`` are values by field."""

    kind: str
    wanted: Mapping[str, object]
    times: int | None
    place: Place

    @property
    def fact_type(self) -> type:
        """The kind of facts that it is about."""
        return KINDS[self.kind]  # type: ignore[no-any-return]

    def fits(self, fact: Fact) -> bool:
        """Say whether the fact is like this."""
        if type(fact) is not self.fact_type:
            return False
        return all(getattr(fact, field) == value for field, value in self.wanted.items())

    def __str__(self) -> str:
        said = ", ".join(
            f"{field_name(field)}: {shown_field(field, value)}" for field, value in self.wanted.items()
        )
        times = "" if self.times is None else f", {self.times} times"
        return f"{self.kind} {{{said}}}{times}"


def shown_field(field: str, value: object) -> str:
    """Return a field's value as the files write it."""
    if field in MOMENTS | SPANS and isinstance(value, int):
        return f"-{duration_text(-value)}" if value < 0 else duration_text(value)
    if field == "score" and isinstance(value, int):
        return f"{value / 1_000_000:g}"
    if isinstance(value, tuple):
        return "[" + ", ".join(str(part) for part in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def line(fact: Fact) -> str:
    """Return a fact on one line: when, what, and everything that it says."""
    said = ", ".join(
        f"{field_name(field)}: {shown_field(field, value)}"
        for field, value in fact._asdict().items()
        if field != "at" and value is not None and value != ""
    )
    return f"{duration_text(fact.at):>10}  {kind_name(type(fact))} {{{said}}}"


def read_pattern(written: Mapping[str, Any], place: Place) -> FactPattern | None:
    """Return the pattern that is written; None, noted, where it is none."""
    kinds = [key for key in written if key != "times"]
    if len(kinds) != 1:
        place.note("a fact has one kind", "write {offer-made: {interaction: call-1}}, and beside it 'times'")
        return None
    kind = kinds[0]
    if kind not in KINDS:
        hint = did_you_mean(kind, list(KINDS)) or "docs/cases.md lists them"
        (place / kind).note(f"unknown kind of fact {kind!r}", hint, key=True)
        return None
    times = written.get("times")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 0):
        (place / "times").note(f"expected how often, found {found(times)}", "write 'times: 1'")
        return None
    said = written[kind]
    if not isinstance(said, dict):
        (place / kind).note(
            f"expected what is said of {kind}, found {found(said)}", "write {interaction: call-1}"
        )
        return None
    fields = {field_name(field): field for field in KINDS[kind]._fields}
    wanted: dict[str, object] = {}
    for key, value in said.items():
        here = place / kind / key
        if key not in fields:
            hint = did_you_mean(key, list(fields)) or "it has " + ", ".join(fields)
            here.note(f"{kind} has no {key!r}", hint, key=True)
            continue
        try:
            wanted[fields[key]] = _field_value(KINDS[kind], fields[key], value)
        except ValueError as error:
            here.note(str(error))
    return FactPattern(kind, wanted, times, place)


def _field_value(kind: Any, field: str, value: object) -> object:
    """Return what a field must be equal to; raises ``ValueError`` for what it can never be."""
    if field == "queued_at" and isinstance(value, str) and value.startswith("-"):
        return -duration_ms(value[1:])
    if field in MOMENTS | SPANS:
        return duration_ms(value)
    if field == "score":
        return weight_thousandths(value) * 1_000
    if field == "choice":
        return _one_of(value, BUILT_IN.choices())
    allowed = allowed_values(kind, field)
    if allowed:
        return _one_of(value, allowed)
    wanted = _plain_type(kind, field)
    if wanted is tuple:
        return tuple(name_text(part) for part in (value if isinstance(value, list) else [value]))
    if wanted is str and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if type(value) is not wanted:
        expected = {str: "a text", int: "a whole number", bool: "true or false"}.get(wanted, "something else")
        raise ValueError(f"expected {expected}, found {found(value)}")
    return value


def _one_of(value: object, allowed: Sequence[str]) -> object:
    if value not in allowed:
        hint = did_you_mean(str(value), allowed)
        listed = f"{found(value)} is not one of {', '.join(allowed)}"
        raise ValueError(f"{listed}; {hint}" if "mean" in hint else listed)
    return value


def allowed_values(kind: Any, field: str) -> tuple[str, ...]:
    """Return all values that a field can have, where they are few; else nothing."""
    hint = get_type_hints(kind)[field]
    return get_args(hint) if get_origin(hint) is Literal else ()


def _plain_type(kind: Any, field: str) -> type:
    """The type a field's values have: names are texts, ids of offers are numbers."""
    hint = get_type_hints(kind)[field]
    if get_origin(hint) in {Union, UnionType}:
        hint = next(part for part in get_args(hint) if part is not NoneType)
    hint = getattr(hint, "__supertype__", hint)
    plain = get_origin(hint) or hint
    assert isinstance(plain, type)
    return plain


def pattern_schema() -> dict[str, Any]:
    """Return JSON Schema of a pattern."""
    properties: dict[str, Any] = {
        name: {
            "type": "object",
            "description": " ".join((kind.__doc__ or "").split()),
            "properties": {field_name(field): _field_schema(kind, field) for field in kind._fields},
            "additionalProperties": False,
        }
        for name, kind in KINDS.items()
    }
    properties["times"] = {"type": "integer", "minimum": 0, "description": "How often, exactly."}
    return {
        "title": "fact",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 2,
    }


def _field_schema(kind: Any, field: str) -> dict[str, Any]:
    if field == "queued_at":
        return {**DURATION_SCHEMA, "pattern": r"^-?(?=.)(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$"}
    if field in MOMENTS | SPANS:
        return dict(DURATION_SCHEMA)
    if field == "score":
        return {"type": "number"}
    allowed = BUILT_IN.choices() if field == "choice" else allowed_values(kind, field)
    if allowed:
        return {"enum": list(allowed)}
    plain = _plain_type(kind, field)
    if plain is tuple:
        return {"type": ["string", "array"], "items": {"type": "string"}}
    return {"type": {int: "integer", bool: "boolean"}.get(plain) or ["string", "integer"]}
