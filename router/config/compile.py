"""Models to a plan: every name looked up, every default filled in, and what cannot be noted where it is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Any

from agents.model import NORMAL_SPEED, Agent, Pool, Skill
from router.config import schema
from router.config.compile_calendars import calendars
from router.config.compile_parts import channel_keys, channels, limit, wrap_up
from router.config.compile_sections import section_of
from router.config.compile_selection import queue_levels
from router.config.names import Names, Place, known, unique
from router.config.schema_agents import AgentMap, PoolMap
from router.config.schema_estimates import EstimatesMap
from router.config.schema_rates import rate_of
from router.config.yaml_source import shown
from router.core.estimate_plan import EstimateRules
from router.core.names import AgentId, CentreId, ChannelId, PoolId, QueueId, SkillName
from router.core.plan import Plan
from router.policies import BUILT_IN


@dataclass(slots=True)
class Written:
    """What the files say: the models and where each stands."""

    centre_id: str
    place: Place
    centre: schema.CentreFile
    sections: list[tuple[str, Place, schema.SectionMap]] = field(default_factory=list)
    agents: list[tuple[str, Place, AgentMap]] = field(default_factory=list)


def compile_plan(written: Written, names: Names) -> Plan:
    """Return the plan, and note in the documents what is wrong; with any problem the plan is not to be used."""
    centre, place = written.centre, written.place
    known("order", centre.order, BUILT_IN.orders, place / "order")
    known("selection", centre.selection, BUILT_IN.selection_names(), place / "selection")
    unique(centre.skills or [], place / "skills")
    channel_keys(centre.offers, place / "offers", names)
    channel_keys(centre.wrap_up, place / "wrap-up", names)
    if centre.limit is not None and centre.limit.overflow is not None:
        what = "a full centre cannot overflow: it is as full wherever the work goes"
        (place / "limit" / "overflow").note(what, "write 'divert', or leave it out to refuse", key=True)
    made = Plan(
        version="",
        centre_id=CentreId(written.centre_id),
        channels=channels(centre, place, names),
        sections=tuple(
            section_of(name, section, spot, centre, names) for name, spot, section in written.sections
        ),
        pools=tuple(_pool(name, pool, place / "pools" / name, names) for name, pool in centre.pools.items()),
        agents=tuple(_agent(name, agent, spot, names) for name, spot, agent in written.agents),
        order=centre.order,
        selection=centre.selection,
        seed=centre.seed,
        presence_ttl_ms=centre.presence_ttl,
        hop_limit=centre.hop_limit,
        check_every_ms=centre.check_every,
        remember_ms=centre.remember,
        estimates=_estimates(centre.estimates),
        limit=limit(centre.limit, place / "limit", names, look_up=False),
        handled_window_ms=centre.handled_window,
        customer_memory_ms=centre.customer_memory.for_,
        customer_memory_max=centre.customer_memory.most,
        calendars=calendars(centre, place / "calendars", names),
        successors=tuple(_successors(centre.successors, place / "successors", names)),
    )
    return with_version(made)


def _estimates(written: bool | EstimatesMap) -> EstimateRules | None:
    if isinstance(written, bool):
        return EstimateRules() if written else None
    return EstimateRules(
        window_ms=written.window, least_services=written.least_services, announce=written.announce
    )


def _successors(written: dict[str, str], place: Place, names: Names) -> Iterator[tuple[QueueId, QueueId]]:
    for old, new in written.items():
        if old in names.queues:
            what = f"queue {shown(old)!r} is still there and needs no successor"
            (place / old).note(what, "remove the line", key=True)
        queue = names.queue_or_section(new, place / old)
        if queue is not None:
            yield QueueId(old), QueueId(queue)


# ── agents and pools ─────────────────────────────────────────────────────────────────────────────────────────────


def _skills(written: dict[str, int], place: Place, names: Names) -> tuple[Skill, ...]:
    for name in written:
        names.skill(name, place / name, key=True)
    return tuple(Skill(name=SkillName(name), level=level) for name, level in written.items())


def _agent(name: str, written: AgentMap, place: Place, names: Names) -> Agent:
    unique(written.channels or [], place / "channels")
    for index, channel in enumerate(written.channels or ()):
        names.channel(channel, place / "channels" / index)
    for field_name, by_channel in (("channel-max", written.channel_max), ("costs", written.costs)):
        for channel in by_channel:
            names.channel(channel, place / field_name / channel, key=True)
    channel_keys(written.wrap_up, place / "wrap-up", names)
    if written.shift is not None:
        known("calendar", written.shift, names.calendars, place / "shift")
    if written.rate is not None and written.kind != "automated":
        (place / "rate").note(
            "a rate limit is for automated agents only", "write 'kind: automated', or remove it", key=True
        )
    own = ((channel, wrap_up(channel, written.wrap_up)) for channel in names.channels)
    return Agent(
        agent_id=AgentId(name),
        name=written.name or "",
        kind=written.kind,
        skills=_skills(written.skills, place / "skills", names),
        tags=tuple(written.tags.items()),
        capacity=written.capacity,
        channels=tuple(ChannelId(channel) for channel in written.channels or ()),
        costs=tuple((ChannelId(channel), cost) for channel, cost in written.costs.items()),
        channel_max=tuple((ChannelId(channel), most) for channel, most in written.channel_max.items()),
        wrap_up=tuple((ChannelId(channel), rule) for channel, rule in own if rule is not None),
        speed=written.speed if isinstance(written.speed, int) else NORMAL_SPEED,
        speeds=_speeds(written.speed, place / "speed", names),
        queue_levels=queue_levels(written, place, names),
        rate=rate_of(written.rate),
        shift=written.shift,
    )


def _speeds(written: int | dict[str, int], place: Place, names: Names) -> tuple[tuple[ChannelId, int], ...]:
    if isinstance(written, int):
        return ()
    for channel in written:
        names.channel(channel, place / channel, key=True)
    return tuple((ChannelId(channel), speed) for channel, speed in written.items())


def _pool(name: str, written: PoolMap, place: Place, names: Names) -> Pool:
    unique(written.members, place / "members")
    for index, member in enumerate(written.members):
        names.agent(member, place / "members" / index)
    return Pool(
        pool_id=PoolId(name),
        skills=_skills(written.skills, place / "skills", names),
        tags=tuple(written.tags.items()),
        kind=written.kind,
        members=tuple(AgentId(member) for member in written.members),
        queue_levels=queue_levels(written, place, names),
    )


# ── the version ──────────────────────────────────────────────────────────────────────────────────────────────────


def with_version(made: Plan) -> Plan:
    """Return the plan with its version: twelve hex digits of the SHA-256 of its content, whatever the layout was."""
    text = json.dumps(_canonical(replace(made, version="")), ensure_ascii=False, separators=(",", ":"))
    return replace(made, version=hashlib.sha256(text.encode()).hexdigest()[:12])


def _canonical(value: object) -> object:
    """Return plain lists and texts; what has its default is left out, so that new fields change no version."""
    if isinstance(value, tuple):
        return [_canonical(part) for part in value]
    if is_dataclass(value):
        content: list[object] = [type(value).__name__]
        for name, default in _defaults(value.__class__):
            part = getattr(value, name)
            if part != default:
                content.append([name, _canonical(part)])
        return content
    return value


@cache
def _defaults(kind: Any) -> tuple[tuple[str, object], ...]:
    return tuple((part.name, part.default) for part in fields(kind))
