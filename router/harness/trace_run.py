"""A centre under a real export: the rows arrive when they did, the shipped engine routes them to the
centre's agents, and the report says what came of rows, assumptions and waits.

    python -m router.harness.trace_run CENTRE --trace FILE --mapping FILE [--seed S] [--json]
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from agents.behaviour import Worker
from router.config.files import load
from router.core.durations import duration_text
from router.core.facts import Fact, InteractionAssigned, InteractionEnded, InteractionQueued
from router.core.names import InteractionId
from router.core.plan import Plan
from router.errors import ConfigError
from router.harness.trace_mapping import load_mapping
from router.simulation.columns import TraceMapping
from router.simulation.scenario import Scenario
from router.simulation.trace import Trace, TraceReport, midnight, trace_customers
from router.simulation.world import Run, World
from router.telemetry.figures import CentreFigures
from router.telemetry.kpis import SHORT_ABANDON_MS, Kpis
from router.telemetry.waits import TimeMeter, Times

_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceResult:
    """What came of a trace. ``waits`` are of first answers, by the priority it arrived with."""

    report: TraceReport
    figures: CentreFigures
    run: Run
    waits: tuple[tuple[int, Times], ...]


class PriorityWaits:
    """Takes facts; measures how long work waited for its first answer, by priority."""

    def __init__(self) -> None:
        self._priority: dict[InteractionId, int] = {}
        self._meters: dict[int, TimeMeter] = {}

    def take(self, facts: Sequence[Fact]) -> None:
        """Count some facts."""
        for fact in facts:
            if type(fact) is InteractionQueued:
                if fact.cause not in {"transferred", "agent-lost"}:
                    self._priority[fact.interaction_id] = fact.priority
            elif type(fact) is InteractionAssigned:
                priority = self._priority.pop(fact.interaction_id, None)
                if priority is not None:
                    self._meters.setdefault(priority, TimeMeter()).add(fact.wait_ms)
            elif type(fact) is InteractionEnded:
                self._priority.pop(fact.interaction_id, None)

    def times(self) -> tuple[tuple[int, Times], ...]:
        """Return the figures so far, the most urgent first."""
        return tuple((priority, self._meters[priority].times()) for priority in sorted(self._meters)[::-1])


def simulate_trace(
    plan: Plan,
    path: Path,
    mapping: TraceMapping,
    *,
    workers: Sequence[Worker] | None = None,
    seed: int | str = 1,
    short_abandon_ms: int = SHORT_ABANDON_MS,
) -> TraceResult:
    """Run the plan under the export. ``workers`` None: all its agents are there and answer at once.

    The file is read twice: for when it begins and ends, and to run. Raises ``ConfigError`` where it can't be
    read or has no row that can be used.
    """
    survey = Trace(path, mapping, plan)
    for _ in survey.tickets():
        pass
    first, last = survey.report.first_ms, survey.report.last_ms
    if first is None or last is None:
        raise survey.useless()
    start = midnight(first, mapping.clock.zone)
    if workers is None:
        workers = [Worker(agent_id=agent.agent_id) for agent in plan.agents]
    scenario = Scenario(name=path.name, duration_ms=last - start + 1, workers=tuple(workers))
    kpis, waits = Kpis(plan, short_abandon_ms=short_abandon_ms), PriorityWaits()

    def sink(facts: Sequence[Fact]) -> None:
        kpis.take(facts)
        waits.take(facts)

    trace = Trace(path, mapping, plan)
    world = World(plan, scenario, seed=seed, sink=sink, sources=[trace_customers(trace, start, seed)])
    world.call_at(scenario.duration_ms, kpis.close)
    run = world.run()
    return TraceResult(report=trace.report, figures=kpis.figures(run.ended_at), run=run, waits=waits.times())


def when(ms: int) -> str:
    """Return a time of the epoch as people write it, in UTC."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%MZ")


def trace_lines(report: TraceReport) -> list[str]:
    """Return what came of the rows, in lines."""
    unused = report.unused.total()
    lines = [f"rows {report.rows}: {report.used} used, {unused} not"]
    lines += [f"  not used, {reason}: {count}" for reason, count in report.unused.most_common()]
    lines += [f"    {each}" for each in report.named[:_SHOWN]]
    if unused > _SHOWN:
        lines.append(f"    and {unused - _SHOWN} more")
    if report.first_ms is not None and report.last_ms is not None:
        lines.append(f"arrivals from {when(report.first_ms)} to {when(report.last_ms)}")
    lines.append(f"  out of order, sorted: {report.out_of_order}; gaps: {report.gap_count}")
    lines += [
        f"    {when(gap.start_ms)} to {when(gap.end_ms)}, before row {gap.row}" for gap in report.gaps[:3]
    ]
    lines.append(f"passed on: {report.passed_on} rows, {report.transfers} transfers")
    lines.append("assumed:" if report.assumed else "assumed: nothing")
    lines += [f"  {count} × {what}" for what, count in report.assumed.most_common()]
    return lines


def result_lines(result: TraceResult) -> list[str]:
    """Return the whole report, in lines."""
    flow, run = result.figures.flow, result.run
    lines = trace_lines(result.report)
    lines.append(
        f"arrived {run.customers}, transferred in {flow.transferred_in}, answered {flow.answered}, "
        f"abandoned {flow.abandoned}, diverted {flow.diverted}, refused {flow.refused}, left over {run.left_over}"
    )
    lines += [f"  not taken in, {code}: {count} ({text})" for code, (count, text) in run.rejected.items()]
    lines.append("first answers by priority, the most urgent first:")
    for priority, times in result.waits:
        lines.append(
            f"  priority {priority}: {times.count}, mean wait {_text(times.mean_ms)}, "
            f"p95 {_text(times.p95_ms)}, max {_text(times.max_ms)}"
        )
    return lines


def _text(ms: float | None) -> str:
    return "none" if ms is None else duration_text(round(ms / 1_000) * 1_000)


def as_json(result: TraceResult) -> dict[str, Any]:
    """Return the whole report as plain data."""
    report, run = result.report, result.run
    return {
        "trace": {
            "rows": report.rows,
            "used": report.used,
            "unused": dict(report.unused),
            "unused_rows": [each._asdict() for each in report.named],
            "assumed": dict(report.assumed),
            "passed_on": report.passed_on,
            "transfers": report.transfers,
            "out_of_order": report.out_of_order,
            "gap_count": report.gap_count,
            "gaps": [each._asdict() for each in report.gaps],
            "first_ms": report.first_ms,
            "last_ms": report.last_ms,
        },
        "run": run._asdict(),
        "waits_by_priority": {str(priority): asdict(times) for priority, times in result.waits},
        "figures": asdict(result.figures),
    }


@click.command()
@click.argument("centre", type=click.Path(path_type=Path))
@click.option("--trace", type=click.Path(path_type=Path), required=True, help="A CSV file, or .csv.gz.")
@click.option("--mapping", type=click.Path(path_type=Path), required=True, help="What its columns mean.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of what is drawn.")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead.")
def command(centre: Path, trace: Path, mapping: Path, seed: int, *, as_object: bool) -> None:
    """Run CENTRE under a real export, and report."""
    result = simulate_trace(load(centre), trace, load_mapping(mapping), seed=seed)
    if as_object:
        click.echo(json.dumps(as_json(result), ensure_ascii=False, indent=2))
        return
    for line in result_lines(result):
        click.echo(line)


if __name__ == "__main__":
    try:
        command()
    except ConfigError as error:
        click.echo(str(error), err=True)
        raise SystemExit(3) from None
