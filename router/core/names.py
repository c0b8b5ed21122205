"""Names of things in a centre, as distinct types, and the one rule of what an id looks like."""

from __future__ import annotations

import re
from typing import Final, NewType

from agents.model import AgentId, AgentKind, ChannelId, PoolId, SkillName

__all__ = [
    "AgentId",
    "AgentKind",
    "AttributeValue",
    "CentreId",
    "ChannelId",
    "ID_PATTERN",
    "InteractionId",
    "OfferId",
    "PoolId",
    "QueueId",
    "SectionId",
    "SkillName",
    "looks_like_id",
]

CentreId = NewType("CentreId", str)
SectionId = NewType("SectionId", str)
QueueId = NewType("QueueId", str)
InteractionId = NewType("InteractionId", str)
OfferId = NewType("OfferId", int)

AttributeValue = str | int | float | bool

ID_PATTERN: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z")
"""What every id must look like: 1 to 64 of letters, digits, ``_ . : -``."""

looks_like_id: Final = ID_PATTERN.match
"""``looks_like_id(text)`` is None for a text that is no id."""
