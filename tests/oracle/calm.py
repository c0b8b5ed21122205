"""Calm centres and plain work: random plans are hardly ever so plain that the engine takes its short ways for the
commonest courses of events (an arrival that brings nothing of its own, a contact without wrap-up); these nearly always are.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from agents.model import WrapUp
from router.core.plan import Plan, Queue, Section
from router.core.requirement import NO_REQUIREMENT, terms
from router.core.signals import InteractionArrived, Signal
from tests.oracle.plan_parts import chance
from tests.oracle.reference_state import State
from tests.oracle.signals import finished, new_id, signed_in


def calmed(plan: Plan, rng: Random) -> Plan:
    """Return the plan with hardly a ladder, limit, intake rule, requirement with a clock or wrap-up; some are left."""
    return replace(
        plan,
        limit=plan.limit if chance(rng, 5) else None,
        sections=tuple(_calmed_section(section, rng) for section in plan.sections),
        agents=tuple(agent if chance(rng, 30) else replace(agent, wrap_up=()) for agent in plan.agents),
    )


def _calmed_section(section: Section, rng: Random) -> Section:
    if chance(rng, 10):
        return section
    return replace(
        section,
        intake=(),
        refuse_unmatched=False,
        limit=section.limit if chance(rng, 10) else None,
        queues=tuple(_calmed_queue(queue, rng) for queue in section.queues),
        offers=tuple(
            (channel, replace(rules, auto_answer=True, broadcast=1) if chance(rng, 70) else rules)
            for channel, rules in section.offers
        ),
        wrap_up=tuple((channel, rule if chance(rng, 25) else WrapUp()) for channel, rule in section.wrap_up),
    )


def _calmed_queue(queue: Queue, rng: Random) -> Queue:
    if chance(rng, 15):
        return queue
    return replace(
        queue,
        ladder=(),
        hours=queue.hours if chance(rng, 10) else None,
        time_to_live_ms=queue.time_to_live_ms if chance(rng, 15) else None,
        limit=queue.limit if chance(rng, 15) else None,
        requirement=NO_REQUIREMENT if len(list(terms(queue.requirement))) > 1 else queue.requirement,
    )


def plain_signal(rng: Random, state: State) -> Signal | None:
    """Draw an arrival that names its queue and brings nothing else, or the end of a contact, or a sign-in."""
    kind = rng.randint(1, 10)
    if kind <= 5:
        section = rng.choice(state.plan.sections)
        return InteractionArrived(
            interaction_id=new_id(state),
            section=section.section_id,
            channel=rng.choice(state.plan.channels).channel_id,
            queue=rng.choice(section.queues).queue_id,
        )
    return finished(rng, state) if kind <= 8 else signed_in(rng, state)
