"""Run the entrants side by side, and print how fast they are only if they agree on the answer.

Each run is a fresh process; the entrants take turns (A B C A B C …), so that a machine that slows down slows
everybody down, and ratios are medians of the ratios inside a round. Exit codes: 0 compared, 1 the answers
disagree, 2 an entrant could not run.
"""

import argparse
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.six_types.model import SEED, TYPES
from router.simulation.theory import student_t_quantile

# (name, module, whether it draws from model.Draws and so must agree wait by wait). The engine's entrant is optional until it is built.
ENTRANTS: tuple[tuple[str, str, bool], ...] = (
    ("ciw", "benchmarks.six_types.ciw_model", True),
    ("simpy FilterStore", "benchmarks.six_types.simpy_filterstore", True),
    ("simpy dispatcher", "benchmarks.six_types.simpy_dispatcher", True),
    ("simpy callbacks", "benchmarks.six_types.simpy_callbacks", True),
    ("switchroom", "benchmarks.six_types.switchroom_model", True),
)
BASES = ("ciw", "simpy FilterStore", "simpy dispatcher")

SAME_DRAWS_RELATIVE = 1e-6
OWN_DRAWS_CONFIDENCE = 0.99
OWN_DRAWS_RELATIVE_MAX = 0.25

ROOT = Path(__file__).resolve().parents[2]

Run = dict[str, Any]


class EntrantError(Exception):
    """An entrant's process failed."""


