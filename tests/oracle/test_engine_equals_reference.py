"""The engine decides as docs/semantics.md says: fact for fact what the slow reference decides, on random histories."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.oracle.cramped import cramped
from tests.oracle.duel import engine_makers, reference_makers
from tests.oracle.fuzz import random_history, report, shortened
from tests.oracle.machine import OracleMachine

HISTORIES = 240
"""How many the quick test plays."""

PARTS = 14
PART = 200
"""The thorough test plays so many parts of so many histories, about 80 s in all. Their seeds follow from the one the run prints."""

FIXED_PARTS = 4
FIXED_SEED = 20_241_124
"""So many of the parts are the same in every run, from this seed; the others are new ones, from the run's own."""

STEPS = 80


@pytest.mark.slow
@pytest.mark.parametrize("ways", ["ways for small centres", "ways for large centres"])
def test_engine_equals_reference_whatever_happens(ways: str) -> None:
    """Every outcome of the engine is the reference's, and the books balance after every step."""
    with cramped(on=ways == "ways for large centres"):
        run_state_machine_as_test(
            OracleMachine,
            settings=settings(
                max_examples=80,
                stateful_step_count=60,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


@pytest.mark.parametrize("part", range(4))
def test_engine_equals_reference_on_random_histories(part: int, seed: int) -> None:
    """Histories made up en masse: a failing one is shown as short as it can be made."""
    play_all(range(seed + part, seed + HISTORIES, 4), large=part % 2 == 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", range(PARTS), ids=lambda part: f"{'fixed' if part < FIXED_PARTS else 'fresh'}-{part}"
)
def test_engine_equals_reference_on_very_many_histories(part: int, seed: int) -> None:
    """A bug that one history in a thousand shows lived through a few hundred: thousands per run, most of them new ones."""
    first = (FIXED_SEED if part < FIXED_PARTS else seed + HISTORIES) + part * PART
    play_all(range(first, first + PART), large=part % 2 == 1)


def play_all(seeds: range, *, large: bool) -> None:
    """Play the history of each seed; fail with the first that fails, and with the command that plays it again."""
    makers = engine_makers()
    for number in seeds:
        with cramped(on=large):
            calm = number % 3 == 2
            history, failure = random_history(number, makers, STEPS, calm=calm)
            shown = "" if failure is None else report(*shortened(history, failure, makers))
        if failure is not None:
            again = f"python -m tests.oracle.fuzz --seed {number} --histories 1 --steps {STEPS}"
            also = (" --cramped" if large else "") + (" --calm" if calm else "")
            pytest.fail(f"{again}{also}\n{shown}", pytrace=False)


def test_books_balance_for_the_reference_alone(seed: int) -> None:
    """The invariants hold for the reference against itself: where they fail, the reference is wrong."""
    makers = reference_makers()
    for number in range(20):
        history, failure = random_history(seed + number, makers, STEPS)
        if failure is not None:
            shown = report(*shortened(history, failure, makers))
            pytest.fail(f"seed {seed + number} --reference\n{shown}", pytrace=False)
