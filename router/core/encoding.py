"""Values as plain data and back: what snapshots, journals and canonical texts are made of.

A named tuple or dataclass becomes ``{"$": its name, field: value, …}``; sequences become lists and come back as tuples;
maps become ``{"$": "map", "of": {…}}``. Only the value types listed here can be made again, nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any as Whatever
from typing import Final

from agents import model, queue_levels
from router.core import (
    affinity_plan,
    calendar_plan,
    callback_plan,
    effects,
    estimate_plan,
    facts,
    ladder_plan,
    order_plan,
    plan,
    plan_origin,
    requirement,
    selection_plan,
    signals,
)

_MODULES: Final = (
    queue_levels,
    model,
    requirement,
    affinity_plan,
    callback_plan,
    calendar_plan,
    ladder_plan,
    order_plan,
    selection_plan,
    estimate_plan,
    plan_origin,
    plan,
    signals,
    facts,
    effects,
)


def _value_types() -> dict[str, type]:
    found: dict[str, type] = {}
    for module in _MODULES:
        for name, kind in vars(module).items():
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                assert name not in found, f"two value types are called {name}"
                found[name] = kind
    return found


VALUE_TYPES: Final = _value_types()
"""Every value type by its name."""


def to_data(value: object) -> Whatever:
    """Return the value as what JSON can carry. Raises ``TypeError`` for anything that is not a value."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {"$": type(value).__name__} | {name: to_data(getattr(value, name)) for name in value._fields}
    if is_dataclass(value) and not isinstance(value, type):
        return {"$": type(value).__name__} | {
            field.name: to_data(getattr(value, field.name)) for field in fields(value)
        }
    if isinstance(value, tuple | list):
        return [to_data(part) for part in value]
    if isinstance(value, Mapping):
        return {"$": "map", "of": {str(key): to_data(part) for key, part in value.items()}}
    raise TypeError(f"{type(value).__name__} is not a value that can be written down")


def from_data(data: Whatever) -> Whatever:
    """Return the value that ``to_data`` wrote down. Raises ``ValueError`` where the data is not of its making."""
    if isinstance(data, list):
        return tuple(from_data(part) for part in data)
    if not isinstance(data, dict):
        return data
    name = data.get("$")
    if name == "map":
        return {key: from_data(part) for key, part in data["of"].items()}
    kind = VALUE_TYPES.get(str(name))
    if kind is None:
        raise ValueError(f"no value type is called {name!r}")
    try:
        return kind(**{key: from_data(part) for key, part in data.items() if key != "$"})
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from error


def canonical(value: object) -> str:
    """Return the one text of the value: JSON with sorted keys and no spaces. Equal values give equal bytes."""
    return json.dumps(to_data(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
