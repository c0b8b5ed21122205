"""The models of what a free agent takes: what queues say to the centre's selection, and the queue levels of agents and pools."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PlainValidator, Tag, WithJsonSchema

from agents.queue_levels import HIGHEST_QUEUE_LEVEL
from router.config.scalars import (
    WEIGHT_MAX,
    Duration,
    Model,
    Name,
    PositiveDuration,
    by_shape,
    weight_thousandths,
    wrong,
)
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


QueueLevelNumber = Annotated[int, Field(ge=1, le=HIGHEST_QUEUE_LEVEL)]


class QueueLevelMap(Model):
    """At which level a queue is served, and after what wait."""

    level: QueueLevelNumber = Field(1, description="Its level; 1 is served first. [1]")
    after: Duration = Field(
        0, description="Its work is there for the agent only after it has waited so long. [0s]"
    )


QueueLevelRule = Annotated[
    Annotated[QueueLevelNumber, Tag("<scalar>")] | Annotated[QueueLevelMap, Tag("<mapping>")],
    by_shape("a level such as 2, or a mapping such as {level: 2, after: 30s}"),
]


class QueueLevelsMap(Model):
    """Which queues are served first, for an agent or the members of a pool."""

    queues: dict[Name, QueueLevelRule] = Field(
        {},
        description="Levels by queue, 1 first: `{sales: 1, care: {level: 2, after: 30s}}`. An agent's own wins over its"
        " pools', and an earlier pool's over a later one's. [all alike]",
    )
    other_queues: QueueLevelRule | None = Field(
        None,
        description="The level of every queue that is not named. [behind all that are; without `queues` 1]",
    )
