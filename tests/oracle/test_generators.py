"""What the fuzzer draws is what it says: well-formed requirements, possible plans, and impossible ones."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from router.core.plan import Plan
from router.core.plan_check import plan_problems
from router.core.requirement import Requirement, problems
from router.policies import BUILT_IN
from tests.oracle.plans import broken, mutated, plans, requirements


@given(tree=requirements())
def test_random_requirements_are_well_formed(tree: Requirement) -> None:
    """No drawn requirement has a problem."""
    assert problems(tree) == []


@given(plan=plans(), seed=st.integers(0, 2**32 - 1))
def test_random_plans_are_possible(plan: Plan, seed: int) -> None:
    """No drawn plan has a problem, nor what a few changes make of it; a broken one has."""
    rng = Random(seed)
    for _ in range(4):
        assert plan_problems(plan, BUILT_IN) == []
        assert plan_problems(broken(rng, plan), BUILT_IN) != []
        plan = mutated(rng, plan)
