"""The world in virtual time: small scenes whose every instant can be said beforehand."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from agents.behaviour import Break, Shift
from agents.model import AgentId, WrapUp
from router.core.engine import Engine
from router.core.facts import (
    AgentPaused,
    AssignmentClosed,
    Fact,
    InteractionAssigned,
    InteractionEnded,
    InteractionQueued,
    OfferEnded,
    PresenceChanged,
    WorkResumed,
    WorkSuspended,
    WrapUpStarted,
)
from router.core.names import ChannelId, InteractionId
from router.core.outcome import Outcome
from router.core.plan import Channel, Limit, OfferRules, Plan
from router.core.signals import InteractionArrived, Signal
from router.simulation.scenario import Scenario
from router.simulation.traffic import Customer, Stop
from router.simulation.world import World
from tests.core.builders import DESK, VOICE, a_plan, an_agent
from tests.simulation.worlds import MINUTE_MS, a_caller, a_centre, a_stream, a_worker, always, of, play

S = 1000


def ends(facts: list[Any]) -> list[tuple[int, str, str]]:
    return [(fact.at, fact.interaction_id, fact.how) for fact in of(InteractionEnded, facts)]


def presences(facts: list[Any], agent: str) -> list[tuple[int, str, str]]:
    changes = of(PresenceChanged, facts)
    return [(fact.at, fact.presence, fact.reason) for fact in changes if fact.agent_id == agent]


def test_callers_are_served_one_after_the_other() -> None:
    """One agent, three callers of a minute each: waits are what arithmetic says."""
    facts, _ = play(
        a_centre("ana"), [a_worker("ana")], [a_caller(n, at) for n, at in ((1, 0), (2, 10 * S), (3, 200 * S))]
    )
    assert [(fact.at, fact.interaction_id, fact.wait_ms) for fact in of(InteractionAssigned, facts)] == [
        (0, "call-1", 0),
        (60 * S, "call-2", 50 * S),
        (200 * S, "call-3", 0),
    ]
    assert ends(facts) == [
        (60 * S, "call-1", "completed"),
        (120 * S, "call-2", "completed"),
        (260 * S, "call-3", "completed"),
    ]


def test_an_agent_takes_its_time_to_answer() -> None:
    """The answer delay passes between the offer and the connection, and counts as waiting."""
    facts, _ = play(a_centre("ana"), [a_worker("ana", answer_delay=always(4))], [a_caller(1, 0)])
    assert [(fact.at, fact.wait_ms) for fact in of(InteractionAssigned, facts)] == [(4 * S, 4 * S)]
    assert ends(facts) == [(64 * S, "call-1", "completed")]


def test_a_caller_without_patience_left_leaves() -> None:
    """Patience runs out while waiting, not once an agent is connected."""
    callers = [
        a_caller(1, 0, 60 * S, 5 * S),
        a_caller(2, 1 * S, 60 * S, 30 * S),
        a_caller(3, 2 * S, 60 * S, 100 * S),
    ]
    facts, _ = play(a_centre("ana"), [a_worker("ana")], callers)
    assert ends(facts) == [
        (31 * S, "call-2", "abandoned"),
        (60 * S, "call-1", "completed"),
        (120 * S, "call-3", "completed"),
    ]


def test_a_slow_answer_loses_the_offer_and_the_agent_comes_back() -> None:
    """Who takes longer than the offer lasts is set not-ready by the router, and is ready again after a while."""
    plan = a_centre("ana", offers=OfferRules(timeout_ms=10 * S, retry_after_ms=1 * S))
    worker = a_worker("ana", answer_delay=always(15), returns_after=always(90))
    facts, _ = play(plan, [worker], [a_caller(1, 0, patience_ms=60 * S)], until_ms=2 * MINUTE_MS)
    assert [(fact.at, fact.how) for fact in of(OfferEnded, facts)] == [(10 * S, "expired")]
    assert presences(facts, "ana") == [
        (0, "ready", ""),
        (10 * S, "not-ready", "no-answer"),
        (100 * S, "ready", ""),
    ]
    assert ends(facts) == [(60 * S, "call-1", "abandoned")]


def test_a_paused_agent_needs_no_word_to_come_back() -> None:
    """Under the rule ``pause`` the router lets the agent back in by itself."""
    rules = OfferRules(timeout_ms=10 * S, on_no_answer="pause", pause_ms=30 * S, retry_after_ms=30 * S)
    worker = a_worker("ana", answer_delay=always(15))
    facts, _ = play(a_centre("ana", offers=rules), [worker], [a_caller(1, 0, patience_ms=60 * S)])
    assert [fact.at for fact in of(AgentPaused, facts)] == [10 * S, 50 * S]
    assert presences(facts, "ana") == [(0, "ready", "")]


def test_declined_work_goes_to_somebody_else() -> None:
    """A sure decliner passes everything on to the other."""
    plan = a_centre("ana", "ben")
    facts, _ = play(
        plan, [a_worker("ana", decline=1.0, answer_delay=always(2)), a_worker("ben")], [a_caller(1, 0)]
    )
    assert [(fact.agent_id, fact.how) for fact in of(OfferEnded, facts)] == [
        ("ana", "declined"),
        ("ben", "accepted"),
    ]
    assert [(fact.at, fact.agent_id) for fact in of(InteractionAssigned, facts)] == [(2 * S, "ben")]


def test_a_shift_ends_after_the_work_in_hand() -> None:
    """At its shift's end an agent takes nothing new and leaves when it has finished."""
    shifts = (Shift(start_ms=10 * S, end_ms=100 * S), Shift(start_ms=300 * S, end_ms=400 * S))
    facts, _ = play(
        a_centre("ana"), [a_worker("ana", shifts=shifts)], [a_caller(1, 50 * S), a_caller(2, 60 * S)]
    )
    assert presences(facts, "ana")[:4] == [
        (10 * S, "ready", ""),
        (100 * S, "draining", ""),
        (110 * S, "offline", "drained"),
        (300 * S, "ready", ""),
    ]
    assert [fact.at for fact in of(InteractionAssigned, facts)] == [50 * S, 300 * S]


