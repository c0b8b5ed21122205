"""The small types of the files: durations, shares, weights, names, and the base of all models.

Each turns what is written into what the plan wants (milliseconds, thousandths) or raises an error that says what would
do; each describes itself in JSON Schema, so that editors know it too.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final, NoReturn

from pydantic import BaseModel, ConfigDict, Discriminator, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from router.config.yaml_source import shown
from router.core.durations import UNITS_MS
from router.core.names import ID_PATTERN

DURATION_MAX_MS: Final = 400 * UNITS_MS["d"]
WEIGHT_MAX: Final = 1_000

_DURATION: Final = re.compile(
    r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,12})ms)?\Z"
)
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\Z")
_SHARE: Final = re.compile(r"(\d{1,3})(?:\.(\d))?\s?%\Z")
_EXAMPLES: Final = "write '20s', '5m', '2h' or '1h30m'"


def kebab(name: str) -> str:
    """Return a field's name as the files write it."""
    return name.rstrip("_").replace("_", "-")


class Model(BaseModel):
    """A mapping of a file: kebab-case keys, no unknown ones, no value taken for another kind than it is."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=kebab)


LENIENT: Final = "lenient"


def is_lenient(info: ValidationInfo) -> bool:
    """Say whether parts that were wrong have been left out, so that a mapping may lack what it must have."""
    return bool(info.context and info.context.get(LENIENT))


def wrong(message: str, hint: str = "") -> NoReturn:
    """Raise what is wrong with a value, for a validator; ``hint`` says what would do."""
    raise PydanticCustomError("switchroom", "{text}", {"text": message, "hint": hint})


def found(value: object) -> str:
    """Say what a value is, as people would: ``the number 5``, ``a list``."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {shown(value)}"
        case str():
            return f"the text {shown(value)!r}"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return shown(value)


# ── durations ────────────────────────────────────────────────────────────────────────────────────────────────────


def duration_ms(value: object) -> int:
    """Return milliseconds for a duration as it is written: ``20s``, ``5m``, ``1h30m``, ``2d``, ``500ms``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = shown(value)
        wrong(f"the duration {number} has no unit", f"write '{number}s' for seconds, '{number}m' for minutes")
    if not isinstance(value, str):
        wrong(f"expected a duration, found {found(value)}", _EXAMPLES)
    match = _DURATION.match(value)
    if match is None or not value:
        clock = _CLOCK.match(value)
        hint = _EXAMPLES
        if clock:
            hours, minutes, seconds = (clock[1], clock[2], clock[3]) if clock[3] else ("", clock[1], clock[2])
            parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
            hint = (
                "write '" + "".join(f"{int(text)}{unit}" for text, unit in parts if text and int(text)) + "'"
            )
            hint = _EXAMPLES if hint == "write ''" else hint
        wrong(f"{shown(value)!r} is not a duration", hint)
    total = sum(
        int(text) * unit for text, unit in zip(match.groups(), UNITS_MS.values(), strict=True) if text
    )
    if total > DURATION_MAX_MS:
        wrong(f"{shown(value)!r} is longer than 400 days")
    return total


def positive_duration_ms(value: object) -> int:
    """Return milliseconds for a duration that is not ``0s``."""
    ms = duration_ms(value)
    return ms or wrong(f"{value!r} must be longer than nothing")


DURATION_SCHEMA: Final = {
    "type": "string",
    "pattern": r"^(?=.)(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$",
    "examples": ["20s", "5m", "2h", "1h30m"],
    "title": "duration",
}

Duration = Annotated[int, PlainValidator(duration_ms), WithJsonSchema(DURATION_SCHEMA)]
"""``20s``, ``5m``, ``1h30m``, ``2d``, ``500ms``, ``0s`` → milliseconds, up to 400 days."""

PositiveDuration = Annotated[int, PlainValidator(positive_duration_ms), WithJsonSchema(DURATION_SCHEMA)]
"""A ``Duration`` that is not ``0s``."""


# ── shares and weights ───────────────────────────────────────────────────────────────────────────────────────────


def share_thousandths(value: object) -> int:
    """Return thousandths for a share as it is written: ``80%``, ``99.5%``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        percent = value * 100 if 0 < value < 1 else value
        hint = f"write '{percent:g}%'" if 0 <= percent <= 100 else "write '80%'"
        wrong(f"the share {shown(value)} has no percent sign", hint)
    if not isinstance(value, str):
        wrong(f"expected a share, found {found(value)}", "write '80%'")
    match = _SHARE.match(value)
    if match is None:
        wrong(f"{shown(value)!r} is not a share", "write '80%' or '99.5%'")
    thousandths = int(match[1]) * 10 + int(match[2] or 0)
    if thousandths > 1000:
        wrong(f"{value!r} is more than 100%")
    return thousandths


