"""The models of what is said about work that is kept for certain agents: windows, and the memory of who had which customer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from router.config.documents import Duration, Model
from router.core.plan import DAY_MS


class WindowMap(Model):
    """For how long work is kept for the agents that it favours. What is not said here, the section says."""

    within: Duration | None = Field(
        None, description="How long after it was queued; `0s` keeps it for nobody. [30s]"
    )
    even_absent: bool | None = Field(
        None,
        description="Whether it is kept for agents that are not ready, or not even signed in, too. [false]",
    )


class CustomerMemoryMap(Model):
    """Who had which customer last is remembered while some queue has `last-agent`."""

    for_: Duration = Field(7 * DAY_MS, alias="for", description="How long after the last contact. [7d]")
    most: Annotated[int, Field(ge=0, le=10_000_000)] = Field(
        100_000, description="Of so many customers; of more, the one of longest ago is forgotten. [100000]"
    )
