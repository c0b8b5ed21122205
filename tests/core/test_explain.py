"""Why: the verdict on each agent, what is missing, when it can change, and decisions of the past."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agents.model import Agent, AgentId, Pool, PoolId, SkillName, WrapUp
from router.core.engine import Engine
from router.core.explain import explain, explain_decision
from router.core.explanation import CODES, Code
from router.core.names import ChannelId, InteractionId, OfferId
from router.core.plan import After, Channel, OfferRules, Plan, Relax, Step
from router.core.requirement import AgentTerm, All, Any, Not, TagTerm
from router.core.signals import (
    AgentBecameNotReady,
    AgentSignedIn,
    AgentStartedDraining,
    OfferAccepted,
    OfferDeclined,
    Signal,
    WorkFinished,
)
from router.core.spans import span
from router.errors import SignalError
from router.policies import BUILT_IN
from tests.core.builders import VOICE, a_call, a_plan, an_agent, an_engine, skill

CALL = InteractionId("call-1")
FRENCH = skill("french", 4)


def signed_in(*names: str) -> list[tuple[Signal, int]]:
    """Sign-ins at time 0."""
    return [(AgentSignedIn(AgentId(name)), 0) for name in names]


def verdicts(
    plan: Plan, history: list[tuple[Signal, int]], call: InteractionId = CALL
) -> dict[str, tuple[Code, str]]:
    """Every agent's code and detail after the history."""
    engine = an_engine(plan)
    for signal, now in history:
        engine.handle(signal, now)
    return {verdict.agent_id: (verdict.code, verdict.detail) for verdict in explain(engine, call).verdicts}


def test_presence_and_requirement_are_named_with_the_value_seen() -> None:
    """Offline, not-ready with its reason, draining, a level too low and a skill that is lacking."""
    plan = a_plan(
        an_agent("ana", french=3),
        an_agent("ben"),
        an_agent("cid"),
        an_agent("dee"),
        an_agent("eve"),
        requirement=FRENCH,
    )
    history = [
        *signed_in("ana", "ben", "cid", "eve"),
        (a_call("other", requirement=All()), 1),
        (OfferAccepted(OfferId(1), AgentId("ana")), 1),
        (AgentBecameNotReady(AgentId("cid"), "lunch"), 2),
        (a_call("more", requirement=All()), 3),
        (OfferAccepted(OfferId(2), AgentId("ben")), 3),
        (AgentStartedDraining(AgentId("ben")), 4),
        (a_call(), 5),
    ]
    assert verdicts(plan, history) == {
        "ana": ("requirement", "french 3 < 4"),
        "ben": ("draining", "finishes its work and leaves"),
        "cid": ("not-ready", "lunch"),
        "dee": ("offline", "not signed in"),
        "eve": ("requirement", "no french"),
    }


def test_pool_channel_kind_maximum_and_capacity_are_told_apart() -> None:
    """Each rule of the table names itself, in the order of the table."""
    mail = ChannelId("mail")
    base = a_plan(
        an_agent("ana", french=5),
        Agent(agent_id=AgentId("ben"), channels=(mail,)),
        an_agent("cid"),
        Agent(agent_id=AgentId("dee"), capacity=200, channel_max=((VOICE, 1),), tags=(("team", "blue"),)),
        tiers=((PoolId("open"),),),
        offers=OfferRules(auto_answer=True),
    )
    plan = Plan(
        version="v1",
        centre_id=base.centre_id,
        channels=(*base.channels, Channel(channel_id=mail)),
        sections=(
            type(base.sections[0])(
                section_id=base.sections[0].section_id,
                queues=base.sections[0].queues,
                default_queue=base.sections[0].default_queue,
                offers=((VOICE, OfferRules(auto_answer=True)), (mail, OfferRules())),
                wrap_up=((VOICE, WrapUp()), (mail, WrapUp())),
            ),
        ),
        pools=(Pool(pool_id=PoolId("open"), members=(AgentId("ana"), AgentId("ben"), AgentId("dee"))),),
        agents=base.agents,
    )
    history = [*signed_in("ana", "ben", "cid", "dee"), (a_call("c1"), 1), (a_call("c2"), 2), (a_call(), 3)]
    assert verdicts(plan, history) == {
        "ana": ("capacity", "0 of 100 units free, 100 needed (holds: c1)"),
        "ben": ("channel", "does not serve voice"),
        "cid": ("pool", "in no open pool of desk (is in: none)"),
        "dee": ("channel-max", "holds 1 of at most 1 voice"),
    }


