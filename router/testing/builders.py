"""Plans in a line, for tests: everything has a good default, and a test names only what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from agents.model import Agent, AgentId, AgentKind, ChannelId, Pool, Skill, SkillName, WrapUp
from router.core.names import CentreId, QueueId, SectionId
from router.core.plan import Channel, OfferRules, Plan, Queue, Section, Step
from router.core.requirement import All, Requirement, SkillTerm

NO_WRAP_UP = WrapUp()


def an_agent(
    agent_id: str = "ana",
    *,
    skills: Mapping[str, int] | None = None,
    capacity: int = 100,
    kind: AgentKind = "human",
    tags: Mapping[str, str] | None = None,
    channels: Iterable[str] = (),
) -> Agent:
    """Make an agent; ``skills`` are levels by name, in the agent's order."""
    return Agent(
        agent_id=AgentId(agent_id),
        name=agent_id.capitalize(),
        kind=kind,
        skills=tuple(Skill(name=SkillName(name), level=level) for name, level in (skills or {}).items()),
        tags=tuple((tags or {}).items()),
        capacity=capacity,
        channels=tuple(ChannelId(channel) for channel in channels),
    )


def needs(**skills: int) -> Requirement:
    """Make a requirement: each skill at its level or above."""
    return All(of=tuple(SkillTerm(skill=SkillName(name), level=level) for name, level in skills.items()))


def a_queue(
    queue_id: str = "support",
    *,
    section: str = "support",
    requirement: Requirement | None = None,
    priority: int = 0,
    ladder: Iterable[Step] = (),
    choice: str | None = None,
) -> Queue:
    """Make a queue."""
    return Queue(
        queue_id=QueueId(queue_id),
        section_id=SectionId(section),
        requirement=requirement if requirement is not None else needs(),
        priority=priority,
        ladder=tuple(ladder),
        choice=choice,
    )


def a_section(
    section_id: str = "support",
    *queues: Queue,
    offers: Mapping[str, OfferRules] | None = None,
    wrap_up: Mapping[str, WrapUp] | None = None,
) -> Section:
    """Make a section with these queues, or with one that is called like it; the first is the default."""
    own = tuple(replace(queue, section_id=SectionId(section_id)) for queue in queues) or (
        a_queue(section_id, section=section_id),
    )
    return Section(
        section_id=SectionId(section_id),
        queues=own,
        default_queue=own[0].queue_id,
        offers=tuple((ChannelId(channel), rules) for channel, rules in (offers or {}).items()),
        wrap_up=tuple((ChannelId(channel), rule) for channel, rule in (wrap_up or {}).items()),
    )


def a_plan(
    *agents: Agent,
    sections: Iterable[Section] = (),
    channels: Iterable[Channel] = (),
    pools: Iterable[Pool] = (),
    version: str = "1",
    seed: int = 0,
    presence_ttl_ms: int | None = None,
) -> Plan:
    """Make a centre: channel ``voice`` and section ``support`` where nothing else is said; no wrap-up, offers of 20 s."""
    own_channels = tuple(channels) or (Channel(channel_id=ChannelId("voice")),)
    own_sections = tuple(_complete(section, own_channels) for section in (tuple(sections) or (a_section(),)))
    return Plan(
        version=version,
        centre_id=CentreId("test"),
        channels=own_channels,
        sections=own_sections,
        pools=tuple(pools),
        agents=tuple(agents),
        seed=seed,
        presence_ttl_ms=presence_ttl_ms,
    )


def _complete(section: Section, channels: tuple[Channel, ...]) -> Section:
    """Give every channel its rules: those of the section, else the default."""
    offers, wrap_up = dict(section.offers), dict(section.wrap_up)
    names = [channel.channel_id for channel in channels]
    return replace(
        section,
        offers=tuple((name, offers.get(name, OfferRules())) for name in names),
        wrap_up=tuple((name, wrap_up.get(name, NO_WRAP_UP)) for name in names),
    )
