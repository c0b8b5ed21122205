"""The reference router on small examples that were worked out by hand from docs/semantics.md."""

from __future__ import annotations

import pytest

from agents.model import Agent, Pool, Skill, WrapUp
from router.core.facts import (
    InteractionAssigned,
    InteractionEnded,
    InteractionMoved,
    InteractionQueued,
    OfferEnded,
    OfferMade,
    PoolsOpened,
    PresenceChanged,
    PriorityRaised,
    RefusalsCleared,
    RequirementRelaxed,
    StepTaken,
    WorkResumed,
    WorkSuspended,
    WrapUpStarted,
)
from router.core.names import (
    AgentId,
    CentreId,
    ChannelId,
    InteractionId,
    OfferId,
    PoolId,
    QueueId,
    SectionId,
    SkillName,
)
from router.core.outcome import Outcome
from router.core.plan import (
    After,
    Channel,
    EndWith,
    MoveTo,
    OfferRules,
    Plan,
    Queue,
    QueueLength,
    RaisePriority,
    Relax,
    Section,
    Step,
    WidenTo,
)
from router.core.requirement import NO_REQUIREMENT, All, Any, Not, Requirement, SkillTerm
from router.core.signals import (
    AgentSignedIn,
    InteractionArrived,
    InteractionTransferred,
    OfferAccepted,
    OfferDeclined,
    Signal,
    WorkFinished,
)
from router.errors import SignalError
from tests.oracle.reference import ReferenceRouter
from tests.oracle.reference_matching import draw
from tests.oracle.reference_requirement import Reading, is_met, wanted_skills

VOICE, CHAT = ChannelId("voice"), ChannelId("chat")
CARE, SALES = SectionId("care"), SectionId("sales")
FRENCH, TECH = SkillName("french"), SkillName("tech")


def an_agent(name: str, **skills: int) -> Agent:
    return Agent(
        agent_id=AgentId(name),
        skills=tuple(Skill(name=SkillName(skill), level=level) for skill, level in skills.items()),
    )


def a_queue(name: str = "care", section: SectionId = CARE, **changes: object) -> Queue:
    return Queue(queue_id=QueueId(name), section_id=section, **changes)  # type: ignore[arg-type]


def a_router(
    *agents: Agent,
    queues: tuple[Queue, ...] = (),
    pools: tuple[Pool, ...] = (),
    rules: OfferRules | None = None,
    wrap_up: WrapUp | None = None,
    order: str = "age-offset",
) -> ReferenceRouter:
    rules, wrap_up = rules or OfferRules(), wrap_up or WrapUp()
    channels = (Channel(channel_id=VOICE), Channel(channel_id=CHAT, cost=33, interruptible_by=(VOICE,)))
    queues = queues or (a_queue(),)
    section = Section(
        section_id=CARE,
        queues=queues,
        default_queue=queues[0].queue_id,
        offers=((VOICE, rules), (CHAT, rules)),
        wrap_up=((VOICE, wrap_up), (CHAT, wrap_up)),
    )
    return ReferenceRouter(
        Plan(
            version="v1",
            centre_id=CentreId("c"),
            channels=channels,
            sections=(section,),
            pools=pools,
            agents=agents,
            order=order,
        )
    )


def call(name: str, **changes: object) -> InteractionArrived:
    return InteractionArrived(InteractionId(name), CARE, VOICE)._replace(**changes)  # type: ignore[arg-type]


def told(router: ReferenceRouter, signal: Signal, at: int, *kinds: type) -> list[object]:
    """The facts of these kinds that the signal brings."""
    return only(router.handle(signal, at), *kinds)


def only(outcome: Outcome, *kinds: type) -> list[object]:
    return [fact for fact in outcome.facts if not kinds or type(fact) in kinds]


def sign_in(router: ReferenceRouter, *names: str, at: int = 0) -> None:
    for name in names:
        router.handle(AgentSignedIn(AgentId(name)), at)


# ── order and choice ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_point_of_priority_is_a_head_start_of_one_minute() -> None:
    """§4: rank = queued_at − priority × ms_per_point; the number breaks the tie."""
    router = a_router(an_agent("ana"))
    router.handle(call("old"), 0)
    router.handle(call("tied", priority=1), 60_000)
    router.handle(call("urgent", priority=2), 60_000)
    (offer,) = told(router, AgentSignedIn(AgentId("ana")), 60_000, OfferMade)
    assert isinstance(offer, OfferMade)
    assert offer.interaction_id == "urgent"


def test_work_that_nobody_can_take_holds_nothing_back() -> None:
    """§5: every agent names the first work that *it* can take."""
    router = a_router(an_agent("ana"))
    router.handle(call("hard", requirement=SkillTerm(skill=FRENCH)), 0)
    router.handle(call("easy"), 1)
    (offer,) = told(router, AgentSignedIn(AgentId("ana")), 2, OfferMade)
    assert isinstance(offer, OfferMade)
    assert offer.interaction_id == "easy"


