"""Figures from facts: what each counts, said with facts whose result can be worked out by hand, and balances on real runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.model import AgentId, Pool, PoolId, Skill, SkillName
from agents.presence import Presence
from router.config import load
from router.core.facts import (
    NO_OFFER,
    AssignmentClosed,
    Fact,
    InteractionAssigned,
    InteractionEnd,
    InteractionEnded,
    InteractionMoved,
    InteractionPassedOn,
    InteractionQueued,
    MoveCause,
    OfferEnd,
    OfferEnded,
    PresenceChanged,
    QueueCause,
    StepTaken,
)
from router.core.names import CentreId, ChannelId, InteractionId, OfferId, QueueId, SectionId
from router.core.plan import Channel, Plan, Queue, Section
from router.harness import scenarios
from router.harness.run import Job, run_once
from router.telemetry.figures import NAMED_SERVICE_LEVEL, SERVICE_LEVELS, CentreFigures, Flow
from router.telemetry.kpis import Kpis
from tests.core.builders import an_agent

ROOT = Path(__file__).parents[2]
VOICE = ChannelId("voice")
A, B, C = QueueId("a"), QueueId("b"), QueueId("c")
ONE, TWO = SectionId("one"), SectionId("two")
OF = {A: ONE, B: ONE, C: TWO}


def a_plan() -> Plan:
    """Queues a and b in section one, c in section two; ana knows french, ben does not; pools for both and for all."""
    sections = tuple(
        Section(
            section_id=section,
            queues=tuple(
                Queue(queue_id=queue, section_id=section, answer_within_ms=20)
                for queue in OF
                if OF[queue] == section
            ),
            default_queue=A if section == ONE else C,
        )
        for section in (ONE, TWO)
    )
    return Plan(
        version="1",
        centre_id=CentreId("centre"),
        channels=(Channel(channel_id=VOICE),),
        sections=sections,
        pools=(
            Pool(pool_id=PoolId("all")),
            Pool(pool_id=PoolId("french"), skills=(Skill(name=SkillName("french")),)),
        ),
        agents=(an_agent("ana", french=5), an_agent("ben")),
    )


def queued(at: int, name: str, queue: QueueId = A, cause: QueueCause = "arrived") -> Fact:
    return InteractionQueued(at, InteractionId(name), OF[queue], queue, VOICE, 0, at, False, cause, "")


def assigned(
    at: int, name: str, wait_ms: int, agent: str = "ana", queue: QueueId = A, offer: int = 0
) -> Fact:
    offer_id = OfferId(offer) if offer else NO_OFFER
    return InteractionAssigned(
        at, 1, offer_id, InteractionId(name), AgentId(agent), queue, 1, 0, "longest-idle", wait_ms
    )


def ended(
    at: int,
    name: str,
    how: InteractionEnd = "completed",
    wait_ms: int = 0,
    agent: str | None = None,
    queue: QueueId = A,
) -> Fact:
    agent_id = None if agent is None else AgentId(agent)
    return InteractionEnded(at, InteractionId(name), OF[queue], queue, how, "", agent_id, wait_ms)


def closed(
    at: int, name: str, agent: str = "ana", queue: QueueId = A, connected_ms: int = 0, wrap_up_ms: int = 0
) -> Fact:
    return AssignmentClosed(at, InteractionId(name), AgentId(agent), queue, connected_ms, wrap_up_ms)


def moved(at: int, name: str, source: QueueId, target: QueueId, cause: MoveCause = "ladder") -> Fact:
    return InteractionMoved(at, InteractionId(name), source, target, cause)


def presence(at: int, agent: str, now: Presence, before: Presence = "offline") -> Fact:
    return PresenceChanged(at, AgentId(agent), before, now, "")


def offer(at: int, name: str, how: OfferEnd) -> Fact:
    return OfferEnded(at, OfferId(1), InteractionId(name), AgentId("ana"), how, "")


def figures(*facts: Fact, at: int = 100) -> CentreFigures:
    kpis = Kpis(a_plan(), short_abandon_ms=5)
    kpis.take(facts)
    return kpis.figures(at)


def row(found: CentreFigures, queue: QueueId = A) -> Flow:
    return next(each.flow for section in found.sections for each in section.queues if each.queue_id == queue)


def check_balance(flow: Flow) -> None:
    """Every wait that began or came in ended in one way, went on, or goes on."""
    came = flow.offered + flow.moved_in
    gone = flow.answered + flow.abandoned + flow.diverted + flow.refused + flow.expired + flow.cancelled
    assert came == gone + flow.moved_out + flow.waiting


def check_all(found: CentreFigures) -> None:
    check_balance(found.flow)
    for section in found.sections:
        check_balance(section.flow)
        for queue in section.queues:
            check_balance(queue.flow)


def test_waits_end_in_one_way() -> None:
    """Answered, abandoned, diverted, expired, cancelled, refused, still waiting: each once."""
    found = figures(
        *(queued(0, f"call-{number}") for number in range(6)),
        assigned(10, "call-0", 10),
        ended(12, "call-1", "abandoned", 12),
        ended(13, "call-2", "diverted", 13),
        ended(14, "call-3", "expired", 14),
        ended(15, "call-4", "cancelled", 15),
        ended(16, "call-6", "refused"),
        ended(17, "call-7", "diverted"),
    )
    flow = row(found)
    assert (flow.arrived, flow.offered, flow.answered, flow.abandoned) == (8, 8, 1, 1)
    assert (flow.diverted, flow.expired, flow.cancelled, flow.refused, flow.waiting) == (2, 1, 1, 1, 1)
    check_all(found)


def test_service_levels_by_formula() -> None:
    """Each formula gives the share it names; ten waits, target 20 ms, short abandons up to 5 ms."""
    waits = (0, 10, 20, 21, 30, 40)
    leaves = (3, 5, 20, 50)
    facts = [queued(0, f"call-{number}") for number in range(11)]
    facts += [assigned(ms, f"call-{number}", ms) for number, ms in enumerate(waits)]
    facts += [ended(ms, f"call-{number}", "abandoned", ms) for number, ms in enumerate(leaves, start=6)]
    flow = row(figures(*facts))
    assert (flow.answered_within, flow.abandoned_within, flow.short_abandoned) == (3, 3, 2)
    assert list(flow.service_levels().values()) == [3 / 11, 3 / 6, 3 / 10, 6 / 10, 3 / 8]
    assert list(flow.service_levels()) == list(SERVICE_LEVELS)
    assert NAMED_SERVICE_LEVEL in SERVICE_LEVELS
    assert flow.asa_ms == pytest.approx(121 / 6)
    assert flow.abandonment == pytest.approx(4 / 11)


def test_nothing_gives_no_shares() -> None:
    """An empty centre has zeros for counts and None for shares."""
    found = figures()
    assert set(found.flow.service_levels().values()) == {None}
    assert (found.flow.asa_ms, found.flow.abandonment, found.flow.aht_ms) == (None, None, None)
    assert (found.everybody.occupancy, found.everybody.utilization) == (None, None)


def test_offers_that_come_to_nothing_count_no_wait_twice() -> None:
    """An interaction that is offered three times is offered to the centre once."""
    found = figures(
        queued(0, "call-1"),
        offer(10, "call-1", "expired"),
        offer(20, "call-1", "declined"),
        offer(30, "call-1", "accepted"),
        assigned(30, "call-1", 30, offer=3),
    )
    flow = row(found)
    assert (flow.offered, flow.answered, flow.waits.mean_ms) == (1, 1, 30)
    offers = flow.offers
    assert (offers.accepted, offers.declined, offers.unanswered, offers.direct) == (1, 1, 1, 0)


def test_transfers_begin_a_wait_of_their_own() -> None:
    """A transferred interaction arrived once, and was offered and answered twice."""
    found = figures(
        queued(0, "call-1"),
        assigned(5, "call-1", 5),
        InteractionPassedOn(20, InteractionId("call-1"), AgentId("ana"), A, C, True, False),
        closed(20, "call-1", connected_ms=15),
        queued(20, "call-1", C, "transferred"),
        assigned(50, "call-1", 30, "ben", C),
        ended(60, "call-1", agent="ben", queue=C, wait_ms=30),
        closed(60, "call-1", "ben", C, connected_ms=10),
    )
    assert (found.flow.arrived, found.flow.transferred_in, found.flow.offered, found.flow.answered) == (
        1,
        1,
        2,
        2,
    )
    assert (row(found, C).transferred_in, row(found, C).arrived) == (1, 0)
    assert found.completed == 1
    check_all(found)


def test_moves_leave_one_row_and_enter_another() -> None:
    """A move inside a section shows in its queues only, one between sections in both sections, none in the centre."""
    found = figures(
        queued(0, "call-1", A),
        moved(10, "call-1", A, B),
        moved(30, "call-1", B, C),
        assigned(40, "call-1", 40, queue=C),
        moved(50, "call-2", A, B, "overflow"),  # on its way in
        queued(50, "call-2", B),
    )
    assert (
        row(found, A).moved_out,
        row(found, B).moved_in,
        row(found, B).moved_out,
        row(found, C).moved_in,
    ) == (1, 1, 1, 1)
    one, two = found.sections
    assert (one.flow.moved_in, one.flow.moved_out, two.flow.moved_in, two.flow.moved_out) == (0, 1, 1, 0)
    assert (found.flow.moved_in, found.flow.moved_out) == (0, 0)
    assert row(found, A).mean_waiting == pytest.approx(10 / 100)
    assert row(found, B).mean_waiting == pytest.approx((20 + 50) / 100)
    check_all(found)


def test_use_of_agents_and_pools() -> None:
    """Occupancy is busy ÷ (busy + ready and not busy): work of an agent that is not ready counts as busy, ringing as idle."""
    found = figures(
        presence(0, "ana", "ready"),
        presence(0, "ben", "not-ready"),
        queued(10, "call-1"),
        assigned(10, "call-1", 0),
        queued(20, "call-2"),
        assigned(20, "call-2", 0),
        presence(30, "ana", "draining", "ready"),
        closed(40, "call-1", connected_ms=30),
        closed(60, "call-2", connected_ms=35, wrap_up_ms=5),
        presence(60, "ana", "offline", "draining"),
        presence(80, "ben", "ready", "not-ready"),
    )
    ana = dict(found.agents)[AgentId("ana")]
    assert (ana.busy_ms, ana.idle_ms, ana.signed_in_ms, ana.answered) == (50, 10, 60, 2)
    assert ana.occupancy == pytest.approx(50 / 60)
    pools = dict(found.pools)
    assert (
        pools[PoolId("all")].busy_ms,
        pools[PoolId("all")].idle_ms,
        pools[PoolId("all")].signed_in_ms,
    ) == (50, 30, 160)
    assert pools[PoolId("french")] == ana
    assert (row(found).handled, row(found).aht_ms, row(found).wrap_up_ms) == (2, 35, 5)
    matches = dict(found.sections[0].queues[0].matches)
    assert matches == {"all": 2, "french": 2}


def test_start_forgets_what_was_and_keeps_what_is() -> None:
    """After a warm-up, waits that began before it count nowhere, and time is measured from it."""
    kpis = Kpis(a_plan())
    kpis.take(
        [
            presence(0, "ana", "ready"),
            queued(0, "old-1"),
            queued(0, "old-2"),
            queued(0, "old-3"),
            assigned(10, "old-1", 10),
        ]
    )
    kpis.start(50)
    kpis.take(
        [
            queued(60, "new-1"),
            closed(70, "old-1", connected_ms=60),
            assigned(70, "old-2", 70),
            moved(80, "old-3", A, B),
            closed(80, "old-2", connected_ms=10),
            assigned(80, "new-1", 20),
            ended(90, "old-3", "abandoned", 90, queue=B),
        ]
    )
    found = kpis.figures(100)
    flow = row(found)
    assert (found.since_ms, flow.offered, flow.answered, flow.abandoned, flow.waiting) == (50, 1, 1, 0, 0)
    assert flow.waits.mean_ms == 20
    assert (row(found, B).moved_in, row(found, B).abandoned) == (0, 0)
    assert flow.mean_waiting == pytest.approx((20 + 30 + 20) / 50)
    assert row(found, B).mean_waiting == pytest.approx(10 / 50)
    ana = dict(found.agents)[AgentId("ana")]
    assert (ana.busy_ms, ana.idle_ms) == (50, 0)
    check_all(found)


def test_close_ends_averages_but_not_waits() -> None:
    """Waits that began before the close count when they end; those that begin later don't; time has ended."""
    kpis = Kpis(a_plan())
    kpis.take([presence(0, "ana", "ready"), queued(0, "call-1"), queued(40, "call-2")])
    kpis.close(50)
    kpis.take(
        [
            assigned(80, "call-1", 80),
            queued(85, "late"),
            closed(90, "call-1", connected_ms=10),
            assigned(90, "late", 5),
        ]
    )
    found = kpis.figures(100)
    flow = row(found)
    assert (found.until_ms, flow.offered, flow.answered, flow.waiting, flow.handled) == (50, 2, 1, 1, 0)
    assert flow.mean_waiting == pytest.approx((50 + 10) / 50)
    assert dict(found.agents)[AgentId("ana")].idle_ms == 50
    check_all(found)


