"""The models of estimates. Descriptions here are what editors and the reference show."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Tag

from router.config.scalars import Model, PositiveDuration, by_shape


class EstimatesMap(Model):
    """How waits are estimated; to write it turns estimates on."""

    window: PositiveDuration = Field(
        14_400_000, description="Services and abandonments of this last while count. [4h]"
    )
    least_services: Annotated[int, Field(ge=1, le=10_000)] = Field(
        20,
        description="With fewer services in the window, the wait of the last that was answered is quoted instead. [20]",
    )
    announce: bool = Field(
        False, description="Tell the estimate of every interaction that begins to wait, as an event. [false]"
    )


Estimates = Annotated[
    Annotated[bool, Tag("<scalar>")] | Annotated[EstimatesMap, Tag("<mapping>")],
    by_shape("true, false, or a mapping such as {announce: true}"),
]