def test_the_tier_goes_before_the_score_and_the_score_before_idleness() -> None:
    """§5: smallest tier, largest score, dynamic policy."""
    first, second = PoolId("first"), PoolId("second")
    pools = (
        Pool(pool_id=first, members=(AgentId("bob"), AgentId("cid"))),
        Pool(pool_id=second, members=(AgentId("ana"),)),
    )
    queue = a_queue(tiers=((first,), (second,)), skip_empty=False, score=(("most-skilled", 1000),))
    router = a_router(
        an_agent("ana", french=9), an_agent("bob"), an_agent("cid", french=1), queues=(queue,), pools=pools
    )
    sign_in(router, "ana", "bob", "cid")
    (offer,) = told(router, call("i"), 1, OfferMade)
    assert isinstance(offer, OfferMade)
    assert (offer.agent_id, offer.tier, offer.score) == ("cid", 1, 100 * 1000)


def test_random_draws_are_those_of_splitmix64() -> None:
    """§5: the first outputs of splitmix64 seeded with 1234567 (its published test vector)."""
    vector = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert vector == [draw(1234567, decision) for decision in (1, 2, 3)]


# ── requirements ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tree", "elapsed", "relaxations", "expected"),
    [
        (SkillTerm(skill=TECH, op="!=", level=3), 0, (), False),
        (Not(of=SkillTerm(skill=TECH)), 0, (), True),
        (NO_REQUIREMENT, 0, (), True),
        (Any(of=(SkillTerm(skill=FRENCH, level=2, opens_ms=1000),)), 999, (), False),
        (Any(of=(SkillTerm(skill=FRENCH, level=2, opens_ms=1000),)), 1000, (), True),
        (All(of=(SkillTerm(skill=TECH, expires_ms=1000),)), 999, (), False),
        (All(of=(SkillTerm(skill=TECH, expires_ms=1000),)), 1000, (), True),
        (SkillTerm(skill=TECH), 0, (Relax(skill=TECH),), True),
        (SkillTerm(skill=TECH), 0, (Relax(skill=TECH, to=1),), False),
        (Not(of=SkillTerm(skill=FRENCH)), 0, (Relax(skill=FRENCH),), False),
        (SkillTerm(skill=FRENCH, op=">", level=3), 0, (Relax(skill=FRENCH, to=4),), False),
        (SkillTerm(skill=FRENCH, op=">", level=3), 0, (Relax(skill=FRENCH, to=3),), True),
        (SkillTerm(skill=FRENCH, op="==", level=4), 0, (Relax(skill=FRENCH, to=1),), False),
    ],
)
def test_requirements(
    tree: Requirement, elapsed: int, relaxations: tuple[Relax, ...], expected: bool
) -> None:
    """§3, for an agent with french 3 and nothing else."""
    assert expected == is_met(tree, an_agent("ana", french=3), Reading(elapsed, relaxations, ()))


def test_wanted_skills_are_asked_for_and_count_now() -> None:
    """§3: un-negated, unweighted, with `>=`, `>` or `==`, not expired, not relaxed away."""
    tree = All(
        of=(
            SkillTerm(skill=SkillName("a")),
            SkillTerm(skill=SkillName("b"), op="<="),
            SkillTerm(skill=SkillName("c"), weight=1000),
            SkillTerm(skill=SkillName("d"), expires_ms=5),
            Not(of=SkillTerm(skill=SkillName("e"))),
            Any(of=(SkillTerm(skill=SkillName("f"), op="=="), SkillTerm(skill=SkillName("g"), opens_ms=6))),
            SkillTerm(skill=SkillName("h")),
        )
    )
    assert wanted_skills(tree, Reading(5, (Relax(skill=SkillName("h")),), ())) == ["a", "f"]


def test_what_time_relaxed_stays_relaxed_when_the_place_starts_anew() -> None:
    """§3: elapsed is never less than it has been for this requirement, and passed times give no second fact."""
    tree = All(of=(SkillTerm(skill=TECH, expires_ms=5000), SkillTerm(skill=FRENCH, expires_ms=20_000)))
    router = a_router(
        an_agent("ana", french=1), an_agent("bob", french=1), rules=OfferRules(auto_answer=True)
    )
    router.handle(call("i", requirement=tree), 0)
    sign_in(router, "ana")
    (relaxed,) = only(router.advance(5000), RequirementRelaxed)
    assert relaxed == RequirementRelaxed(5000, InteractionId("i"), "time", "tech >= 1 until 5s")
    again = InteractionTransferred(InteractionId("i"), AgentId("ana"), keep_place=False)
    assert told(router, again, 6000, RequirementRelaxed) == []
    (assigned,) = told(router, AgentSignedIn(AgentId("bob")), 6000, InteractionAssigned)
    assert isinstance(assigned, InteractionAssigned)
    assert assigned.agent_id == "bob"


# ── offers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_accept_at_the_deadline_is_late() -> None:
    """§1: the deadline fires first; nobody answered, so the agent is not-ready."""
    router = a_router(an_agent("ana"))
    sign_in(router, "ana")
    router.handle(call("i"), 0)
    with pytest.raises(SignalError) as error:
        router.handle(OfferAccepted(OfferId(1), AgentId("ana")), 20_000)
    assert (error.value.code, error.value.state) == ("offer-ended", "expired")
    assert only(router.advance(20_000)) == [
        OfferEnded(20_000, OfferId(1), InteractionId("i"), AgentId("ana"), "expired", ""),
        PresenceChanged(20_000, AgentId("ana"), "ready", "not-ready", "no-answer"),
    ]


