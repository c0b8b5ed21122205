"""Small plans and engines with good defaults, for tests of the core."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agents.model import Agent, AgentId, Skill, SkillName, WrapUp
from router.core.engine import Engine
from router.core.names import CentreId, ChannelId, InteractionId, QueueId, SectionId
from router.core.plan import Channel, OfferRules, Plan, Queue, Section
from router.core.requirement import SkillTerm
from router.core.signals import InteractionArrived
from router.policies import BUILT_IN

VOICE = ChannelId("voice")
DESK = SectionId("desk")


def an_agent(name: str, *, capacity: int = 100, **skills: int) -> Agent:
    """An agent with these skills, in this order."""
    return Agent(
        agent_id=AgentId(name),
        capacity=capacity,
        skills=tuple(Skill(name=SkillName(skill), level=level) for skill, level in skills.items()),
    )


def skill(name: str, level: int = 1, **when: Any) -> SkillTerm:
    """The term ``name >= level``."""
    return SkillTerm(skill=SkillName(name), level=level, **when)


def a_plan(
    *agents: Agent, offers: OfferRules | None = None, wrap_up: WrapUp | None = None, **queue: Any
) -> Plan:
    """A centre with one section ``desk``, one queue ``desk`` and one channel ``voice``."""
    only = Queue(queue_id=QueueId("desk"), section_id=DESK, **queue)
    section = Section(
        section_id=DESK,
        queues=(only,),
        default_queue=only.queue_id,
        offers=((VOICE, offers or OfferRules()),),
        wrap_up=((VOICE, wrap_up or WrapUp()),),
    )
    return Plan(
        version="v1",
        centre_id=CentreId("centre"),
        channels=(Channel(channel_id=VOICE, hold_ms=None),),
        sections=(section,),
        agents=agents,
    )


def with_queue(plan: Plan, **changes: Any) -> Plan:
    """The plan with its one queue changed, as version v2."""
    section = plan.sections[0]
    queue = replace(section.queues[0], **changes)
    return replace(plan, version="v2", sections=(replace(section, queues=(queue,)),))


def an_engine(plan: Plan) -> Engine:
    """An engine at time 0."""
    return Engine(plan, BUILT_IN)


def a_call(name: str = "call-1", **fields: Any) -> InteractionArrived:
    """A call to the desk."""
    return InteractionArrived(InteractionId(name), DESK, VOICE, **fields)
