"""The models of what queues say to the centre's selection: what a free agent takes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from router.config.scalars import WEIGHT_MAX, Model, PositiveDuration, weight_thousandths, wrong
from router.config.yaml_source import shown
from router.core.selection_plan import PARAMETER_MAX


def slope_thousandths(value: object) -> int:
    """Return thousandths for a slope: a weight above 0."""
    slope = weight_thousandths(value)
    return slope if slope > 0 else wrong(f"the slope {shown(value)} must be more than 0")


Slope = Annotated[
    int,
    PlainValidator(slope_thousandths),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": WEIGHT_MAX, "title": "slope"}),
]
"""``2``, ``0.5`` → thousandths."""

Parts = Annotated[int, Field(ge=1, le=PARAMETER_MAX)]


class SelectionMap(Model):
    """What the centre's `selection` reads of a queue, where it chooses among queues."""

    weight: Parts | None = Field(None, description="Its tickets in the lottery of `weighted`. [1]")
    share: Parts | None = Field(
        None,
        description="Its part of all waiting work under `queue-ratio`, relative to the other queues' shares. [1]",
    )
    cost_slope: Slope | None = Field(
        None, description="How fast the cost of waiting grows, under `gcmu`: `2` is twice as fast. [1]"
    )
    handle_time: PositiveDuration | None = Field(
        None,
        description="The mean handle time that `gcmu` and `predicted-wait` begin with; they go on with what they see."
        " [3m]",
    )