def one_run(name: str, module: str, customers: int, seed: int) -> Run:
    """Run an entrant in a process of its own."""
    command = [sys.executable, "-m", module, "--customers", str(customers), "--seed", str(seed)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise EntrantError(
            f"{name}: {module} ended with code {done.returncode}: {last} (ciw and simpy come with the extra `bench`)"
        )
    answer: Run = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def disagreements(runs: dict[str, list[Run]], shared: dict[str, bool], customers: int) -> list[str]:
    """Return what is wrong with the answers of a verification, in words; nothing if they agree.

    Entrants on the shared draws must give the mean wait of every type to 1e-6 of the first such entrant's,
    seed by seed. Entrants on draws of their own must have a mean over the seeds inside a 99 % Student-t
    interval for the difference, and within 25 % in any case.
    """
    found = []
    for name, answers in runs.items():
        found += [
            f"{name}: answered {a['answered']} of {customers}" for a in answers if a["answered"] != customers
        ]
    base = next((name for name in runs if shared[name]), next(iter(runs)))
    for name, answers in runs.items():
        if name == base:
            continue
        if shared[name] and shared[base]:
            for seed, (one, other) in enumerate(zip(runs[base], answers, strict=True)):
                for kind in range(TYPES):
                    expected, got = one["per_type_wait"][kind], other["per_type_wait"][kind]
                    if not math.isclose(expected, got, rel_tol=SAME_DRAWS_RELATIVE, abs_tol=1e-9):
                        found.append(
                            f"{name}: run {seed}, type {kind}: mean wait {got:.6f} s, expected {expected:.6f} s as {base} on the same draws"
                        )
        else:
            found += _means_differ(base, runs[base], name, answers)
    return found


def _means_differ(base: str, base_runs: Sequence[Run], name: str, answers: Sequence[Run]) -> list[str]:
    one, other = ([a["mean_wait_s"] for a in runs] for runs in (base_runs, answers))
    seeds = len(one)
    difference = statistics.fmean(other) - statistics.fmean(one)
    error = math.sqrt((statistics.variance(one) + statistics.variance(other)) / seeds)
    allowed = student_t_quantile(0.5 + OWN_DRAWS_CONFIDENCE / 2, seeds - 1) * error
    allowed = min(allowed, OWN_DRAWS_RELATIVE_MAX * statistics.fmean(one))
    if abs(difference) <= allowed:
        return []
    return [
        f"{name}: mean wait differs from {base}'s by {difference:+.2f} s, more than ±{allowed:.2f} s over {seeds} seeds"
    ]


def summary(rounds: dict[str, list[Run]], customers: int) -> dict[str, Run]:
    """Return per entrant the medians of customers per second and memory, and the medians of its ratios to
    each base.
    """
    speeds = {name: [customers / run["seconds"] for run in runs] for name, runs in rounds.items()}
    peaks = {name: statistics.median(run["peak_kb"] for run in runs) / 1024 for name, runs in rounds.items()}
    table: dict[str, Run] = {}
    for name, runs in rounds.items():
        loaded = [run["loaded_kb"] for run in runs if run["loaded_kb"] is not None]
        table[name] = {
            "customers_per_s": statistics.median(speeds[name]),
            "customers_per_s_rounds": speeds[name],
            "peak_mb": peaks[name],
            "loaded_mb": statistics.median(loaded) / 1024 if loaded else None,
            "mean_wait_s": statistics.fmean(run["mean_wait_s"] for run in runs),
            "speed_ratio": {
                base: statistics.median(a / b for a, b in zip(speeds[name], speeds[base], strict=True))
                for base in BASES
                if base in rounds
            },
            "peak_ratio": {base: peaks[name] / peaks[base] for base in BASES if base in rounds},
        }
    return table


def print_table(table: dict[str, Run]) -> None:
    """Print the comparison for people."""
    bases = [base for base in BASES if base in table]
    heads = [f"× {base}" for base in bases]
    print(f"{'':20}{'customers/s':>12}{'peak MB':>9}{'import MB':>10}" + "".join(f"{h:>21}" for h in heads))
    for name, row in table.items():
        loaded = f"{row['loaded_mb']:10.1f}" if row["loaded_mb"] is not None else f"{'?':>10}"
        ratios = "".join(f"{row['speed_ratio'][base]:21.2f}" for base in bases)
        print(f"{name:20}{row['customers_per_s']:12,.0f}{row['peak_mb']:9.1f}{loaded}{ratios}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(
        description="Compare simulators on the six-type model, after checking that they agree."
    )
    parser.add_argument("--customers", type=int, default=100_000, help="served in each measured run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--verify-customers", type=int, default=20_000, help="served in each verification run"
    )
    parser.add_argument("--verify-seeds", type=int, default=6)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    options = parser.parse_args(arguments)
    for flag, value, least in (
        ("--customers", options.customers, 1),
        ("--rounds", options.rounds, 1),
        ("--verify-customers", options.verify_customers, 1_000),
        ("--verify-seeds", options.verify_seeds, 2),
    ):
        if value < least:
            parser.error(f"{flag}: found {value}, expected at least {least}")
    said = sys.stderr if options.json else sys.stdout
    entrants = []
    for name, module, shares in ENTRANTS:
        if importlib.util.find_spec(module) is None:
            print(f"{name}: not built yet", file=said)
        else:
            entrants.append((name, module, shares))
    seeds = [SEED + i for i in range(options.verify_seeds)]
    try:
        checks = {
            name: [one_run(name, module, options.verify_customers, seed) for seed in seeds]
            for name, module, _ in entrants
        }
        wrong = disagreements(
            checks, {name: shares for name, _, shares in entrants}, options.verify_customers
        )
        if wrong:
            print(
                "The entrants don't simulate the same model, so nothing is compared:",
                *wrong[:12],
                *([f"and {len(wrong) - 12} more"] if len(wrong) > 12 else []),
                sep="\n  ",
                file=sys.stderr,
            )
            return 1
        print(
            f"agreed: {len(checks)} entrants, {len(seeds)} seeds of {options.verify_customers:,} customers, mean wait "
            f"{statistics.fmean(run['mean_wait_s'] for runs in checks.values() for run in runs):.2f} s",
            file=said,
        )
        rounds: dict[str, list[Run]] = {name: [] for name, _, _ in entrants}
        for number in range(options.rounds):
            for name, module, _ in entrants:
                rounds[name].append(one_run(name, module, options.customers, SEED + 1_000 + number))
    except EntrantError as error:
        print(error, file=sys.stderr)
        return 2
    table = summary(rounds, options.customers)
    if options.json:
        print(
            json.dumps(
                {
                    "schema": 1,
                    "python": sys.version.split()[0],
                    "customers": options.customers,
                    "rounds": options.rounds,
                    "verified": {"customers": options.verify_customers, "seeds": seeds},
                    "entrants": table,
                }
            )
        )
    else:
        print_table(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