def test_when_all_have_declined_the_memory_is_cleared() -> None:
    """§6: the only eligible agent rests, so all may be asked again `all_declined_pause_ms` later."""
    router = a_router(an_agent("ana"))
    sign_in(router, "ana")
    router.handle(call("i"), 0)
    router.handle(OfferDeclined(OfferId(1), AgentId("ana")), 1000)
    assert router.next_deadline() == 6000
    cleared, offer = router.advance(6000).facts
    assert cleared == RefusalsCleared(6000, InteractionId("i"))
    assert isinstance(offer, OfferMade)


# ── agents ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_call_interrupts_chats_newest_first() -> None:
    """§7: 3 chats of 33 and a call of 100: all three must be suspended, and go on when the call ends."""
    router = a_router(an_agent("ana"), rules=OfferRules(auto_answer=True))
    sign_in(router, "ana")
    for name in ("c1", "c2", "c3"):
        router.handle(call(name, channel=CHAT), 0)
    suspended = told(router, call("v"), 1, WorkSuspended)
    assert [(1, name) for name in ("c1", "c2", "c3")] == [
        fact[:2] for fact in suspended if isinstance(fact, WorkSuspended)
    ]
    assert told(router, call("c4", channel=CHAT), 2, InteractionAssigned) == []
    resumed = told(router, WorkFinished(InteractionId("v"), AgentId("ana")), 3, WorkResumed)
    assert len(resumed) == 3


def test_a_section_wrap_up_keeps_only_its_section_away() -> None:
    """§7: scope `section` frees the units, but no work of the section comes meanwhile."""
    wrap_up = WrapUp(kind="timed", limit_ms=5000, scope="section")
    router = a_router(an_agent("ana"), rules=OfferRules(auto_answer=True), wrap_up=wrap_up)
    sign_in(router, "ana")
    router.handle(call("i"), 0)
    (started,) = told(router, WorkFinished(InteractionId("i"), AgentId("ana")), 1000, WrapUpStarted)
    assert started == WrapUpStarted(1000, InteractionId("i"), AgentId("ana"), "section", 6000)
    assert told(router, call("j"), 2000, InteractionAssigned) == []
    (assigned,) = only(router.advance(6000), InteractionAssigned)
    assert isinstance(assigned, InteractionAssigned)
    assert (assigned.interaction_id, assigned.wait_ms) == ("j", 4000)


# ── ladders ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_backdated_arrival_catches_up_on_what_only_helps_it() -> None:
    """§8: the raise runs at once, the move at the ladder's own time with a `StepTaken` of its own."""
    step = Step(
        name="s", trigger=After(ms=3000), operations=(RaisePriority(by=2), MoveTo(queue=QueueId("other")))
    )
    router = a_router(queues=(a_queue(ladder=(step,)), a_queue("other")))
    facts = told(router, call("i", original_arrived_at=6000), 10_000)
    assert [type(fact) for fact in facts] == [InteractionQueued, StepTaken, PriorityRaised]
    assert facts[1] == StepTaken(10_000, InteractionId("i"), QueueId("care"), "s", True)
    facts = only(router.advance(13_000))
    assert [type(fact) for fact in facts] == [StepTaken, InteractionMoved]
    assert facts[0] == StepTaken(13_000, InteractionId("i"), QueueId("care"), "s", False)


def test_while_offered_a_move_waits_and_so_does_what_is_behind_it() -> None:
    """§8: `StepTaken` stands when it was due; the operations run when the offer is declined."""
    pool = PoolId("all")
    ladder = (
        Step(
            name="first",
            trigger=After(ms=1000),
            operations=(RaisePriority(by=1), MoveTo(queue=QueueId("other"))),
        ),
        Step(name="second", trigger=After(ms=2000), operations=(WidenTo(pools=(pool,)),)),
    )
    router = a_router(
        an_agent("ana"), queues=(a_queue(ladder=ladder), a_queue("other")), pools=(Pool(pool_id=pool),)
    )
    sign_in(router, "ana")
    router.handle(call("i"), 0)
    assert [type(fact) for fact in only(router.advance(2000))] == [StepTaken, PriorityRaised, StepTaken]
    facts = told(router, OfferDeclined(OfferId(1), AgentId("ana")), 2500)
    assert [type(fact) for fact in facts] == [OfferEnded, InteractionMoved, PoolsOpened]


def test_an_overflow_takes_the_latest_and_stops_when_the_rest_fits() -> None:
    """§8: level triggers are read from the back of the queue."""
    step = Step(name="s", trigger=QueueLength(above=2), operations=(EndWith(reason="full"),))
    router = a_router(queues=(a_queue(ladder=(step,)),))
    ended = [fact for name in "abcd" for fact in told(router, call(name, priority=0), 0, InteractionEnded)]
    assert [fact.interaction_id for fact in ended if isinstance(fact, InteractionEnded)] == ["c", "d"]
