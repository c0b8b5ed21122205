"""Asked positions: long queues against a plain list that work is inserted into, restarts and restored order, and what it must not cost."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from router.core.engine import Engine
from router.core.facts import PositionGiven
from router.core.line import BLOCK_MAX, Line
from router.core.names import InteractionId
from router.core.plan import Plan
from router.core.signals import InteractionAbandoned
from router.core.tails import Behind, tail_between
from router.errors import SignalError
from router.policies import BUILT_IN
from tests.core.builders import a_call, a_plan, an_agent, an_engine


def strict() -> Plan:
    """A centre under strict order, whose one agent is signed out."""
    return replace(a_plan(an_agent("ana")), order="strict")


def order_of(engine: Engine) -> list[str]:
    """All that waits, in the order of keys."""
    waiting = [each for each in engine.centre.interactions.values() if each.state == "queued"]
    return [each.id for each in sorted(waiting, key=lambda each: each.key or (0, 0, 0, 0))]


def inserted(line: list[tuple[int, str]], priority: int, asked: int | None, name: str) -> int:
    """Insert the name into a plain list by the rule's own words; return the position it got."""
    first = sum(other > priority for other, _ in line)
    last = sum(other >= priority for other, _ in line)
    at = last if asked is None else min(max(asked - 1, first), last)
    line.insert(at, (priority, name))
    return at + 1


@pytest.mark.parametrize("seed", range(12))
def test_positions_are_those_of_a_plain_list(seed: int) -> None:
    """Hundreds of joins of three priorities, with and without a position, and of leavings: the order is that of a list that each was
    inserted into; in every other run all at one instant.
    """
    rng = Random(seed)
    engine = an_engine(strict())
    line: list[tuple[int, str]] = []
    now = 0
    for number in range(400):
        now += rng.choice((0, 1, 5)) if seed % 2 else 0
        if line and rng.random() < 0.25:
            gone = line.pop(rng.choice((0, 0, rng.randrange(len(line)))))
            engine.handle(InteractionAbandoned(InteractionId(gone[1])), now)
            continue
        priority = rng.choice((0, 0, 0, 1, 2))
        asked = rng.choice((None, 1, 2, 3, 40, 200, rng.randint(1, 60)))
        name = f"c{number}"
        outcome = engine.handle(a_call(name, priority=priority, position=asked), now)
        got = inserted(line, priority, asked, name)
        given = [fact for fact in outcome.facts if isinstance(fact, PositionGiven)]
        assert [(fact.asked, fact.position) for fact in given] == ([] if asked is None else [(asked, got)])
        if rng.random() < 0.02:
            engine = Engine.restore(engine.plan, BUILT_IN, json.loads(json.dumps(engine.snapshot())))
    assert order_of(engine) == [name for _, name in line]


def test_the_same_spot_again_and_again_makes_no_key_longer() -> None:
    """A thousand who ask to stand third, or fifth, have keys of one step each: nobody's key grows with the queue."""
    engine = an_engine(strict())
    for number in range(10):
        engine.handle(a_call(f"c{number}"), 0)
    for number in range(1_000):
        engine.handle(a_call(f"p{number}", position=3 + 2 * (number % 2)), 0)
    tails = [each.tail or () for each in engine.centre.interactions.values()]
    assert max(len(tail) for tail in tails) <= 6


def test_a_queue_of_which_no_position_was_asked_counts_nothing() -> None:
    """The line begins with the first one asked and ends when the queue is empty."""
    engine = an_engine(strict())
    engine.handle(a_call("c1"), 0)
    (queue,) = engine.centre.queues.values()
    assert queue.line is None
    engine.handle(a_call("c2", position=1), 0)
    assert queue.line is not None
    for name in ("c1", "c2"):
        engine.handle(InteractionAbandoned(InteractionId(name)), 1)
    assert queue.line is None


@pytest.mark.parametrize("position", [0, -1, 1_000_000_001, True, "first", 1.5])
def test_a_position_that_is_none_is_refused(position: Any) -> None:
    """And nothing has arrived."""
    engine = an_engine(strict())
    with pytest.raises(SignalError, match="position: expected a whole number in 1..1000000000, found"):
        engine.handle(a_call("c1", position=position), 0)
    assert engine.centre.interactions == {}


def test_positions_cannot_be_asked_under_another_order() -> None:
    """The error says which order it is, and what would do."""
    engine = an_engine(a_plan(an_agent("ana")))
    with pytest.raises(SignalError, match="order is age-offset.*only under strict; leave it out") as caught:
        engine.handle(a_call("c1", position=1), 0)
    assert caught.value.code == "bad-position"


def test_a_tail_between_two_is_between_them() -> None:
    """However the two came to be neighbours: three thousand insertions at random."""
    rng = Random(1)
    tails: list[tuple[int, ...]] = []
    for number in range(3_000):
        at = rng.randint(0, len(tails))
        before = tails[at - 1] if at else None
        behind = tails[at] if at < len(tails) else None
        own = (rng.choice((0, number)), number)
        tail = tail_between(own, before, behind, number)
        assert before is None or before < tail
        assert behind is None or tail < behind
        tails.insert(at, tail)


def test_longer_keys_compare_with_plain_ones() -> None:
    """As the tuple of all their numbers would, on either side."""
    plain, behind, further = 7, Behind(7, (0, 9)), Behind(7, (0, 9, -1, 12))
    in_order: list[int] = [6, plain, behind, further, Behind(7, (1, 8)), 8]
    assert sorted(in_order) == in_order
    for place, one in enumerate(in_order):
        for other_place, other in enumerate(in_order):
            found = (one < other, one <= other, one == other, one != other, one >= other, one > other)
            a, b = place, other_place
            assert found == (a < b, a <= b, a == b, a != b, a >= b, a > b)
    assert hash(behind) == hash(Behind(7, (0, 9)))


def test_a_line_counts_as_a_sorted_list_does() -> None:
    """Over many blocks, with keys that come and go."""
    rng = Random(2)
    keys = [(1, rng.randint(0, 5), rng.randint(0, 99), number) for number in range(5 * BLOCK_MAX)]
    line, plain = Line(keys[: 2 * BLOCK_MAX]), sorted(keys[: 2 * BLOCK_MAX])
    for key in keys[2 * BLOCK_MAX :]:
        line.add(key)
        plain.append(key)
        gone = rng.choice(plain)
        line.remove(gone)
        plain.remove(gone)
    plain.sort()
    assert [line[at] for at in range(len(plain))] == plain
    for key in plain[::97]:
        assert line.count_before(key) == plain.index(key)
    assert line.count_before((2,)) == len(plain)
    with pytest.raises(IndexError):
        line[len(plain)]
