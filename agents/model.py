"""Who an agent is: names, skills, tags, capacity and wrap-up, as frozen values. No state, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NewType

from agents.queue_levels import QueueLevel

AgentId = NewType("AgentId", str)
PoolId = NewType("PoolId", str)
SkillName = NewType("SkillName", str)
ChannelId = NewType("ChannelId", str)

AgentKind = Literal["human", "automated"]
WrapUpKind = Literal["none", "timed", "until-done"]
WrapUpScope = Literal["agent", "section", "interaction"]

LOWEST_LEVEL = 1
HIGHEST_LEVEL = 10
NORMAL_SPEED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """A skill of an agent: its tag and the agent's proficiency, 1 (can) to 10 (best)."""

    name: SkillName
    level: int = LOWEST_LEVEL

    def __post_init__(self) -> None:
        if not LOWEST_LEVEL <= self.level <= HIGHEST_LEVEL:
            raise ValueError(
                f"skill {self.name!r}: level {self.level} is not in {LOWEST_LEVEL}..{HIGHEST_LEVEL}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp:
    """After-contact work: how it ends and what it holds.

    ``none``: the assignment closes when the contact ends. ``timed``: it closes by itself after ``limit_ms``, or
    earlier when the agent says so. ``until-done``: it closes when the agent says so, at the latest after
    ``limit_ms``. Scope ``agent`` keeps holding the units that the work held; ``section`` holds no units but keeps
    new work of the same section away; ``interaction`` holds nothing.
    """

    kind: WrapUpKind = "none"
    limit_ms: int = 0
    scope: WrapUpScope = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How fast an automated agent may be given work: at most ``starts`` new interactions in any ``per_ms`` milliseconds."""

    starts: int
    per_ms: int = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A person or bot that takes work.

    ``skills`` are in the agent's order, the first skill first. ``channels`` empty: all channels of the centre.
    ``capacity`` is in units; ``costs`` replaces a channel's cost for this agent; ``channel_max`` bounds how many
    interactions of a channel the agent holds at once. ``wrap_up`` is the agent's own rule per channel and wins over
    the section's. ``speed`` is how fast the agent works, in thousandths of the ordinary, ``speeds`` replaces it for a
    channel. ``rate`` bounds how fast an automated agent starts new interactions; None: not at all. ``queue_levels``:
    which queues it serves first (see ``agents.queue_levels``).
    ``shift`` names the calendar at whose end the agent finishes what it holds and leaves; None: it leaves when it says so.
    """

    agent_id: AgentId
    name: str = ""
    kind: AgentKind = "human"
    skills: tuple[Skill, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    capacity: int = 100
    channels: tuple[ChannelId, ...] = ()
    costs: tuple[tuple[ChannelId, int], ...] = ()
    channel_max: tuple[tuple[ChannelId, int], ...] = ()
    wrap_up: tuple[tuple[ChannelId, WrapUp], ...] = ()
    speed: int = NORMAL_SPEED
    speeds: tuple[tuple[ChannelId, int], ...] = ()
    queue_levels: tuple[QueueLevel, ...] = ()
    rate: Rate | None = None
    shift: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A named selector of agents: a member has every skill at its level or above, every tag, and the kind.

    ``members`` adds agents by name whatever their skills. A pool without any selector and without members has
    every agent in it. ``queue_levels`` are its members', of queues that their own lists do not name.
    """

    pool_id: PoolId
    skills: tuple[Skill, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    kind: AgentKind | None = None
    members: tuple[AgentId, ...] = field(default=())
    queue_levels: tuple[QueueLevel, ...] = ()