def test_refusals_pauses_and_wrap_ups_are_named_with_their_end() -> None:
    """A declined pair rests, an agent that did not answer pauses, a wrap-up keeps its section's work away."""
    rules = OfferRules(timeout_ms=1_000, on_no_answer="pause", pause_ms=9_000)
    plan = a_plan(an_agent("ana"), an_agent("ben"), an_agent("cid"), offers=rules)
    history = [
        *signed_in("ana"),
        (a_call(), 0),
        (OfferDeclined(OfferId(1), AgentId("ana"), "busy"), 500),
        (AgentSignedIn(AgentId("ben")), 1_000),
        (AgentSignedIn(AgentId("cid"), ready=False), 3_000),
    ]
    assert verdicts(plan, history) == {
        "ana": ("refused", "rests for another 57.5 s"),
        "ben": ("paused", "for another 8 s"),
        "cid": ("not-ready", "no reason given"),
    }

    wrapping = a_plan(
        an_agent("ana"),
        offers=OfferRules(auto_answer=True),
        wrap_up=WrapUp(kind="timed", limit_ms=5_000, scope="section"),
    )
    first = InteractionId("first")
    history = [
        *signed_in("ana"),
        (a_call("first"), 0),
        (WorkFinished(first, AgentId("ana")), 100),
        (a_call(), 200),
    ]
    assert verdicts(wrapping, history) == {"ana": ("section-wrap-up", "wraps up for desk, for another 4.9 s")}


def test_times_are_told_from_now_and_kept_as_they_are() -> None:
    """Under a clock that counts from 1970 the text counts from now, the fields hold the engine's milliseconds."""
    epoch = 1_700_000_000_000
    engine = Engine(a_plan(an_agent("ana"), an_agent("ben")), BUILT_IN, now=epoch)
    engine.handle(AgentSignedIn(AgentId("ana")), epoch)
    engine.handle(a_call(), epoch)
    engine.handle(OfferDeclined(OfferId(1), AgentId("ana"), ""), epoch + 2_000)
    waits = explain(engine, CALL)
    assert (waits.at, waits.next_change_at) == (epoch + 2_000, epoch + 7_000)
    assert [(verdict.code, verdict.until) for verdict in waits.verdicts] == [
        ("refused", epoch + 62_000),
        ("offline", None),
    ]
    assert waits.text().splitlines() == [
        "call-1 waits in desk: 1 signed in would fit (1 refused), 1 offline",
        "  asked of an agent: anybody",
        "  ana: refused: rests for another 1 m",
        "  ben: offline: not signed in",
        "  can next change in 5 s",
    ]


def test_now_may_be_later_than_the_last_signal() -> None:
    """Between signals the engine's clock stands still; what is told counts from now, and the clock is left alone."""
    engine = an_engine(a_plan(an_agent("ana"), an_agent("ben", french=5)))
    engine.handle(AgentSignedIn(AgentId("ana")), 0)
    engine.handle(a_call(), 0)
    engine.handle(OfferDeclined(OfferId(1), AgentId("ana"), ""), 1_000)
    assert explain(engine, CALL).text().splitlines()[-1] == "  can next change in 5 s"
    later = explain(engine, CALL, now=4_500)
    assert later.at == 4_500
    assert later.text().splitlines()[-1] == "  can next change in 1.5 s"
    assert explain(engine, CALL, now=500).at == explain(engine, CALL).at == 1_000
    assert explain(engine, CALL, now=90_000).at == 6_000