def test_a_break_keeps_new_work_away() -> None:
    """During a break the agent is not ready; work in hand goes on."""
    shifts = (Shift(breaks=(Break(30 * S, 90 * S),)),)
    facts, _ = play(a_centre("ana"), [a_worker("ana", shifts=shifts)], [a_caller(1, 0), a_caller(2, 70 * S)])
    assert [fact.at for fact in of(InteractionAssigned, facts)] == [0, 90 * S]
    assert presences(facts, "ana") == [
        (0, "ready", ""),
        (30 * S, "not-ready", "break"),
        (90 * S, "ready", ""),
    ]


@pytest.mark.parametrize(("takes_s", "ended_s"), [(20, 80), (45, 90), (None, 90)])
def test_wrap_up_ends_when_the_agent_says_so_or_at_its_limit(takes_s: int | None, ended_s: int) -> None:
    """After-contact work lasts as long as the agent takes, at most to the limit of 30 s."""
    plan = a_centre("ana", wrap_up=WrapUp(kind="until-done", limit_ms=30 * S))
    worker = a_worker("ana", wrap_up=None if takes_s is None else always(takes_s))
    facts, _ = play(plan, [worker], [a_caller(1, 0)])
    assert [fact.at for fact in of(WrapUpStarted, facts)] == [60 * S]
    assert [(ended_s * S, (ended_s - 60) * S)] == [
        (fact.at, fact.wrap_up_ms) for fact in of(AssignmentClosed, facts)
    ]


def test_a_transfer_waits_and_is_served_again() -> None:
    """A contact with a stop after it is transferred, keeps its place, and is handled again for the stop's time."""
    callers = [a_caller(1, 0, 60 * S, None, Stop(None, 40 * S)), a_caller(2, 10 * S)]
    facts, _ = play(a_centre("ana", "ben"), [a_worker("ana"), a_worker("ben")], callers)
    assert [fact.cause for fact in of(InteractionQueued, facts)] == ["arrived", "arrived", "transferred"]
    assert [(at, name) for at, name, _ in ends(facts)] == [(70 * S, "call-2"), (110 * S, "call-1")]
    # The pair with the agent that passed it on rests, so the other one takes it when free.
    assert [fact.agent_id for fact in of(InteractionAssigned, facts)] == ["ana", "ben", "ben"]


def test_patience_starts_anew_with_a_transfer() -> None:
    """What a customer waited before does not count against the wait after a transfer, nor does an old deadline end it."""
    callers = [a_caller(1, 0, 10 * S, 15 * S, Stop(None, 10 * S)), a_caller(2, 1 * S, 100 * S)]
    facts, _ = play(a_centre("ana", "ben"), [a_worker("ana"), a_worker("ben")], callers)
    assert (25 * S, "call-1", "abandoned") in ends(facts)


