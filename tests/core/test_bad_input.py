"""Bad signals: each gets an error with a stable code, a sentence that helps, and an engine that is untouched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.model import AgentId, PoolId
from router.core.engine import Engine
from router.core.names import ChannelId, InteractionId, OfferId, QueueId, SectionId
from router.core.plan import OfferRules
from router.core.requirement import All, Any, Not, PoolTerm, Requirement
from router.core.signals import (
    AgentBecameReady,
    AgentHeartbeat,
    AgentSignedIn,
    AgentSignedOut,
    ConnectFailed,
    InteractionAbandoned,
    InteractionArrived,
    InteractionCompleted,
    InteractionTransferred,
    OfferAccepted,
    OfferDeclined,
    PlanReplaced,
    Signal,
    WorkFinished,
    WrapUpDone,
)
from router.errors import PlanError, SignalError
from tests.core.builders import DESK, VOICE, a_call, a_plan, an_agent, an_engine, skill, with_queue

ANA = AgentId("ana")
BEN = AgentId("ben")


def a_busy_engine() -> Engine:
    """Ana is connected to `with-ana`, offer 2 of `offered` is open at ben, `waiting` waits, `over` has ended; now 1,000."""
    engine = an_engine(a_plan(an_agent("ana"), an_agent("ben"), an_agent("cid")))
    for name in ("ana", "ben"):
        engine.handle(AgentSignedIn(AgentId(name)), 0)
    engine.handle(a_call("with-ana"), 1)
    engine.handle(OfferAccepted(OfferId(1), ANA), 2)
    engine.handle(a_call("offered"), 3)
    engine.handle(a_call("waiting", attributes={"tier": "gold", "age": 3}), 4)
    engine.handle(a_call("over"), 5)
    engine.handle(InteractionAbandoned(InteractionId("over")), 6)
    engine.advance(1_000)
    return engine


def deep(levels: int) -> Requirement:
    """A tree this deep."""
    tree: Requirement = skill("french")
    for _ in range(levels):
        tree = Not(of=tree)
    return tree


def bottomless() -> dict[str, object]:
    """A map deeper than Python writes out."""
    tree: dict[str, object] = {}
    for _ in range(5_000):
        tree = {"a": tree}
    return tree


BAD: list[tuple[Signal, str, str, str]] = [
    (a_call("x" * 10_240), "bad-id", "", "expected 1 to 64 letters, digits or _ . : -"),
    (a_call("a b"), "bad-id", "", "interaction id 'a b'"),
    (a_call("new\n"), "bad-id", "", "interaction id"),
    (a_call("waiting"), "conflict", "", "attributes.age is another"),
    (
        a_call("waiting", attributes={"tier": "gold", "age": 3}, priority=4),
        "conflict",
        "",
        "priority was None, is now 4",
    ),
    (
        InteractionArrived(InteractionId("n"), SectionId("dsk"), VOICE),
        "unknown-section",
        "",
        "did you mean 'desk'?",
    ),
    (
        InteractionArrived(InteractionId("n"), DESK, ChannelId("voise")),
        "unknown-channel",
        "",
        "did you mean 'voice'?",
    ),
    (a_call("n", queue=QueueId("dessk")), "unknown-queue", "", "did you mean 'desk'?"),
    (a_call("n", attributes={f"a{i}": 1 for i in range(65)}), "bad-attributes", "", "65 of them, at most 64"),
    (
        a_call("n", attributes={"a": "x" * 1_025}),
        "bad-attributes",
        "",
        "attributes.a: expected a text of at most 1024",
    ),
    (a_call("n", attributes={"a": {"b": 1}}), "bad-attributes", "", "found {'b': 1}"),
    (
        a_call("n", attributes={"a": bottomless()}),
        "bad-attributes",
        "",
        "type dict that cannot be written out",
    ),
    (a_call("n", attributes={"a": 10**5_000}), "bad-attributes", "", "type int that cannot be written out"),
    (a_call("n", attributes={"a": float("nan")}), "bad-attributes", "", "finite"),
    (a_call("n", attributes={"": 1}), "bad-attributes", "", "1 to 64 characters"),
    (a_call("n", customer="c" * 257), "bad-text", "", "customer"),
    (a_call("n", priority=True), "bad-priority", "", "whole number"),
    (a_call("n", priority=2_000_000), "bad-priority", "", "±1000000"),
    (a_call("n", requirement=skill("french", 11)), "bad-requirement", "", "not in 1..10"),
    (a_call("n", requirement=deep(9)), "bad-requirement", "", "nested deeper than 8"),
    (
        a_call("n", requirement=All(of=tuple(skill(f"s{i}") for i in range(33)))),
        "bad-requirement",
        "",
        "32",
    ),
    (a_call("n", requirement=Any(of=())), "bad-requirement", "", "at least one branch"),
    (
        a_call("n", requirement=PoolTerm(pool=PoolId("gone"))),
        "bad-requirement",
        "",
        "pool 'gone' is not known",
    ),
    (a_call("n", original_arrived_at=1_001), "bad-time", "", "original_arrived_at"),
    (a_call("n", due_at=10**12), "bad-time", "", "due_at"),
    (a_call("n", not_before=-(10**12)), "bad-time", "", "not_before"),
    (InteractionAbandoned(InteractionId("never")), "unknown-interaction", "", "'never'"),
    (InteractionAbandoned(InteractionId("over")), "interaction-ended", "abandoned", "has ended: abandoned"),
    (
        InteractionAbandoned(InteractionId("with-ana")),
        "illegal-state",
        "assigned",
        "completed or cancelled, not abandoned",
    ),
    (InteractionCompleted(InteractionId("waiting")), "illegal-state", "queued", "not assigned"),
    (WorkFinished(InteractionId("with-ana"), AgentId("anna")), "unknown-agent", "", "did you mean 'ana'?"),
    (WorkFinished(InteractionId("with-ana"), BEN), "not-yours", "", "not with agent 'ben'"),
    (WrapUpDone(InteractionId("with-ana"), ANA), "illegal-state", "assigned", "no wrap-up"),
    (
        InteractionTransferred(InteractionId("with-ana"), ANA, QueueId("nowhere")),
        "unknown-queue",
        "",
        "'nowhere'",
    ),
    (
        InteractionTransferred(InteractionId("with-ana"), ANA, to_people=True),
        "not-automated",
        "",
        "is a person",
    ),
    (OfferAccepted(OfferId(99), ANA), "unknown-offer", "", "99"),
    (OfferAccepted(OfferId(10**5_000), ANA), "unknown-offer", "", "cannot be written out"),
    (OfferAccepted(OfferId(2), ANA), "not-yours", "", "another agent"),
    (OfferDeclined(OfferId(1), ANA), "offer-ended", "accepted", "ended already: accepted"),
    (ConnectFailed(OfferId(1), ANA), "offer-ended", "accepted", "ended already"),
    (AgentBecameReady(AgentId("cid")), "illegal-state", "offline", "has to sign in"),
    (AgentHeartbeat(AgentId("cid")), "illegal-state", "offline", "has to sign in"),
    (AgentSignedOut(ANA), "holds-work", "", "connected to with-ana"),
    ("a text", "bad-signal", "", "str is not a signal"),  # type: ignore[list-item]
]


@pytest.mark.parametrize(
    ("signal", "code", "state", "words"), BAD, ids=[f"{row[1]}-{n}" for n, row in enumerate(BAD)]
)
def test_a_bad_signal_is_refused_in_words_and_changes_nothing(
    signal: Signal, code: str, state: str, words: str
) -> None:
    """The code and state are for programs, the words for people; the state afterwards is the state before."""
    engine = a_busy_engine()
    before = engine.snapshot()
    with pytest.raises(SignalError) as caught:
        engine.handle(signal, 1_000)
    assert (code, state) == (caught.value.code, caught.value.state)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 600
    assert before == engine.snapshot()


def test_the_clock_does_not_go_back() -> None:
    """An earlier time is refused by both doors, and nothing happens."""
    engine = a_busy_engine()
    before = engine.snapshot()
    with pytest.raises(SignalError, match="cannot go back to 999"):
        engine.handle(a_call("n"), 999)
    with pytest.raises(SignalError, match="cannot go back to 999"):
        engine.advance(999)
    assert before == engine.snapshot()


def test_an_illegal_signal_keeps_what_the_passing_of_time_caused() -> None:
    """The offer runs out on the way to the late accept; its facts come with the next call."""
    engine = an_engine(a_plan(an_agent("ana")))
    engine.handle(AgentSignedIn(ANA), 0)
    engine.handle(a_call(), 0)
    with pytest.raises(SignalError) as caught:
        engine.handle(OfferAccepted(OfferId(1), ANA), 20_000)
    assert (caught.value.code, caught.value.state) == ("offer-ended", "expired")
    facts = engine.advance(20_000).facts
    assert [type(fact).__name__ for fact in facts] == ["OfferEnded", "PresenceChanged"]


def test_the_same_arrival_again_is_answered_as_the_first_time() -> None:
    """Nothing happens twice, whatever has become of the interaction."""
    engine = an_engine(a_plan(an_agent("ana"), offers=OfferRules(auto_answer=True)))
    engine.handle(AgentSignedIn(ANA), 0)
    assert engine.handle(a_call(attributes={"a": 1}), 0).answer == "queued"
    again = engine.handle(a_call(attributes={"a": 1}), 5)
    assert (again.answer, again.facts, again.effects) == ("queued", [], [])
    engine.handle(WorkFinished(InteractionId("call-1"), ANA), 6)
    assert engine.handle(a_call(attributes={"a": 1}), 7).facts == []
    assert engine.handle(a_call(attributes={"b": 2}), 6 + 86_400_000).facts != [], "forgotten after a day"


def test_impossible_plans_are_refused_with_all_that_is_wrong() -> None:
    """At the start as `PlanError`; later as `plan-rejected`, and the engine goes on under the old plan."""
    bad = replace(
        with_queue(
            a_plan(
                an_agent(
                    "ana",
                )
            ),
            choice="longest",
            tiers=((PoolId("gone"),),),
        ),
        order="strickt",
    )
    with pytest.raises(PlanError) as at_start:
        an_engine(bad)
    told = str(at_start.value)
    assert "order 'strickt' is not known (did you mean 'strict'?)" in told
    assert "queue 'desk': pool 'gone' is not known" in told
    assert "queue 'desk': choice 'longest' is not known (did you mean 'longest-idle'?)" in told
    engine = a_busy_engine()
    before = engine.snapshot()
    with pytest.raises(SignalError) as later:
        engine.handle(PlanReplaced(bad), 1_000)
    assert later.value.code == "plan-rejected"
    assert "did you mean 'strict'?" in str(later.value)
    assert before == engine.snapshot()