def test_steps_and_work_called_off() -> None:
    """Ladder steps count in their queue; scheduled work that was called off never waited."""
    found = figures(
        StepTaken(5, InteractionId("call-1"), A, "after-5", False),
        ended(9, "later-1", "cancelled"),
        ended(9, "later-2", "abandoned"),
    )
    assert (row(found).steps_taken, found.ended_otherwise, found.flow.offered) == (1, 2, 0)


def test_a_new_plan_adds_its_queues_and_agents() -> None:
    """Figures go on over a reload; queues, pools and agents of the new plan are known from then on."""
    plan = a_plan()
    kpis = Kpis(
        Plan(version="0", centre_id=plan.centre_id, channels=plan.channels, sections=plan.sections[1:])
    )
    kpis.take([queued(0, "call-1", C)])
    kpis.adopt(plan)
    kpis.take([presence(0, "ana", "ready"), moved(10, "call-1", C, A, "plan"), assigned(20, "call-1", 20)])
    found = kpis.figures(100)
    assert (row(found, C).moved_out, row(found, A).answered) == (1, 1)
    check_all(found)


@pytest.mark.parametrize("name", scenarios.names(ROOT / "configs" / "quickstart"))
def test_books_balance_on_the_quickstart(name: str) -> None:
    """In every row of a real run what came is what went; sections and queues add up to the centre."""
    centre = ROOT / "configs" / "quickstart"
    plan = load(centre)
    loaded = scenarios.load(scenarios.find(centre, name), plan)
    found = run_once(Job(plan=plan, scenario=loaded.scenario), 11).figures
    check_all(found)
    assert found.flow.offered > 100
    for part in (
        "offered",
        "answered",
        "abandoned",
        "diverted",
        "refused",
        "expired",
        "cancelled",
        "waiting",
    ):
        assert getattr(found.flow, part) == sum(getattr(section.flow, part) for section in found.sections)
    assert found.everybody.answered == found.flow.answered
    if not found.flow.diverted:
        # Little's law: the answered and the abandoned are all who waited.
        waited = sum(
            (each.mean_ms or 0.0) * each.count for each in (found.flow.waits, found.flow.abandoned_after)
        )
        assert found.flow.mean_waiting == pytest.approx(waited / (found.until_ms - found.since_ms), rel=0.2)
