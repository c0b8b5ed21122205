"""The page that holds simulations against theory, made by one command:

    python -m router.harness.theory_table --out docs/theory.md

Which centres it shows, and how a page is laid out, lives here; what the centres are, and how they are
measured, in `theory_models`.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from router.harness import theory_models as models
from router.harness.theory_models import Case, Outcome, Verdict
from router.simulation.theory import Interval

REPLICATIONS: Final = 20
CUSTOMERS: Final = 40_000
SEED: Final = 20_260_101

_COMMAND: Final = "python -m router.harness.theory_table"


def cases() -> list[Case]:
    """Return every case of the page, in its order."""
    return [
        models.delay(1, 0.7),
        models.delay(5, 3.5),
        models.delay(10, 8.0),
        models.delay(50, 45.0),
        models.room(5, 5, 4.0),
        models.room(20, 20, 22.0),
        models.room(5, 9, 5.0),
        models.room(10, 15, 9.0),
        models.room(3, 8, 6.0),
        models.patience(10, 8.0, 300_000),
        models.patience(10, 10.0, 120_000),
        models.patience(30, 36.0, 180_000),
        models.priorities(1, 0.3, 0.4),
        models.priorities(5, 2.0, 2.0),
        models.priorities(20, 12.0, 5.0),
        models.skills([1.5, 1.5], [(2, "a"), (2, "ab")]),
        models.skills([2.0, 2.5], [(3, "a"), (2, "ab"), (2, "b")]),
        models.skills([2.0, 1.0, 2.0], [(2, "ab"), (2, "bc"), (3, "ac")]),
        models.skills([3.0, 2.0, 1.0], [(4, "a"), (3, "ab"), (2, "abc")]),
    ]


def wrong_cases() -> list[Case]:
    """Return the cases whose formula is the wrong one, so that disagreement can be seen to show."""
    return [models.without_priorities(5, 2.0, 2.0)]


def page(arguments: Sequence[str], outcomes: Sequence[Outcome], wrong: Sequence[Outcome]) -> str:
    """Return the page that a command with ``arguments`` makes of its outcomes."""
    return "\n".join([*_head(arguments, outcomes), *_tables(outcomes), *_control(wrong), ""])


def _head(arguments: Sequence[str], outcomes: Sequence[Outcome]) -> Iterator[str]:
    verdicts = [verdict for outcome in outcomes for verdict in outcome.verdicts]
    held = sum(verdict.agrees for verdict in verdicts)
    first = outcomes[0]
    command = shlex.join([*_COMMAND.split(), *arguments])
    yield "# Theory beside simulation"
    yield ""
    yield f"Made by `{command}`; do not edit."
    yield ""
    warm_up = models.WARM_UP_MS // models.HANDLE_MS
    yield from (
        "The engine that ships decides in virtual time; the figures are those that every simulation reports.",
        f"Handle times are exponential with a mean of {models.HANDLE_MS // 60_000} minutes, arrivals Poisson.",
        f"Each line is {first.replications} independent replications under seed {first.seed}, each after a",
        f"warm-up of {warm_up} mean handle times. *Simulated* is their mean ± the half width of its 95 %",
        "Student-t interval, *customers* all that were offered in the windows. The formulae, with their sources,",
        "are in `router/simulation/theory`.",
        "",
        f"**{held} of {len(verdicts)} intervals hold theory's value.** Of 95 % intervals one in twenty misses by",
        f"nature, here about {len(verdicts) / 20:.0f}, and which ones depends on the seed. Lines of one case come",
        "from the same customers, so they hit and miss together.",
        "",
    )


def _tables(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for model in dict.fromkeys(outcome.case.model for outcome in outcomes):
        chosen = [outcome for outcome in outcomes if outcome.case.model == model]
        yield f"## {model}: {chosen[0].case.formula}"
        yield ""
        yield from _table(chosen)
        yield ""


def _control(wrong: Sequence[Outcome]) -> Iterator[str]:
    yield "## The wrong formula, on purpose"
    yield ""
    yield "The intervals are narrow enough to tell: a centre with two priorities does not agree with first come, first served."
    yield ""
    yield from _table(wrong)


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "| case | figure | theory | simulated | holds | customers |"
    yield "|---|---|--:|--:|---|--:|"
    for outcome in outcomes:
        for verdict in outcome.verdicts:
            claim, interval = verdict.claim, verdict.interval
            digits = 4 if claim.unit == "" else 2
            unit = f" {claim.unit}" if claim.unit else ""
            yield (
                f"| {outcome.case.name} | {claim.what} | {claim.expected:.{digits}f}{unit} "
                f"| {interval.mean:.{digits}f} ± {interval.half_width:.{digits}f}{unit} "
                f"| {'yes' if verdict.agrees else '**no**'} | {outcome.customers:,} |"
            )


def _figures(number: int, *, seed: int, replications: int, customers: int) -> tuple[int, list[Interval]]:
    """What one case came to, as plain data: cases hold functions, which do not travel between processes."""
    case = [*cases(), *wrong_cases()][number]
    outcome = models.replicate(case, seed=seed, replications=replications, customers=customers)
    return outcome.customers, [verdict.interval for verdict in outcome.verdicts]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog=_COMMAND, description="Hold the simulator against queueing theory and print the page."
    )
    parser.add_argument("--out", type=Path, help="write the page there instead of printing it")
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="per replication")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=1, help="processes; the page is the same with any number")
    options = parser.parse_args(given)
    for name, value, least in (
        ("replications", options.replications, 2),
        ("customers", options.customers, 1),
        ("jobs", options.jobs, 1),
    ):
        if value < least:
            parser.error(f"--{name}: found {value}, expected at least {least}")
    everything = [*cases(), *wrong_cases()]
    run = partial(_figures, seed=options.seed, replications=options.replications, customers=options.customers)
    numbers = range(len(everything))
    if options.jobs == 1:
        figures = [run(number) for number in numbers]
    else:
        with ProcessPoolExecutor(options.jobs) as pool:
            figures = list(pool.map(run, numbers))
    outcomes = [
        Outcome(
            case=case,
            seed=options.seed,
            replications=options.replications,
            customers=customers,
            verdicts=tuple(
                Verdict(claim=claim, interval=interval)
                for claim, interval in zip(case.claims, intervals, strict=True)
            ),
        )
        for case, (customers, intervals) in zip(everything, figures, strict=True)
    ]
    right = len(cases())
    text = page(given, outcomes[:right], outcomes[right:])
    if options.out is None:
        sys.stdout.write(text)
    else:
        options.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