def test_suspended_work_takes_as_long_as_if_it_had_not_been() -> None:
    """A call comes between a mail; the mail's remaining time starts when the call is over."""
    mail, call = ChannelId("mail"), VOICE
    base = a_centre("ana")
    section = replace(
        base.sections[0],
        offers=((mail, OfferRules()), (call, OfferRules())),
        wrap_up=((mail, WrapUp()), (call, WrapUp())),
    )
    channels = (Channel(channel_id=mail, interruptible_by=(call,)), Channel(channel_id=call))
    plan = replace(base, channels=channels, sections=(section,))
    callers: list[Customer] = [
        (0, InteractionArrived(InteractionId("mail-1"), DESK, mail), 100 * S, None, ()),
        (30 * S, InteractionArrived(InteractionId("call-1"), DESK, call), 60 * S, None, ()),
    ]
    facts, _ = play(plan, [a_worker("ana")], callers)
    assert [fact.at for fact in of(WorkSuspended, facts)] == [30 * S]
    assert [fact.at for fact in of(WorkResumed, facts)] == [90 * S]
    assert ends(facts) == [(90 * S, "call-1", "completed"), (160 * S, "mail-1", "completed")]


def test_who_is_turned_away_is_gone() -> None:
    """An arrival that the engine refuses or diverts is not waited for."""
    plan = a_centre("ana", limit=Limit(max_waiting=1, when_full="divert", target="voicemail"))
    callers = [a_caller(number, number * S) for number in range(4)]
    facts, world = play(plan, [a_worker("ana")], callers)
    assert ends(facts)[:2] == [(2 * S, "call-2", "diverted"), (3 * S, "call-3", "diverted")]
    assert world.present() == []


def test_arrivals_that_the_engine_does_not_take_in_are_counted() -> None:
    """A bad arrival ends the run for nobody: it is counted under its code, the first with its message."""
    bad = InteractionArrived(InteractionId("bad-1"), DESK, ChannelId("pigeon"))
    scenario = Scenario(name="test", duration_ms=MINUTE_MS, workers=(a_worker("ana"),))
    sources = [iter([(0, bad, 10, 5, ()), a_caller(1, 5)])]
    run = World(a_centre("ana"), scenario, seed=1, sink=lambda _: None, sources=sources).run()
    assert run.customers == 2
    assert run.left_over == 0
    ((code, (times, text)),) = run.rejected.items()
    assert (code, times) == ("unknown-channel", 1)
    assert "bad-1" in text


def test_nobody_is_lost_for_want_of_a_lease() -> None:
    """In a world where nothing gets lost leases are always renewed in time, also by an agent that finishes its last contact."""
    plan = replace(a_centre("ana"), presence_ttl_ms=20 * S)
    facts, _ = play(
        plan, [a_worker("ana", shifts=(Shift(end_ms=5 * MINUTE_MS),))], [a_caller(1, 290 * S, 100 * S)]
    )
    assert presences(facts, "ana") == [
        (0, "ready", ""),
        (300 * S, "draining", ""),
        (390 * S, "offline", "drained"),
    ]


def test_an_agent_that_nothing_happens_to_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease makes no events: the engine takes one signal per sign-in, arrival and finish."""
    taken: list[str] = []

    class Counted(Engine):
        """The engine, and what it took."""

        def handle(self, signal: Signal, now: int) -> Outcome:
            """Note the signal's name."""
            taken.append(type(signal).__name__)
            return super().handle(signal, now)

    monkeypatch.setattr("router.simulation.world.Engine", Counted)
    plan = replace(a_centre("ana", "ben", offers=OfferRules(auto_answer=True)), presence_ttl_ms=20 * S)
    play(plan, [a_worker("ana"), a_worker("ben")], [a_caller(1, 50 * MINUTE_MS)])
    assert taken == ["AgentSignedIn", "AgentSignedIn", "InteractionArrived", "WorkFinished"]


def test_nobody_waits_beyond_the_drain() -> None:
    """Work that nobody can serve does not keep the world going for ever."""
    scenario = Scenario(name="test", duration_ms=MINUTE_MS, drain_ms=MINUTE_MS)
    run = World(
        a_centre("ana"), scenario, seed=1, sink=lambda _: None, sources=[iter([a_caller(1, 0)])]
    ).run()
    assert run.left_over == 1
    assert run.ended_at <= 2 * MINUTE_MS


def test_a_run_can_stop_early_and_be_asked_who_is_there() -> None:
    """``stop_after`` ends a run after so many contacts."""
    scenario = Scenario(name="test", duration_ms=60 * MINUTE_MS, workers=(a_worker("ana"),))
    callers = [a_caller(number, number * S) for number in range(5)]
    plan = a_centre("ana", offers=OfferRules(auto_answer=True))
    world = World(plan, scenario, seed=1, sink=lambda _: None, sources=[iter(callers)])
    run = world.run(stop_after=2)
    assert (run.customers, run.left_over) == (5, 3)
    assert world.present() == ["call-2", "call-3", "call-4"]
    assert world.is_served(InteractionId("call-2"))
    assert not world.is_served(InteractionId("call-3"))


