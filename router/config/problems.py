"""From pydantic's errors to sentences with a place: validation that reports everything and goes on with the rest."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.config.scalars import LENIENT, found
from router.config.yaml_source import Document, Steps, Value, shown
from router.errors import did_you_mean

ModelT = TypeVar("ModelT", bound=BaseModel)
Schema = dict[str, Any]

_ROUNDS_MAX = 6
_ALMOST_A_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}\Z")
_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "nothing",
}


def validate(document: Document, model: type[ModelT]) -> ModelT | None:
    """Return the document as a model, and note all its problems in the document.

    What is wrong is left out and the rest is validated again, so that the caller can go on looking for problems of
    other kinds; None when nothing usable is left. Callers look at ``document.problems`` first.
    """
    if document.value is None and document.problems:
        return None
    value = document.value
    cut: list[Steps] = []
    nulls = set(_nulls(value, ()))
    if nulls and () not in nulls:
        for steps in nulls:
            document.note(
                steps, "has no value", "give it one, or leave it out", key=isinstance(steps[-1], str)
            )
        value = _without(document, value, nulls)
        cut += nulls
    for _ in range(_ROUNDS_MAX):
        try:
            return model.model_validate(value, context={LENIENT: bool(cut)})
        except ValidationError as error:
            errors = error.errors(include_url=False)
        targets: set[Steps] = set()
        seen: set[Steps] = set()
        for detail in errors:
            steps, rest = _walk(value, detail["loc"])
            target = _note(document, model, detail, steps, rest, cut, seen)
            targets.add(target)
        if () in targets:
            return None
        value = _without(document, value, targets)
        cut += [document.original(steps) for steps in targets]
    return None


def _nulls(value: Value, steps: Steps) -> Iterator[Steps]:
    """Yield where nothing stands: it would be taken for a default without a word."""
    if value is None:
        yield steps
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _nulls(part, (*steps, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _nulls(part, (*steps, index))


def _walk(value: Value, loc: tuple[int | str, ...]) -> tuple[Steps, tuple[int | str, ...]]:
    """Return the part of ``loc`` that leads through the value (tags of unions left out), and what is left over."""
    steps: Steps = ()
    rest: tuple[int | str, ...] = ()
    for step in loc:
        if (isinstance(value, dict) and step in value) or (
            isinstance(value, list) and isinstance(step, int) and step < len(value)
        ):
            steps += (step,)
            value = value[step]  # type: ignore[index]
            rest = ()
        else:
            rest += (step,)
    return steps, rest


def _note(
    document: Document,
    model: type[BaseModel],
    detail: ErrorDetails,
    steps: Steps,
    rest: tuple[int | str, ...],
    cut: list[Steps],
    seen: set[Steps],
) -> Steps:
    """Note one error, unless what was cut out before caused it; return what to cut out now."""
    here = document.original(steps)
    follows = any(gone[: len(here)] == here for gone in cut)
    message, hint = sentence(detail, model)
    if detail["type"] == "missing" and rest:
        if not follows:
            document.note(steps, message, hint)
        return steps
    is_key = detail["type"] == "extra_forbidden" or (bool(rest) and rest[-1] == "[key]")
    if not follows and here not in seen:
        document.note(steps, message, hint, key=is_key)
        seen.add(here)
    return steps


def _without(document: Document, value: Value, targets: set[Steps]) -> Value:
    """Return a copy of the value without what stands at the paths; indices that went are kept in the document."""
    result = copy.copy(value)
    originals = {steps: document.original(steps) for steps in targets}
    for steps in sorted(
        targets, key=lambda path: tuple(str(s) if isinstance(s, str) else f"{s:09}" for s in path)
    )[::-1]:
        holder: Any = result
        for step in steps[:-1]:
            holder[step] = copy.copy(holder[step])
            holder = holder[step]
        if isinstance(holder, list):
            original = originals[steps]
            document.removed.setdefault(original[:-1], []).append(cast(int, original[-1]))
        if isinstance(holder, list | dict):
            del holder[steps[-1]]  # type: ignore[arg-type]
    return result


def sentence(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """Return an error in our words, and a hint."""
    kind, value, context = detail["type"], detail.get("input"), detail.get("ctx", {})
    match kind:
        case "switchroom":
            return context["text"], _key_hint(detail, model) or context["hint"]
        case "switchroom-shape":
            return f"{context['text']}, found {found(value)}", context["hint"]
        case "extra_forbidden":
            key = str(detail["loc"][-1])
            return f"unknown key {shown(key)!r}", did_you_mean(
                key, sorted(_keys_at(model, detail["loc"][:-1]))
            )
        case "missing":
            return f"{str(detail['loc'][-1])!r} is missing", ""
        case "literal_error" | "enum":
            options = [part.strip(" '") for part in context["expected"].replace(" or ", ", ").split(",")]
            hint = did_you_mean(value, options) if isinstance(value, str) else ""
            shown_value = repr(shown(value)) if isinstance(value, str) else found(value)
            return f"{shown_value} is not one of {', '.join(options)}", hint if "mean" in hint else ""
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than":
            return f"{shown(value)} is not {_range_at(model, detail)}", ""
        case "string_pattern_mismatch":
            return f"{shown(value)!r} does not look like {context['pattern']}", ""
        case "string_too_long":
            return f"a text of {len(str(value)):,} characters", f"{context['max_length']} at the most"
        case "string_too_short" | "too_short":
            return "must not be empty", ""
        case "too_long":
            return (
                f"{context['actual_length']:,} items are too many",
                f"{context['max_length']:,} at the most",
            )
        case "value_error":
            return str(context["error"]), ""
        case _ if kind in _EXPECTED:
            return f"expected {_EXPECTED[kind]}, found {found(value)}", _quoting_hint(kind, value)
        case _:
            message = detail["msg"]
            return message[:1].lower() + message[1:], ""


def _key_hint(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """Name the key that was meant, where any key is legal (a skill, say) but its value makes no sense."""
    key = detail["loc"][-1] if detail["loc"] else 0
    keys = _keys_at(model, detail["loc"][:-1]) if isinstance(key, str) else set()
    if not isinstance(key, str) or key in keys or not get_close_matches(key, keys, n=1, cutoff=0.75):
        return ""
    return did_you_mean(key, sorted(keys))


def _quoting_hint(kind: str, value: object) -> str:
    if kind == "string_type" and isinstance(value, int | float):
        return f"put it in quotes: '{str(value).lower() if isinstance(value, bool) else shown(value)}'"
    if kind.startswith("int") and isinstance(value, str) and _ALMOST_A_NUMBER.match(value):
        return f"write {int(value)}, without quotes, sign or leading zeros"
    if kind.startswith("bool") and isinstance(value, str) and value.lower() in {"yes", "on", "y"}:
        return "write true"
    if kind.startswith("bool") and isinstance(value, str) and value.lower() in {"no", "off", "n"}:
        return "write false"
    return ""


# ── looking things up in the model's own JSON Schema, only once something is wrong ───────────────────────────────


@cache
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema(by_alias=True)


def _schemas_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[Schema]:
    """Return the schemas that could stand at the place: every alternative of a union."""
    root = _schema(model)
    current = list(_alternatives(root, root))
    for step in loc:
        if isinstance(step, str) and step.startswith("<"):
            continue  # the tag of a union by shape
        below = [found for schema in current for found in _child(root, schema, step)]
        current = below or current  # a union's tag leads nowhere
    return current


def _child(root: Schema, schema: Schema, step: int | str) -> Iterator[Schema]:
    if isinstance(step, int):
        items = schema.get("items")
        if isinstance(items, dict):
            yield from _alternatives(root, items)
        return
    properties = schema.get("properties", {})
    if step in properties:
        yield from _alternatives(root, properties[step])
        return
    for other in (*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")):
        if isinstance(other, dict):
            yield from _alternatives(root, other)


def _alternatives(root: Schema, schema: Schema) -> Iterator[Schema]:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    yield schema
    for word in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(word, ()):
            yield from _alternatives(root, part)


def _keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    return {key for schema in _schemas_at(model, loc) for key in schema.get("properties", {})}


def _range_at(model: type[BaseModel], detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    for schema in _schemas_at(model, detail["loc"]):
        if "minimum" in schema and "maximum" in schema:
            return f"in {schema['minimum']}..{schema['maximum']}"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    return next((f"{words[name]} {bound}" for name, bound in context.items() if name in words), "in range")
