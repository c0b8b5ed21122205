"""Expressions: what they say of what arrives, what cannot be evaluated, what is refused before it is ever evaluated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.engine import Engine
from router.core.expression import COST_MAX, LENGTH_MAX, ExpressionError, read
from router.core.intake import INTAKE_FIELDS, Intake
from router.core.names import ChannelId, InteractionId, SectionId
from router.core.plan import Expression, IntakeRule, NotOf
from router.core.signals import InteractionArrived
from router.errors import PlanError
from router.policies import BUILT_IN
from tests.core.builders import a_plan, an_agent

ARRIVAL = InteractionArrived(
    InteractionId("call-1"),
    SectionId("desk"),
    ChannelId("voice"),
    attributes={"tier": "gold", "amount": 12, "vip": True, "huge": 1e300, "a name": 1},
    priority=3,
    due_at=1_000_000,
)
NOW = 400_000


def verdict(text: str) -> bool | None:
    """What the expression says of the arrival; None: it cannot be evaluated."""
    intake = Intake((IntakeRule(name="rule", when=Expression(text=text)),))
    found = intake.classify(ARRIVAL, NOW) is not None
    return None if intake.failed else found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("priority >= 3", True),
        ("priority > 3", False),
        ("due_at - now <= 10m", True),
        ("due_at - now < 10m", False),
        ("arrived_at == now", True),
        ("attributes.tier in ['gold', 'silver']", True),
        ("attributes.tier not in ['gold']", False),
        ("attributes['a name'] == 1", True),
        ("attributes.vip", True),
        ("attributes.vip == 1", False),
        ("not attributes.vip or priority == 3", True),
        ("-priority < 0 and abs(-priority) == 3", True),
        ("attributes.amount % 5 == 2 and attributes.amount / 8 == 1.5", True),
        ("max(priority, 2) + min(priority, 2) == 5", True),
        ("starts_with(attributes.tier, 'go') and ends_with('gold', 'ld')", True),
        ("contains(attributes.tier, 'ol') and not contains('ol', attributes.tier)", True),
        ("length(attributes.tier) == 4 and lower('GOLD') == attributes.tier", True),
        ("has(attributes.tier) and not has(customer)", True),
        ("customer == 'c'", False),
        ("customer != 'c'", True),
        ("customer < 'c'", False),
        ("customer in ['c']", False),
        ("1h30m == 90m and 1500ms == 1s500ms", True),
        ("'10m' == '10m' and '10m' != '600000'", True),
        ("true", True),
        ("  priority >= 3  ", True),
        ("priority\n  >= 3", True),
    ],
)
def test_what_expressions_say(text: str, expected: bool) -> None:
    """Fields, values, joining, reckoning and functions mean what their page says."""
    assert verdict(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "customer + 1 > 0",
        "attributes.tier < 3",
        "attributes.vip + 1 == 2",
        "attributes.amount and true",
        "priority / (priority - 3) > 1",
        "priority % 0 == 1",
        "lower(customer) == 'c'",
        "not (attributes.tier < 3)",
        "attributes.amount",
    ],
)
def test_what_cannot_be_evaluated_is_false_and_counted(text: str) -> None:
    """A value of the wrong kind, a missing number and a division by 0 make the whole expression false, and are counted."""
    assert verdict(text) is None


def test_a_number_that_grows_too_large_cannot_be_evaluated() -> None:
    """Reckoning ends where numbers do, without an error for anybody."""
    assert verdict("attributes.huge * attributes.huge > 1") is None


def test_looking_no_further_than_needed() -> None:
    """What decides on the left keeps the right from being evaluated."""
    assert verdict("priority == 3 or customer + 1 > 0") is True
    assert verdict("priority == 4 and customer + 1 > 0") is False


def test_a_failure_is_false_under_a_not_of_the_plan_too() -> None:
    """Around the expression the failure is a plain false, as with any comparison."""
    intake = Intake((IntakeRule(name="rule", when=NotOf(of=Expression(text="customer + 1 > 0"))),))
    assert intake.classify(ARRIVAL, NOW) is not None
    assert intake.failed == 1


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("prio > 3", "unknown name 'prio'", 0),
        ("  prio > 3", "unknown name 'prio'", 2),
        ("1m > 3 and prio > 3", "unknown name 'prio'", 11),
        ("priority > 3 and 'é' == prio", "unknown name 'prio'", 24),
        ("priority + 1", "is a number, not true or false", 0),
        ("'gold'", "is a text, not true or false", 0),
        ("priority > 'a' + 1", "expected a number, found a text", 11),
        ("priority > 1 and 2 == 'a'", "compares a number with a text", 17),
        ("true < false", "have no order", 0),
        ("1 < priority < 3", "two comparisons in one", 0),
        ("priority is 3", "this comparison is not known", 0),
        ("priority ** 3 > 1", "cannot stand in an expression", 0),
        ("[x for x in priority]", "cannot stand in an expression", 0),
        ("(lambda: 1)() == 1", "only functions can be called", 0),
        ("priority.real == 1", "only attributes have parts", 0),
        ("attributes.tier.upper == 1", "only attributes have parts", 0),
        ("attributes[priority] == 1", "only attributes have parts", 0),
        ("attributes == 1", "unknown name 'attributes'", 0),
        ("eval('1') == 1", "unknown function 'eval'", 0),
        ("lower('a', 'b') == 'a'", "takes 1, found 2", 0),
        ("has(1)", "takes one field", 0),
        ("min(*[1, 2]) == 1", "takes values only", 0),
        ("priority in []", "expected a list", 12),
        ("priority in [priority]", "a list holds", 12),
        ("True", "True is not a word here", 0),
        ("priority > 99999999999999999999", "neither a number", 11),
        ("b'x' == 'x'", "neither a number", 0),
        ("priority >", "not an expression", 0),
        ("", "not an expression", 0),
        ("priority > 3 && true", "not an expression", 0),
        ("\0", "not an expression", 0),
        ("(" * 400, "not an expression", 0),
        ("priority > 1 or " * 40 + "true", "characters long", LENGTH_MAX),
        ("not " * 13 + "true", "nested too deeply", 0),
        (" or ".join(["contains('a','b')"] * 24), "take too long", 0),
    ],
)
def test_what_is_refused_when_it_is_read(text: str, message: str, column: int) -> None:
    """What is no expression, or costs too much, is named with its column before anything is evaluated."""
    with pytest.raises(ExpressionError) as caught:
        read(text, INTAKE_FIELDS)
    assert message in caught.value.message
    if column:
        assert caught.value.column == column


def test_the_longest_expression_is_still_quick_to_read() -> None:
    """Every text of the greatest length is read or refused: depth and cost are bounded, whatever it says."""
    for part in ("not ", "(", "-", "1+", "a[", "f(", "'", "1<", "x.", "\\"):
        text = (part * LENGTH_MAX)[:LENGTH_MAX]
        with pytest.raises(ExpressionError):
            read(text, INTAKE_FIELDS)
    assert COST_MAX < LENGTH_MAX


def test_a_plan_with_an_impossible_expression_is_impossible() -> None:
    """A program that makes its own plan is told, too."""
    rule = IntakeRule(name="gold", when=NotOf(of=Expression(text="prio > 3")))
    plan = a_plan(an_agent("ana"))
    plan = replace(plan, sections=(replace(plan.sections[0], intake=(rule,)),))
    with pytest.raises(PlanError, match="intake rule 'gold': the expression 'prio > 3': unknown name 'prio'"):
        Engine(plan, BUILT_IN)
