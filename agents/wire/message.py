"""What every message is made of: the base of the models, the kinds of values, and how a message becomes JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

VERSION: Final = 1
"""The version of the protocol: ``v1`` in every path and topic."""

BODY_MAX: Final = 65_536
"""Bytes of a message; a larger one is refused unread."""
DEPTH_MAX: Final = 16
"""Brackets and braces inside each other; a deeper text is refused unread."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Text = Annotated[str, StringConstraints(max_length=1024)]
Moment = Annotated[AwareDatetime, Field(description="RFC 3339 with a zone: 2026-11-24T13:00:00.000Z")]
AttributeValue = bool | int | float | str


class Message(BaseModel):
    """What all messages have in common: no unknown fields, and no value taken for another kind than it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Command(Message):
    """Something asked of the router. ``request`` comes back in the reply; over MQTT it is how the two are matched, and a
    command that is repeated with the same ``request`` is carried out once.
    """

    v: Literal[1] = 1
    request: Id | None = None


def to_json(message: Message) -> bytes:
    """Return the message as it goes over the wire: what ``model_dump_json`` gives, without a text in between."""
    return message.__pydantic_serializer__.to_json(message)


def moment(ms: int) -> datetime:
    """Return milliseconds since 1970 as a moment in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_ms(when: datetime) -> int:
    """Return a moment as milliseconds since 1970."""
    return round(when.timestamp() * 1000)
