"""The models of what is said about the choice of an agent, beyond the policy's name: tolerance and speeds."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, PlainValidator, Tag, WithJsonSchema

from router.config.scalars import WEIGHT_MAX, Name, by_shape, weight_thousandths, wrong
from router.config.yaml_source import shown

SPEED_MIN: Final = 0.1
SPEED_MAX: Final = 10


def tolerance_thousandths(value: object) -> int:
    """Return thousandths of a point for a tolerance as it is written: ``0.2``."""
    thousandths = weight_thousandths(value)
    if thousandths < 0:
        wrong(f"the tolerance {shown(value)} is negative", "write 0 or more, such as 0.2")
    return thousandths


def speed_thousandths(value: object) -> int:
    """Return thousandths of the ordinary speed: ``1.2`` is a fifth faster."""
    thousandths = weight_thousandths(value)
    if not SPEED_MIN * 1000 <= thousandths <= SPEED_MAX * 1000:
        wrong(
            f"the speed {shown(value)} is not in {SPEED_MIN}..{SPEED_MAX}",
            "1 is ordinary, 2 takes half the time",
        )
    return thousandths


Tolerance = Annotated[
    int,
    PlainValidator(tolerance_thousandths),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": WEIGHT_MAX, "title": "tolerance"}),
]
"""``0.2`` → thousandths of a point of the score."""

Factor = Annotated[
    int,
    PlainValidator(speed_thousandths),
    WithJsonSchema({"type": "number", "minimum": SPEED_MIN, "maximum": SPEED_MAX, "title": "speed"}),
]
"""``1.2`` → thousandths of the ordinary speed."""

Speed = Annotated[
    Annotated[Factor, Tag("<scalar>")] | Annotated[dict[Name, Factor], Field(min_length=1), Tag("<mapping>")],
    by_shape("a speed such as 1.2 or a mapping of channels such as {voice: 1.2}"),
]
"""One speed, or one for each channel."""
