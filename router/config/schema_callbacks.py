"""The models of callbacks, as a section's file has them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from router.config.scalars import Model, PositiveDuration, Words


class CallbacksMap(Model):
    """How a section calls customers back who rather wait for a call."""

    mode: Literal["agent-first", "customer-first"] = Field(
        "agent-first",
        description="`agent-first`: an agent is connected, then the customer is dialled. `customer-first`: an agent is held by an"
        " offer while the customer is dialled, and connected when the customer answers. [agent-first]",
    )
    attempts: Annotated[int, Field(ge=1, le=100)] = Field(
        3, description="How often the customer is dialled before it ends as failed, `not-reached`. [3]"
    )
    retry_after: PositiveDuration = Field(
        300_000, description="How long after a failed attempt it waits again. [5m]"
    )
    dial: PositiveDuration = Field(
        30_000, description="How long the customer is dialled before it counts as not reached. [30s]"
    )


class CallbackOfferMap(Model):
    """The question whether to be called back."""

    text: Words | None = Field(None, description="What is asked, or the name of a recording.")
