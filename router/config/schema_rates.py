"""The model of rate limits of automated agents, and the plan's limit that it stands for."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import Field, ValidationInfo, model_validator

from agents.model import Rate
from router.config.scalars import Model, is_lenient, wrong

Starts = Annotated[int, Field(ge=1, le=1_000_000)]

SPANS_MS: Final = {"per_second": 1_000, "per_minute": 60_000, "per_hour": 3_600_000}


class RateMap(Model):
    """How fast an automated agent is given new work. Exactly one of the three."""

    per_second: Starts | None = Field(None, description="At most so many new interactions in any second.")
    per_minute: Starts | None = Field(None, description="At most so many new interactions in any minute.")
    per_hour: Starts | None = Field(None, description="At most so many new interactions in any hour.")

    @model_validator(mode="after")
    def _is_one(self, info: ValidationInfo) -> Self:
        if not is_lenient(info) and sum(getattr(self, name) is not None for name in SPANS_MS) != 1:
            wrong("a rate is one of 'per-second', 'per-minute' and 'per-hour'", "write {per-minute: 60}")
        return self


def rate_of(written: RateMap | None) -> Rate | None:
    """Return the limit that is written; None where nothing is, or nothing that was right."""
    for name, span_ms in SPANS_MS.items() if written is not None else ():
        starts = getattr(written, name)
        if starts is not None:
            return Rate(starts=starts, per_ms=span_ms)
    return None