def test_who_would_fit_is_counted_apart_by_who_is_there() -> None:
    """Offline agents count only where they would fit, and never among the signed-in."""
    agents = [an_agent(name, french=5) for name in ("ana", "ben", "cid")]
    engine = an_engine(a_plan(*agents, an_agent("dee"), an_agent("eve"), requirement=FRENCH))
    engine.handle(AgentSignedIn(AgentId("eve")), 0)
    engine.handle(AgentSignedIn(AgentId("ana"), ready=False), 0)
    engine.handle(a_call(), 0)
    assert (
        explain(engine, CALL).summary
        == "call-1 waits in desk: 1 signed in would fit (1 not-ready), 2 offline"
    )
    assert [verdict.fits for verdict in explain(engine, CALL).verdicts] == [True, True, True, False, False]


def test_nobody_signed_in_would_fit_although_each_part_is_met() -> None:
    """Where a requirement is not what is missing, the summary says whether others would fit if they came."""
    pools = (Pool(pool_id=PoolId("inner"), members=(AgentId("ana"),)),)
    plan = replace(a_plan(an_agent("ana"), an_agent("ben"), tiers=((PoolId("inner"),),)), pools=pools)
    engine = an_engine(plan)
    engine.handle(AgentSignedIn(AgentId("ben")), 0)
    engine.handle(a_call(), 0)
    assert (
        explain(engine, CALL).summary == "call-1 waits in desk: nobody signed in would fit, 1 offline would"
    )
    french = a_plan(
        an_agent("ana"), an_agent("ben", french=5), tiers=((PoolId("inner"),),), requirement=FRENCH
    )
    nobody = an_engine(replace(french, pools=pools))
    nobody.handle(AgentSignedIn(AgentId("ben")), 0)
    nobody.handle(a_call(), 0)
    assert explain(nobody, CALL).summary == "call-1 waits in desk: nobody would fit"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (12_340, "12.3 s"),
        (59_949, "59.9 s"),
        (59_950, "1 m"),
        (200_000, "3 m 20 s"),
        (3_599_499, "59 m 59 s"),
        (3_599_500, "1 h"),
        (7_500_000, "2 h 5 m"),
        (86_369_999, "23 h 59 m"),
        (86_370_000, "1 d"),
        (100 * 3_600_000, "4 d 4 h"),
    ],
)
def test_spans_read_in_two_units_at_most(ms: int, text: str) -> None:
    """Rounded to the smaller one, never `60 s` or `59 m 60 s`."""
    assert span(ms) == text


def test_what_is_missing_tells_the_roster_from_who_is_there() -> None:
    """A term that nobody signed in meets is missing; one that nobody in the roster meets is unmet."""
    tree = All(of=(FRENCH, skill("law")))
    engine = an_engine(a_plan(an_agent("ana", french=9), an_agent("ben"), requirement=tree))
    engine.handle(AgentSignedIn(AgentId("ben")), 0)
    engine.handle(a_call(), 0)
    answer = explain(engine, CALL)
    assert answer.missing == ("french >= 4", "law >= 1")
    assert answer.unmet == ("law >= 1",)
    assert answer.summary == "call-1 waits in desk: nobody in the roster meets law >= 1"


def test_the_next_change_is_the_first_instant_time_alone_can_change_the_answer() -> None:
    """A relaxation at 30 s, a ladder step at 20 s."""
    step = Step(name="easier", trigger=After(ms=20_000), operations=(Relax(skill=SkillName("french")),))
    tree = All(of=(skill("french", 4, expires_ms=30_000),))
    engine = an_engine(a_plan(an_agent("ana"), requirement=tree, ladder=(step,)))
    engine.handle(a_call(), 5_000)
    assert explain(engine, CALL).next_change_at == 25_000
    engine.advance(25_000)
    assert explain(engine, CALL).next_change_at == 35_000


