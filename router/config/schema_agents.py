"""Agents and pools as they are written, and rosters of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agents.model import HIGHEST_LEVEL, LOWEST_LEVEL, NORMAL_SPEED, AgentKind
from router.config.scalars import (
    Model,
    Name,
    Words,
)
from router.config.schema_choice import Speed
from router.config.schema_offers import WrapUps
from router.config.schema_rates import RateMap
from router.config.schema_selection import QueueLevelsMap

Units = Annotated[int, Field(ge=1, le=1_000_000)]
SkillLevels = dict[Name, Annotated[int, Field(ge=LOWEST_LEVEL, le=HIGHEST_LEVEL)]]


class AgentMap(QueueLevelsMap):
    """A person or bot that takes work."""

    name: Words | None = Field(None, description="For people.")
    kind: AgentKind = Field("human", description="`human` or `automated`. [human]")
    skills: SkillLevels = Field(
        {},
        description="Levels 1 (can) to 10 (best), the agent's first skill first: `{billing: 7, english: 9}`.",
    )
    tags: dict[Name, Words] = Field({}, description="Facts about the agent: `{site: north}`.")
    capacity: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        100, description="Units the agent can hold; each interaction holds its channel's cost. [100]"
    )
    channels: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None, description="The channels the agent serves. [all]"
    )
    channel_max: dict[Name, Annotated[int, Field(ge=1, le=1_000_000)]] = Field(
        {},
        description="How many interactions of a channel the agent holds at once, at the most: `{chat: 2}`.",
    )
    costs: dict[Name, Units] = Field({}, description="What a channel costs this agent: `{chat: 50}`.")
    wrap_up: WrapUps | None = Field(None, description="The agent's own after-contact work. [the section's]")
    shift: Name | None = Field(
        None,
        description="The calendar of its shifts: when one ends, the agent finishes what it holds and leaves. [it leaves"
        " when it says so]",
    )
    speed: Speed = Field(
        NORMAL_SPEED,
        description="How fast the agent works, 1 is ordinary, 2 takes half the time: `1.2`, or by channel `{voice: 1.2}`."
        " The score `fastest` reads it. [1]",
    )
    rate: RateMap | None = Field(
        None, description="How fast an automated agent may be given new work: `{per-minute: 60}`. [no limit]"
    )


class PoolMap(QueueLevelsMap):
    """Agents chosen by skills, tags and kind; all must fit. Empty: every agent."""

    skills: SkillLevels = Field({}, description="At least these levels: `{french: 4}`.")
    tags: dict[Name, Words] = Field({}, description="These tags with these values: `{site: north}`.")
    kind: AgentKind | None = Field(None, description="`human` or `automated`. [both]")
    members: list[Name] = Field([], description="Agents who are in it whatever their skills.")


class AgentsFile(Model):
    """A roster: `agents.yaml`, or several files in `agents/`."""

    agents: dict[Name, AgentMap] = Field(description="The agents by id.")