def weight_thousandths(value: object) -> int:
    """Return thousandths for a weight as it is written: ``2``, ``0.5``, ``-1.25``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        wrong(f"expected a weight, found {found(value)}", "write a number such as 1 or 0.5")
    thousandths = Decimal(str(value)) * 1000
    if thousandths != thousandths.to_integral_value():
        wrong(f"the weight {shown(value)} is finer than thousandths", "three decimals at the most")
    if abs(value) > WEIGHT_MAX:
        wrong(f"the weight {shown(value)} is not in {-WEIGHT_MAX}..{WEIGHT_MAX}")
    return int(thousandths)


Share = Annotated[
    int,
    PlainValidator(share_thousandths),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\d{1,3}(\.\d)?\s?%$", "examples": ["80%", "99.5%"], "title": "share"}
    ),
]
"""``80%``, ``99.5%`` → thousandths."""

Weight = Annotated[
    int,
    PlainValidator(weight_thousandths),
    WithJsonSchema({"type": "number", "minimum": -WEIGHT_MAX, "maximum": WEIGHT_MAX, "title": "weight"}),
]
"""``2``, ``0.5`` → thousandths."""


# ── names and texts ──────────────────────────────────────────────────────────────────────────────────────────────


def name_text(value: object) -> str:
    """Return a name: 1 to 64 of letters, digits, ``_ . : -``; a whole number is the name of its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        hint = f"put it in quotes: '{shown(value).lower()}'" if isinstance(value, bool | float) else ""
        wrong(f"expected a name, found {found(value)}", hint)
    if not ID_PATTERN.match(value):
        if len(value) > 64:
            wrong(f"the name {shown(value)!r} is longer than 64 characters")
        wrong(f"{shown(value)!r} is not a name", "1 to 64 of letters, digits, '_', '.', ':', '-'")
    return value


def words_text(value: object) -> str:
    """Return a text of 1 to 256 characters; a whole number is the text of its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        hint = f"put it in quotes: '{shown(value).lower()}'" if isinstance(value, bool | float) else ""
        wrong(f"expected a text, found {found(value)}", hint)
    if not 1 <= len(value) <= 256:
        wrong(f"a text of {len(value):,} characters", "1 to 256 are allowed")
    return value


Name = Annotated[
    str,
    PlainValidator(name_text),
    WithJsonSchema({"type": ["string", "integer"], "pattern": "^[A-Za-z0-9_.:-]{1,64}$", "title": "name"}),
]
"""A name: 1 to 64 of letters, digits, ``_ . : -``."""

Words = Annotated[
    str,
    PlainValidator(words_text),
    WithJsonSchema({"type": ["string", "integer"], "minLength": 1, "maxLength": 256, "title": "text"}),
]
"""Any text of 1 to 256 characters."""


# ── alternatives by shape ────────────────────────────────────────────────────────────────────────────────────────


def _shape(value: Any) -> str | None:
    match value:
        case list():
            return "<list>"
        case dict() | BaseModel():
            return "<mapping>"
        case None:
            return None
        case _:
            return "<scalar>"


class _Context(dict[str, Any]):
    """An error's context that can stand in an annotation of a union, which must be hashable."""

    __hash__ = object.__hash__  # type: ignore[assignment]


def by_shape(expected: str, hint: str = "") -> Discriminator:
    """Choose between the members of a union tagged ``<scalar>``, ``<list>``, ``<mapping>`` by how it is written.

    ``expected`` says what may stand here; it completes "expected …, found a list".
    """
    return Discriminator(
        _shape,
        custom_error_type="switchroom-shape",
        custom_error_message="{text}",
        custom_error_context=_Context(text=f"expected {expected}", hint=hint),
    )
