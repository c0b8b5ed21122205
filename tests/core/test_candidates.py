"""Agents to pick from: the merged lists answer as one list does, and what is asked costs no more where more are free."""

from __future__ import annotations

import sys
from bisect import bisect_right
from random import Random
from types import FrameType

import pytest

from agents.model import AgentId
from router.core.candidates import SortedCandidates
from router.core.requirement import AgentTerm, Any
from router.core.signals import AgentSignedIn, InteractionArrived
from tests.core.builders import a_call, a_plan, an_agent, an_engine, skill


def ids_of(*numbers: int) -> list[AgentId]:
    """Ids in order."""
    return [AgentId(f"a{number:03d}") for number in sorted(numbers)]


def test_merged_lists_answer_as_one_list(rng: Random) -> None:
    """Length, every index and every count are those of the sorted list of all ids without the skipped."""
    for _ in range(300):
        numbers = rng.sample(range(200), rng.randint(0, 120))
        cuts = sorted(rng.randint(0, len(numbers)) for _ in range(rng.randint(0, 5)))
        if rng.random() < 0.3:
            numbers.sort()
        parts = [numbers[low:high] for low, high in zip([0, *cuts], [*cuts, len(numbers)], strict=True)]
        skipped = set(rng.sample(range(200), rng.randint(0, 20)))
        added = rng.sample(sorted(skipped), rng.randint(0, len(skipped)))
        candidates = SortedCandidates([ids_of(*part) for part in parts], ids_of(*skipped), ids_of(*added))
        expected = ids_of(*(set(numbers) - skipped | set(added)))
        assert len(candidates) == len(expected)
        assert [candidates[index] for index in range(len(candidates))] == expected
        for agent_id in ids_of(*range(0, 200, 7)):
            assert candidates.count_to(agent_id) == bisect_right(expected, agent_id)


@pytest.mark.parametrize("also_listed", [True, False])
def test_an_agent_judged_by_name_counts_whether_its_kind_does_or_not(also_listed: bool) -> None:
    """What is skipped is what the lists say of it; what is added stays, once."""
    listed = ids_of(1, 2, 3) if also_listed else ids_of(1, 3)
    candidates = SortedCandidates([listed], ids_of(2, 9), ids_of(2))
    assert [candidates[index] for index in range(len(candidates))] == ids_of(1, 2, 3)
    assert [candidates.count_to(agent_id) for agent_id in ids_of(0, 1, 2, 3)] == [0, 1, 2, 3]


@pytest.mark.parametrize("index", [-1, 2])
def test_an_index_beyond_the_last_is_refused(index: int) -> None:
    """Like a list's, but without counting from the end."""
    with pytest.raises(IndexError):
        SortedCandidates([ids_of(1, 2)])[index]


def calls_of_one_decision(count: int, choice: str, call: InteractionArrived) -> int:
    """How many functions are called until an arrival has its agent, with so many free agents of two kinds."""
    agents = [
        an_agent(f"a{number:04d}", french=9, **({"law": 5} if number % 2 else {})) for number in range(count)
    ]
    engine = an_engine(a_plan(*agents, choice=choice))
    for agent in agents:
        engine.handle(AgentSignedIn(agent.agent_id), 0)
    engine.handle(a_call("first", requirement=call.requirement), 1)
    calls = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        engine.handle(call, 2)
    finally:
        sys.setprofile(None)
    return calls


NAMING = Any(of=(skill("french", 4), AgentTerm(agents=(AgentId("a0007"),))))


@pytest.mark.parametrize("choice", ["random", "round-robin", "longest-idle"])
@pytest.mark.parametrize("call", [a_call(), a_call(requirement=NAMING)], ids=["anybody", "names an agent"])
def test_a_decision_looks_at_kinds_not_at_agents(choice: str, call: InteractionArrived) -> None:
    """With thirty times the free agents an arrival costs about the same, whoever the choice or the requirement names."""
    few, many = calls_of_one_decision(60, choice, call), calls_of_one_decision(1_800, choice, call)
    assert many < 2 * few + 100, (few, many)
