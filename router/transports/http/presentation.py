"""The engine's state as the views of ``agents.views``. Reads, never changes."""

from __future__ import annotations

from datetime import datetime

from agents import views, wire
from router.core.centre import Centre
from router.core.demand import QueueState, SectionState
from router.core.eligibility import NOBODY, open_tiers, tier_of
from router.core.estimated import Estimate
from router.core.explain import Explanation
from router.core.explanation import Taken
from router.core.preview import Preview
from router.core.queueing import elapsed
from router.core.records import AgentState, Interaction
from router.core.requirement import describe
from router.core.supply import Profile
from router.core.time_to_live import runs_out_at
from router.transports.http.waits import Waits


def interaction_view(centre: Centre, interaction: Interaction) -> views.Interaction:
    """Return the interaction as it is now."""
    arrival = interaction.arrival
    owner = interaction.owner
    is_open = interaction.state in {"queued", "offered", "assigned"}
    if interaction.state in {"queued", "offered"} and interaction.waiting_since is not None:
        wait_ms = max(centre.now - interaction.waiting_since, 0)
    else:
        wait_ms = interaction.waited_ms
    asked = interaction.asked
    if interaction.state == "ended":
        requirement = describe(asked.tree)
    else:
        requirement = describe(asked.need(elapsed(centre, interaction), interaction.relaxations).tree)
    return views.Interaction(
        interaction_id=interaction.id,
        section=interaction.queue.section_id,
        queue=interaction.queue.queue_id,
        channel=arrival.channel,
        state=interaction.state,
        answer=interaction.answer,
        priority=interaction.priority,
        requirement=requirement,
        attributes=dict(arrival.attributes),
        customer=arrival.customer,
        queued_at=wire.moment(interaction.queued_at) if is_open else None,
        wait_ms=wait_ms,
        due_at=None if arrival.due_at is None else wire.moment(arrival.due_at),
        not_before=None if arrival.not_before is None else wire.moment(arrival.not_before),
        expires_at=_expiry(interaction),
        preferred=list(arrival.preferred),
        agent_id=None if owner is None else owner.agent.id,
        offer_id=owner.offer_id if owner is not None and interaction.state == "offered" else None,
        ended_how=interaction.ended_how,
        ended_at=None if interaction.state != "ended" else wire.moment(interaction.ended_at),
    )


def _expiry(interaction: Interaction) -> datetime | None:
    at = runs_out_at(interaction) if interaction.state in ("scheduled", "queued", "offered") else None
    return None if at is None else wire.moment(at)


def agent_view(agent: AgentState) -> views.Agent:
    """Return the agent in one line."""
    offers = sum(holding.state == "offered" for holding in agent.holdings)
    return views.Agent(
        agent_id=agent.id,
        name=agent.spec.name,
        kind=agent.spec.kind,
        presence=agent.presence,
        reason=agent.reason,
        is_paused=agent.paused_until is not None,
        units=agent.units,
        capacity=agent.profile.capacity,
        offers=offers,
        work=len(agent.holdings) - offers,
    )


