"""The shipped engine in virtual time against queueing theory, by independent replications after a warm-up.

Each figure's 95 % Student-t interval must hold theory's value. Such an interval misses one time in twenty by
nature, whatever is right; so the seed is fixed, and is the one of `docs/theory.md`. Who changes the order of
draws and finds one figure out by a little should look at the page, made anew, before believing either.
"""

from __future__ import annotations

import pytest

from router.harness import theory_models as models
from router.harness.theory_models import Case, Outcome
from router.harness.theory_table import SEED

REPLICATIONS = 10


def agreement(case: Case, customers: int) -> Outcome:
    """Replicate a case and print what came of it, for whoever reads a failure."""
    outcome = models.replicate(case, seed=SEED, replications=REPLICATIONS, customers=customers)
    print(f"{case.name}: seed {SEED}, {outcome.customers} customers")  # noqa: T201 - shown when the test fails
    for verdict in outcome.verdicts:
        claim, interval = verdict.claim, verdict.interval
        print(  # noqa: T201 - likewise
            f"  {claim.what}: theory {claim.expected:.5g}, simulated {interval.mean:.5g} ± {interval.half_width:.2g}"
        )
    return outcome


def outside(outcome: Outcome) -> list[str]:
    """Name the figures whose interval misses theory's value."""
    return [verdict.claim.what for verdict in outcome.verdicts if not verdict.agrees]


def widest(outcome: Outcome) -> float:
    """Return the widest half width, as a share of theory's value: an interval that holds everything says
    nothing.
    """
    return max(verdict.interval.half_width / verdict.claim.expected for verdict in outcome.verdicts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "customers"),
    [
        pytest.param(models.delay(3, 2.0), 20_000, id="M/M/3"),
        pytest.param(models.delay(10, 8.0), 20_000, id="M/M/10"),
    ],
)
def test_a_queue_without_limits_agrees_with_erlang_c(case: Case, customers: int) -> None:
    """M/M/n: the share that waits and the mean wait."""
    outcome = agreement(case, customers)
    assert [verdict.claim.what for verdict in outcome.verdicts] == ["P(wait)", "mean wait"]
    assert outside(outcome) == []
    assert widest(outcome) < 0.12


@pytest.mark.slow
def test_a_queue_with_limited_room_agrees_with_its_birth_and_death_chain() -> None:
    """M/M/n/K by the queue's own limit: the share refused, and the waits of those let in."""
    outcome = agreement(models.room(5, 9, 5.0), 15_000)
    assert [verdict.claim.what for verdict in outcome.verdicts] == [
        "P(refused)",
        "P(wait), let in",
        "mean wait, let in",
    ]
    assert outside(outcome) == []
    assert widest(outcome) < 0.05


@pytest.mark.slow
def test_a_queue_without_room_agrees_with_the_loss_formula() -> None:
    """M/M/n/n: with a limit of 0 nobody waits, and the share refused is Erlang B."""
    outcome = agreement(models.room(5, 5, 4.0), 15_000)
    assert [verdict.claim.what for verdict in outcome.verdicts] == ["P(refused)"]
    assert outside(outcome) == []
    assert widest(outcome) < 0.03


@pytest.mark.slow
def test_impatient_customers_agree_with_erlang_a() -> None:
    """M/M/n+M: the share that leaves, the mean wait of all, and that of the answered."""
    outcome = agreement(models.patience(10, 10.0, 120_000), 15_000)
    assert [verdict.claim.what for verdict in outcome.verdicts] == [
        "P(abandon)",
        "mean wait, all",
        "mean wait, answered",
    ]
    assert outside(outcome) == []
    assert widest(outcome) < 0.06


@pytest.mark.slow
def test_two_strict_priorities_agree_with_kella_and_yechiali() -> None:
    """Under `strict` the mean wait of each class is that of the non-preemptive priority queue."""
    outcome = agreement(models.priorities(5, 2.0, 2.0), 20_000)
    assert [verdict.claim.what for verdict in outcome.verdicts] == ["mean wait, urgent", "mean wait, normal"]
    assert outside(outcome) == []
    assert widest(outcome) < 0.12


@pytest.mark.slow
def test_a_skill_network_agrees_with_adan_and_weiss() -> None:
    """`oldest` and `longest-idle`: waits by type, and who serves whom."""
    outcome = agreement(models.skills([2.0, 2.5], [(3, "a"), (2, "ab"), (2, "b")]), 15_000)
    assert [verdict.claim.what for verdict in outcome.verdicts] == [
        *("P(wait), a", "mean wait, a", "matches a × a", "matches a × ab"),
        *("P(wait), b", "mean wait, b", "matches b × ab", "matches b × b"),
    ]
    assert outside(outcome) == []
    assert widest(outcome) < 0.1


@pytest.mark.slow
def test_priorities_do_not_agree_with_the_formula_for_none() -> None:
    """The control: held against first come, first served, the urgent wait far too short and the others far
    too long.
    """
    outcome = agreement(models.without_priorities(5, 2.0, 2.0), 10_000)
    urgent, normal = outcome.verdicts
    assert not urgent.agrees
    assert urgent.interval.high < urgent.claim.expected / 2
    assert not normal.agrees
    assert normal.interval.low > normal.claim.expected


def test_a_seed_gives_the_same_figures_again_and_another_seed_others() -> None:
    """Everything random comes from the seed."""
    case = models.priorities(2, 0.5, 0.5)

    def means(seed: int) -> list[float]:
        outcome = models.replicate(case, seed=seed, replications=2, customers=200)
        return [verdict.interval.mean for verdict in outcome.verdicts]

    assert means(1) == means(1)
    assert means(1) != means(2)
