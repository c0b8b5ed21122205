"""What callers without a type checker send by mistake is their error, in words, and never the end of the router."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from agents.model import AgentId, SkillName
from router.core import requirement, signals
from router.core.names import OfferId
from router.core.signals import Signal
from router.errors import SignalError
from router.service.router import Router
from router.testing import TestRouter, a_plan, a_queue, a_section, an_agent, in_ms

made: Any = signals
tree: Any = requirement
"""Both as callers without a type checker see them."""

GARBAGE: tuple[Any, ...] = (
    None,
    5,
    -1,
    2.5,
    True,
    "x" * 10_240,
    "",
    b"x",
    [],
    ["a"],
    {},
    {"a": 1},
    (),
    object(),
)

SOUND: dict[str, Any] = {
    "interaction_id": "new",
    "section": "support",
    "channel": "voice",
    "agent_id": "ana",
    "offer_id": 1,
    "plan": None,
    "number": "+1",
}


def a_small_plan() -> Any:
    """A section with one queue and one agent."""
    return a_plan(an_agent("ana"), sections=[a_section("support", a_queue("support"))])


@pytest.mark.parametrize("kind", get_args(Signal), ids=lambda kind: kind.__name__)
async def test_any_value_in_any_field_is_taken_or_refused(kind: type[Any]) -> None:
    """The router goes on, and what was refused left no trace."""
    refused: list[tuple[str, str, object, bool]] = []
    async with TestRouter(a_small_plan()) as router:
        await router.sign_in("ana")
        for field in kind._fields:
            for value in GARBAGE:
                fields = {name: SOUND[name] for name in kind._fields if name in SOUND} | {field: value}
                before = router.snapshot()
                try:
                    await router.post(kind(**fields))
                except SignalError as error:
                    refused.append((str(error), field, value, router.snapshot() == before))
        assert refused or not kind._fields
        assert [each for each in refused if len(each[0]) > 400 or not each[3]] == []
        assert (await router.submit("support", "voice", id="still-there")).id == "still-there"


@pytest.mark.parametrize(
    ("signal", "said"),
    [
        (made.AgentSignedIn(AgentId("ana"), "no"), "AgentSignedIn.ready: expected True or False, found 'no'"),
        (
            made.OfferAccepted("1", AgentId("ana")),
            "OfferAccepted.offer_id: expected a whole number, found '1'",
        ),
        (made.OfferAccepted(OfferId(1), None), "OfferAccepted.agent_id: expected a text, found None"),
        (made.PlanReplaced({}), "PlanReplaced.plan: expected a Plan, found {}"),
        ("AgentSignedIn", "expected a signal of router.core.signals, found 'AgentSignedIn'"),
    ],
)
async def test_the_field_is_named_with_what_was_found(signal: Any, said: str) -> None:
    """And what would do."""
    async with TestRouter(a_small_plan()) as router:
        with pytest.raises(SignalError) as refused:
            await router.post(signal)
        assert (refused.value.code, str(refused.value)) == ("bad-signal", said)


ENGLISH = tree.SkillTerm(skill=SkillName("english"))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"english": 3}, "expected a term, All, Any or Not of router.core.requirement, found {'english': 3}"),
        (tree.All(of=[ENGLISH]), "the parts of an All must be a tuple, found [SkillTerm("),
        (
            tree.All(of=(ENGLISH, "law")),
            "expected a term, All, Any or Not of router.core.requirement, found 'law'",
        ),
        (tree.Not(of=tree.SkillTerm(skill=5)), "expected a text, found 5"),
        (tree.SkillTerm(skill=SkillName("english"), level="3"), "expected a whole number, found '3'"),
        (tree.SkillTerm(skill=SkillName("english"), level=True), "expected a whole number, found True"),
        (
            tree.All(of=(tree.SkillTerm(skill=SkillName("english"), expires_ms=2.5),)),
            "expected a whole number, found 2.5",
        ),
        (tree.AgentTerm(agents="ana"), "the agents of a term must be a tuple, found 'ana'"),
        (tree.AgentTerm(agents=(None,)), "expected a text, found None"),
        (tree.TagTerm(tag="site", value=1), "expected a text, found 1"),
        (tree.PoolTerm(pool=[]), "expected a text, found []"),
    ],
)
async def test_a_requirement_of_a_wrong_kind_is_refused(asked: Any, said: str) -> None:
    """A dict, a list, a level as text: the first thing wrong is told, and the router goes on."""
    async with TestRouter(a_small_plan()) as router:
        with pytest.raises(SignalError) as refused:
            await router.submit("support", "voice", requirement=asked)
        assert refused.value.code == "bad-requirement"
        assert str(refused.value).startswith(f"requirement: {said}")
        await router.submit("support", "voice")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"priority": "high"}, "priority: expected a whole number in ±1000000, found 'high'"),
        ({"attributes": {"a": "x" * 5_000}}, "found a text of 5000"),
        ({"attributes": {"a": {"b": 1}}}, "found {'b': 1}"),
        ({"attributes": {"a": float("nan")}}, "found nan"),
    ],
)
async def test_errors_say_what_was_found(fields: dict[str, Any], said: str) -> None:
    """Not its type alone."""
    async with TestRouter(a_small_plan()) as router:
        with pytest.raises(SignalError, match=f".*{said.replace('{', '.')}".replace("±", ".")):
            await router.submit("support", "voice", **fields)


async def test_long_ids_are_cut_and_guesses_are_cheap() -> None:
    """An id of 10 KB does not come back whole, and nothing is guessed for it, nor among very many agents."""
    async with TestRouter(a_small_plan()) as router:
        with pytest.raises(SignalError) as refused:
            await router.sign_in("a" * 10_240)
        assert len(str(refused.value)) < 120
    crowd = a_plan(*(an_agent(f"a{number}") for number in range(6_000)), sections=[a_section("support")])
    async with TestRouter(crowd) as router:
        with pytest.raises(SignalError, match=r"^agent 'b7' is not known$"):
            await router.sign_in("b7")


@pytest.mark.parametrize("kind", ["OfferMade", int, made.OfferAccepted, None], ids=str)
async def test_what_is_no_fact_cannot_be_subscribed_to(kind: Any) -> None:
    """It would never come, and the reader would wait for ever without a word."""
    async with TestRouter(a_small_plan()) as router:
        with pytest.raises(TypeError, match="expected kinds of facts from router.core.facts, found "):
            router.subscribe(kind)


def test_a_path_is_no_plan() -> None:
    """The commonest first mistake is told at once, with what would do."""
    with pytest.raises(
        TypeError, match=r"expected a Plan, as router.load\(path\) returns it, found 'centre'"
    ):
        Router("centre")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("duration", "said"),
    [("10:30", "write it as '1m30s'"), ("-5s", "write it as"), (-5, "less than nothing")],
)
def test_durations_that_are_none(duration: Any, said: str) -> None:
    """Plain errors of the test kit."""
    with pytest.raises(ValueError, match=said) as refused:
        in_ms(duration)
    assert type(refused.value) is ValueError
