"""How work is offered, what comes after it, and how much of it may wait, as they are written: sections, the centre and agents say it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Tag, ValidationInfo, model_validator

from agents.model import WrapUpScope
from router.config.scalars import (
    Duration,
    Model,
    Name,
    PositiveDuration,
    Words,
    by_shape,
    is_lenient,
    wrong,
)


class PauseMap(Model):
    """A rest after an unanswered offer."""

    pause: PositiveDuration = Field(description="How long the agent is offered nothing.")


OnNoAnswer = Annotated[
    Annotated[Literal["keep", "not-ready", "pause"], Tag("<scalar>")] | Annotated[PauseMap, Tag("<mapping>")],
    by_shape("'keep', 'not-ready' or {pause: 30s}"),
]


class OfferMap(Model):
    """How work is offered to an agent."""

    timeout: PositiveDuration | None = Field(None, description="How long an offer waits for an answer. [20s]")
    on_no_answer: OnNoAnswer | None = Field(
        None,
        description="What an unanswered offer does to its agent: `keep` nothing, `not-ready`, or `{pause: 30s}`."
        " [not-ready]",
    )
    max_no_answer: Annotated[int, Field(ge=0, le=1_000)] | None = Field(
        None,
        description="This many unanswered offers in a row set the agent not-ready in any case; 0 is never. [0]",
    )
    retry_after: PositiveDuration | None = Field(
        None, description="How long work is not offered again to an agent who refused it. [1m]"
    )
    all_declined_pause: PositiveDuration | None = Field(
        None, description="When everybody has refused it, it is offered again to all after this long. [5s]"
    )
    auto_answer: bool | None = Field(None, description="Connect at once, without asking the agent. [false]")
    broadcast: Annotated[int, Field(ge=1, le=1_000)] | None = Field(
        None,
        description="Offer it to so many agents at once: the first to accept has it, who does not answer bears nothing. [1]",
    )


class Offers(OfferMap):
    """Offer rules, and exceptions by channel.

    What is said about a channel wins over what is said about all of them; of two that speak about the same the
    section wins over the centre.
    """

    channels: dict[Name, OfferMap] = Field(
        {}, description="Rules of single channels; they win over the general ones."
    )


class WrapUpMap(Model):
    """After-contact work. Exactly one of `timed` and `until-done`."""

    timed: PositiveDuration | None = Field(
        None, description="Ends by itself after this long, or earlier when done."
    )
    until_done: PositiveDuration | None = Field(
        None, description="Ends when the agent says so, at the latest then."
    )
    scope: WrapUpScope | None = Field(
        None,
        description="What it holds: `agent` (what the work held), `section` (nothing but new work of the section),"
        " `interaction` (nothing). [agent]",
    )

    @model_validator(mode="after")
    def _is_one(self, info: ValidationInfo) -> Self:
        if is_lenient(info):
            return self
        if self.timed is not None and self.until_done is not None:
            wrong("wrap-up is either 'timed' or 'until-done'", "remove one")
        if self.timed is None and self.until_done is None and self._must_say():
            wrong("wrap-up needs 'timed' or 'until-done'", "write {timed: 30s} or {until-done: 5m}, or none")
        return self

    def _must_say(self) -> bool:
        return True


WrapUpRule = Annotated[
    Annotated[Literal["none"], Tag("<scalar>")] | Annotated[WrapUpMap, Tag("<mapping>")],
    by_shape("'none' or a mapping such as {timed: 30s}"),
]


class WrapUpsMap(WrapUpMap):
    """Wrap-up, and exceptions by channel; what wins over what is as with offers."""

    channels: dict[Name, WrapUpRule] = Field(
        {}, description="Rules of single channels; they win over the general one."
    )

    def _must_say(self) -> bool:
        return self.scope is not None or not self.channels


WrapUps = Annotated[
    Annotated[Literal["none"], Tag("<scalar>")] | Annotated[WrapUpsMap, Tag("<mapping>")],
    by_shape("'none' or a mapping such as {timed: 30s}"),
]


class LimitMap(Model):
    """Room for waiting work. Work beyond it is refused, unless `divert` or `overflow` says where it goes."""

    max_waiting: Annotated[int, Field(ge=0, le=10_000_000)] | None = Field(
        None, description="How many may wait. [any number]"
    )
    max_estimated_wait: Duration | None = Field(
        None, description="How long an arrival may have to wait, by its estimate (p50). [any time]"
    )
    divert: Words | None = Field(None, description="Send it there: voicemail, a number, a message.")
    overflow: Name | None = Field(None, description="Try this queue, or this section's default queue.")

    @model_validator(mode="after")
    def _is_one(self, info: ValidationInfo) -> Self:
        if is_lenient(info):
            return self
        if self.divert is not None and self.overflow is not None:
            wrong("a limit has either 'divert' or 'overflow'", "remove one")
        if self.max_waiting is None and self.max_estimated_wait is None:
            wrong("a limit that limits nothing", "write 'max-waiting: 20' or 'max-estimated-wait: 5m'")
        return self