def test_trees_fail_by_their_first_failing_term() -> None:
    """`any` lists its branches, `not` says what the agent is, tags and names say what was found."""
    tree = All(
        of=(
            Not(of=TagTerm(tag="site", value="oslo")),
            Any(of=(FRENCH, AgentTerm(agents=(AgentId("zoe"),)))),
        )
    )
    oslo = Agent(agent_id=AgentId("ana"), tags=(("site", "oslo"),))
    found = verdicts(
        a_plan(oslo, an_agent("ben"), requirement=tree), [*signed_in("ana", "ben"), (a_call(), 0)]
    )
    assert found["ana"] == ("requirement", "is tag site == oslo")
    assert found["ben"] == ("requirement", "none of: no french; not one of zoe")


def test_a_decision_of_the_past_is_explained_as_of_its_moment() -> None:
    """Living through the history again stops at the decision and shows every rival's rank then."""
    plan = a_plan(
        an_agent("ana", french=5),
        an_agent("ben", french=9),
        an_agent("cid"),
        score=(("skill-fit", 1000),),
        requirement=FRENCH,
    )
    history: list[tuple[Signal, int]] = [
        *signed_in("ana", "ben", "cid"),
        (a_call("first"), 1_000),
        (a_call(), 2_000),
        (OfferAccepted(OfferId(1), AgentId("ben")), 2_500),
    ]
    first = explain_decision(an_engine(plan), history, 1)
    assert (AgentId("ben"), "score") == (first.chosen, first.decided_by)
    assert {v.agent_id: v.code for v in first.verdicts} == {
        "ana": "can-take",
        "ben": "chosen",
        "cid": "requirement",
    }
    second = explain_decision(an_engine(plan), history, 2)
    assert (AgentId("ana"), "only candidate") == (second.chosen, second.decided_by)
    with pytest.raises(LookupError, match="decision 9 is not in this history; its last one is 2"):
        explain_decision(an_engine(plan), history, 9)


@pytest.mark.parametrize(("second_at", "decided_by"), [(0, "id"), (5, "longest-idle")])
def test_a_tie_is_broken_by_the_choice_and_then_by_the_id(second_at: int, decided_by: str) -> None:
    """Two agents alike: whoever has been idle longer, and where both have been as long, the smaller id."""
    history: list[tuple[Signal, int]] = [
        (AgentSignedIn(AgentId("ana")), 0),
        (AgentSignedIn(AgentId("ben")), second_at),
        (a_call(), 10),
    ]
    answer = explain_decision(an_engine(a_plan(an_agent("ana"), an_agent("ben"))), history, 1)
    assert (answer.chosen, answer.decided_by) == ("ana", decided_by)


def test_scheduled_work_changes_when_it_starts() -> None:
    """Its next change is the time it was scheduled for."""
    engine = an_engine(a_plan(an_agent("ana")))
    engine.handle(a_call(not_before=90_000), 0)
    answer = explain(engine, CALL)
    assert (answer.state, answer.next_change_at) == ("scheduled", 90_000)


def test_ended_and_unknown_interactions_are_answered_too() -> None:
    """An ended interaction says how it ended; an unknown one is an error."""
    engine = an_engine(a_plan(an_agent("ana"), offers=OfferRules(auto_answer=True)))
    engine.handle(AgentSignedIn(AgentId("ana")), 0)
    engine.handle(a_call(), 0)
    assert explain(engine, CALL).summary == "call-1 is with ana, chosen by longest-idle (decision 1)"
    engine.handle(WorkFinished(CALL, AgentId("ana")), 10)
    assert explain(engine, CALL).state == "ended: completed"
    with pytest.raises(SignalError, match="is not known here"):
        explain(engine, InteractionId("never"))


def test_every_code_is_documented() -> None:
    """The table of codes in the docs is the one in the code."""
    text = (Path(__file__).parents[2] / "docs" / "explain.md").read_text(encoding="utf-8")
    for code, meaning in CODES.items():
        assert f"| `{code}` | {meaning} |" in text
