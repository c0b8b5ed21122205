"""``switchroom simulate PATH``: run a centre through a scenario, or a real export, in virtual time, and
report.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from router.core.plan import Plan
    from router.harness.report_model import Report
    from router.harness.scenarios import Loaded


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--scenario", metavar="NAME", help="Of scenarios/NAME.yaml beside the centre.")
@click.option(
    "--replications", type=click.IntRange(1, 100_000), help="Independent runs. [the scenario's, else 10]"
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="What all draws follow from."
)
@click.option(
    "--processes", type=click.IntRange(1), help="Changes nothing but the time it takes. [one per processor]"
)
@click.option(
    "--trace",
    type=click.Path(path_type=Path),
    help="A real export (.csv, .csv.gz) instead of drawn arrivals.",
)
@click.option("--mapping", type=click.Path(path_type=Path), help="What the export's columns mean.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object instead.")
def command(
    path: Path,
    scenario: str | None,
    replications: int | None,
    seed: int,
    processes: int | None,
    trace: Path | None,
    mapping: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run the centre at PATH in virtual time, and report.

    With --scenario its traffic and its agents are drawn; with --trace and --mapping the rows of a real
    export arrive as they did, at the scenario's agents if there is one, else at agents who are always there
    and answer at once. The report's JSON is described in docs/report.md.
    """
    from router.config import load
    from router.harness import scenarios

    if (trace is None) != (mapping is None):
        raise click.UsageError("--trace and --mapping go together")
    if trace is None and scenario is None:
        known = ", ".join(scenarios.names(path)) or "none yet"
        raise click.UsageError(f"say --scenario NAME (there is: {known}), or --trace FILE --mapping FILE")
    if trace is not None and (replications or 1) > 1:
        raise click.UsageError("a trace happened once: --replications doesn't go with --trace")
    plan = load(path)
    loaded = None if scenario is None else scenarios.load(scenarios.find(path, scenario), plan)
    if trace is not None and mapping is not None:
        report, extra = _of_trace(path, plan, loaded, trace, mapping, seed)
    else:
        assert loaded is not None
        report, extra = _of_scenario(path, plan, loaded, replications, seed, processes), []
    if as_json:
        click.echo(report.model_dump_json(by_alias=True, indent=2))
        return
    from router.harness.report_text import lines

    for line in (*lines(report), *extra):
        click.echo(line)


def _of_scenario(
    path: Path, plan: Plan, loaded: Loaded, replications: int | None, seed: int, processes: int | None
) -> Report:
    from router.harness.report import build
    from router.harness.run import Job, replicate

    count = loaded.replications if replications is None else replications
    job = Job(plan=plan, scenario=loaded.scenario, short_abandon_ms=loaded.short_abandon_ms)
    runs = replicate(job, replications=count, seed=seed, processes=processes)
    words = [
        "simulate",
        str(path),
        "--scenario",
        loaded.scenario.name,
        "--replications",
        str(count),
        "--seed",
        str(seed),
    ]
    return build(
        plan,
        loaded.scenario,
        runs,
        seed=seed,
        command=shlex.join(["switchroom", *words]),
        description=loaded.description,
    )


def _of_trace(
    path: Path, plan: Plan, loaded: Loaded | None, trace: Path, mapping: Path, seed: int
) -> tuple[Report, list[str]]:
    import time
    from dataclasses import replace

    from router.harness.report import build
    from router.harness.run import Replication, peak_bytes
    from router.harness.trace_mapping import load_mapping
    from router.harness.trace_run import as_json, result_lines, simulate_trace
    from router.simulation.scenario import Scenario
    from router.telemetry.kpis import SHORT_ABANDON_MS

    began = time.perf_counter()
    result = simulate_trace(
        plan,
        trace,
        load_mapping(mapping),
        workers=None if loaded is None else loaded.scenario.workers,
        seed=seed,
        short_abandon_ms=SHORT_ABANDON_MS if loaded is None else loaded.short_abandon_ms,
    )
    once = Replication(
        seed=seed,
        figures=result.figures,
        run=result.run,
        seconds=time.perf_counter() - began,
        peak_bytes=peak_bytes(),
    )
    words = ["simulate", str(path), "--trace", str(trace), "--mapping", str(mapping), "--seed", str(seed)]
    if loaded is not None:
        words += ["--scenario", loaded.scenario.name]
    scenario = Scenario(name=trace.name, duration_ms=result.figures.until_ms)
    if loaded is not None:
        scenario = replace(scenario, workers=loaded.scenario.workers)
    document = as_json(result)
    report = build(
        plan,
        scenario,
        [once],
        seed=seed,
        command=shlex.join(["switchroom", *words]),
        description="" if loaded is None else loaded.description,
        trace={**document["trace"], "waits_by_priority": document["waits_by_priority"]},
    )
    return report, ["", *result_lines(result)]