def test_handle_times_may_depend_on_the_agent() -> None:
    """``handle_ms`` is asked when somebody is connected."""
    scenario = Scenario(name="test", duration_ms=MINUTE_MS, workers=(a_worker("ana"), a_worker("ben")))
    takes = {AgentId("ana"): 10 * S, AgentId("ben"): 20 * S}
    facts: list[Any] = []
    World(
        a_centre("ana", "ben"),
        scenario,
        seed=1,
        sink=facts.extend,
        sources=[iter([a_caller(1, 0), a_caller(2, 0)])],
        handle_ms=lambda _customer, agent: takes[agent],
    ).run()
    assert ends(facts) == [(10 * S, "call-1", "completed"), (20 * S, "call-2", "completed")]


def test_marks_come_before_what_happens_then() -> None:
    """What is arranged with ``call_at`` sees the world before the events of its instant that are arranged later."""
    scenario = Scenario(name="test", duration_ms=MINUTE_MS, workers=(a_worker("ana"),), streams=(a_stream(),))
    seen: list[int] = []
    facts: list[Any] = []
    world = World(a_centre("ana"), scenario, seed=3, sink=facts.extend)
    world.call_at(30 * S, seen.append)
    world.run()
    assert seen == [30 * S]


def run_twice(plan: Plan) -> tuple[list[Any], list[Any]]:
    scenario = Scenario(
        name="test",
        duration_ms=60 * MINUTE_MS,
        workers=(a_worker("ana", no_answer=0.2),),
        streams=(a_stream(),),
    )
    found: tuple[list[Any], list[Any]] = ([], [])
    for facts in found:
        World(plan, scenario, seed=7, sink=facts.extend).run()
    return found


def test_the_same_seed_gives_the_same_facts() -> None:
    """Two worlds of one seed tell the same story."""
    one, other = run_twice(a_centre("ana"))
    assert one == other
    assert one


def test_a_run_leaves_the_garbage_collector_as_it_was() -> None:
    """While a world runs the collector looks rarely; afterwards, and after an error, as often as before."""
    before = gc.get_threshold()
    seen: list[int] = []

    def note(_facts: Sequence[Fact]) -> None:
        seen.append(gc.get_threshold()[0])
        if len(seen) > 1:
            raise RuntimeError("the sink is full")

    scenario = Scenario(name="test", duration_ms=MINUTE_MS, workers=(a_worker("ana"),))
    world = World(a_centre("ana"), scenario, seed=1, sink=note, sources=[iter([a_caller(1, 10 * S)])])
    with pytest.raises(RuntimeError, match="full"):
        world.run()
    assert min(seen) > before[0]
    assert gc.get_threshold() == before


def test_people_do_the_automated_agents_work_in_their_own_time() -> None:
    """An automated agent hands over what it cannot do; a person takes a person's time, handed over or not."""
    plan = a_plan(
        replace(an_agent("bot"), kind="automated"),
        an_agent("zoe"),
    )
    mine = Stop(None, 60 * S, by="nobody")
    handed = Stop(None, 60 * S, by="automated")
    callers = [
        a_caller(1, 0, 2 * S, None, handed),  # the bot takes 2 s, then Zoé a minute
        a_caller(2, 10 * S, 2 * S, None, mine),  # the bot does it all
        a_caller(3, 20 * S, 30 * S, None, mine),
        a_caller(4, 21 * S, 2 * S, None, handed),  # waits for whoever is free first: the bot, and then Zoé
    ]
    facts, _ = play(plan, [a_worker("bot"), a_worker("zoe")], callers)
    assert [(fact.at, fact.interaction_id, fact.agent_id) for fact in of(InteractionAssigned, facts)] == [
        (0, "call-1", "bot"),
        (2 * S, "call-1", "zoe"),
        (10 * S, "call-2", "bot"),
        (20 * S, "call-3", "bot"),
        (50 * S, "call-4", "bot"),
        (62 * S, "call-4", "zoe"),
    ]
    assert ends(facts)[-1] == (122 * S, "call-4", "completed")


def test_a_person_who_takes_it_first_hands_nothing_over() -> None:
    """Work that an automated agent would have handed over is done at once by a person, in a person's time."""
    facts, _ = play(
        a_centre("zoe"), [a_worker("zoe")], [a_caller(1, 0, 2 * S, None, Stop(None, 60 * S, by="automated"))]
    )
    assert ends(facts) == [(60 * S, "call-1", "completed")]