class Staff:
    """How many agents of each profile are signed in, and ready, counted once for as many queues as are asked about."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._counts: list[tuple[Profile, int, int]] = []
        for profile in centre.profiles:
            if profile.signed_in:
                ready = sum(
                    agent.presence == "ready" and agent.paused_until is None
                    for agent in profile.agents.values()
                )
                self._counts.append((profile, profile.signed_in, ready))

    def of(self, queue: QueueState) -> tuple[int, int]:
        """Return how many agents in open pools meet what the queue asks at first: signed in, and ready."""
        tiers = open_tiers(self._centre, queue, ())
        need = queue.asked.need(0, ()).generic
        signed_in = ready = 0
        for profile, there, free in self._counts:
            if tier_of(tiers, profile) is None or not need.meets(
                profile.levels, profile.tags, profile.pools, NOBODY
            ):
                continue
            signed_in += there
            ready += free
        return signed_in, ready


def queue_view(centre: Centre, queue: QueueState, waits: Waits, staff: Staff) -> views.Queue:
    """Return the queue as it is now."""
    signed_in, ready = staff.of(queue)
    return views.Queue(
        queue_id=queue.queue_id,
        section=queue.section_id,
        priority=queue.priority,
        requirement=describe(queue.asked.tree),
        answer_within_ms=queue.plan.answer_within_ms,
        waiting=queue.waiting,
        offered=max(0, waits.count(queue.queue_id) - queue.waiting),
        longest_wait_ms=waits.longest_ms(queue.queue_id, centre.now),
        agents_signed_in=signed_in,
        agents_ready=ready,
    )


def section_view(centre: Centre, section: SectionState, waits: Waits) -> views.Section:
    """Return the section as it is now."""
    queues = [queue.queue_id for queue in section.plan.queues]
    return views.Section(
        section_id=section.plan.section_id,
        default_queue=section.plan.default_queue,
        queues=list(queues),
        waiting=section.waiting,
        offered=max(0, sum(map(waits.count, queues)) - section.waiting),
        longest_wait_ms=max((waits.longest_ms(queue, centre.now) for queue in queues), default=0),
    )


def explanation_view(explanation: Explanation) -> views.Explanation:
    """Return the explanation."""
    change = explanation.next_change_at
    return views.Explanation(
        summary=explanation.summary,
        interaction_id=explanation.interaction_id,
        at=wire.moment(explanation.at),
        plan_version=explanation.plan_version,
        state=explanation.state,
        queue=explanation.queue,
        requirement=explanation.requirement,
        verdicts=[
            views.Verdict(
                agent_id=each.agent_id, code=each.code, detail=each.detail, tier=each.tier, score=each.score
            )
            for each in explanation.verdicts
        ],
        chosen=explanation.chosen,
        also=list(explanation.also),
        decision=explanation.decision,
        choice=explanation.choice,
        decided_by=explanation.decided_by,
        taken=None if explanation.taken is None else _taken_view(explanation.taken),
        missing=list(explanation.missing),
        unmet=list(explanation.unmet),
        next_change_at=None if change is None else wire.moment(change),
        position=explanation.position,
        is_closed=explanation.is_closed,
        opens_at=None if explanation.opens_at is None else wire.moment(explanation.opens_at),
    )


def estimate_view(found: Estimate) -> views.Estimate:
    """Return the estimate."""
    turned_out = found.calibration
    return views.Estimate(
        at=wire.moment(found.at),
        queue=found.queue,
        channel=found.channel,
        position=found.position,
        method=found.method,
        why=found.why,
        p50_ms=found.p50_ms,
        p90_ms=found.p90_ms,
        queues=list(found.queues),
        services=found.services,
        mean_work_ms=found.mean_work_ms,
        patience_ms=found.patience_ms,
        quotes_known=turned_out.of_90,
        within_p50=round(turned_out.within_50 / turned_out.of_50, 3) if turned_out.of_50 else None,
        within_p90=round(turned_out.within_90 / turned_out.of_90, 3) if turned_out.of_90 else None,
    )


def _taken_view(taken: Taken) -> views.Taken:
    return views.Taken(
        selection=taken.selection,
        level=taken.level,
        compared=taken.compared,
        instead_of=[
            views.LeftWaiting(
                interaction_id=left.interaction_id,
                queue=left.queue,
                level=left.level,
                compared=left.compared,
            )
            for left in taken.instead_of
        ],
    )


def preview_view(preview: Preview) -> views.Preview:
    """Return the preview."""
    explanation = preview.explanation
    return views.Preview(
        answer=preview.answer,
        reason=preview.reason,
        section=preview.section,
        queue=preview.queue,
        overflowed=list(preview.overflowed),
        rule=preview.rule,
        priority=preview.priority,
        connects=preview.connects,
        step=preview.step,
        explanation=None if explanation is None else explanation_view(explanation),
    )
