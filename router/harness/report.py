"""From replications to a report: means and intervals of every figure. What the fields mean is said in
`report_model`, how they are printed for people in `report_text`.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from router.core.plan import Plan
from router.harness.report_model import (
    SCHEMA,
    CostReport,
    Figure,
    FlowReport,
    OffersReport,
    QueueReport,
    RejectedReport,
    Report,
    SectionReport,
    TimesReport,
    UseReport,
)
from router.harness.run import Replication, rejected
from router.simulation.scenario import Scenario
from router.simulation.theory import mean_interval
from router.telemetry.figures import NAMED_SERVICE_LEVEL, SERVICE_LEVELS, Flow, QueueFigures, Use
from router.telemetry.waits import RELATIVE_ERROR, Times

CONFIDENCE: Final = 0.95


def build(
    plan: Plan,
    scenario: Scenario,
    replications: Sequence[Replication],
    *,
    seed: int,
    command: str,
    description: str = "",
    trace: Mapping[str, Any] | None = None,
) -> Report:
    """Return the report of some replications of one scenario."""
    figures = [each.figures for each in replications]
    first = figures[0]
    seconds = sum(each.seconds for each in replications)
    customers = sum(each.run.customers for each in replications)
    return Report(
        schema=SCHEMA,
        centre=plan.centre_id,
        plan_version=plan.version,
        scenario=scenario.name,
        description=description,
        duration_s=scenario.duration_ms / 1000,
        warm_up_s=scenario.warm_up_ms / 1000,
        short_abandon_s=first.short_abandon_ms / 1000,
        replications=len(replications),
        seed=seed,
        seeds=[each.seed for each in replications],
        command=command,
        confidence=CONFIDENCE,
        percentile_error=RELATIVE_ERROR,
        service_level=NAMED_SERVICE_LEVEL,
        customers=customers,
        left_over=sum(each.run.left_over for each in replications),
        rejected=[
            RejectedReport(code=code, count=times, first=text)
            for code, (times, text) in sorted(rejected(replications).items())
        ],
        total=flow_report([each.flow for each in figures]),
        sections=[
            SectionReport(
                section=section.section_id,
                flow=flow_report([each.sections[place].flow for each in figures]),
                queues=[
                    _queue_report([each.sections[place].queues[row] for each in figures])
                    for row in range(len(section.queues))
                ],
            )
            for place, section in enumerate(first.sections)
        ],
        everybody=use_report([each.everybody for each in figures]),
        pools=_uses([each.pools for each in figures]),
        agents=_uses([each.agents for each in figures]),
        trace=None if trace is None else dict(trace),
        cost=CostReport(
            seconds=seconds,
            customers_per_second=customers / seconds if seconds else 0.0,
            peak_memory_bytes=max(each.peak_bytes for each in replications),
            python=platform.python_version(),
        ),
    )


def figure(values: Sequence[float | None]) -> Figure:
    """Return mean and interval of one figure's values, one per replication; None where a replication
    doesn't have it.
    """
    there = [float(value) for value in values if value is not None]
    if not there:
        return Figure(mean=None, half_width=None)
    if len(there) < 2:
        return Figure(mean=there[0], half_width=None)
    interval = mean_interval(there, CONFIDENCE)
    return Figure(mean=interval.mean, half_width=interval.half_width)


def flow_report(flows: Sequence[Flow]) -> FlowReport:
    """Return the report of one queue's (section's, centre's) waits over the replications."""

    def of(value: Callable[[Flow], float | None]) -> Figure:
        return figure([value(flow) for flow in flows])

    levels = [flow.service_levels() for flow in flows]
    return FlowReport(
        arrived=of(lambda flow: flow.arrived),
        transferred_in=of(lambda flow: flow.transferred_in),
        requeued=of(lambda flow: flow.requeued),
        offered=of(lambda flow: flow.offered),
        moved_in=of(lambda flow: flow.moved_in),
        moved_out=of(lambda flow: flow.moved_out),
        answered=of(lambda flow: flow.answered),
        abandoned=of(lambda flow: flow.abandoned),
        short_abandoned=of(lambda flow: flow.short_abandoned),
        diverted=of(lambda flow: flow.diverted),
        refused=of(lambda flow: flow.refused),
        expired=of(lambda flow: flow.expired),
        cancelled=of(lambda flow: flow.cancelled),
        waiting=of(lambda flow: flow.waiting),
        answered_within=of(lambda flow: flow.answered_within),
        abandoned_within=of(lambda flow: flow.abandoned_within),
        abandonment=of(lambda flow: flow.abandonment),
        service_level={formula: figure([level[formula] for level in levels]) for formula in SERVICE_LEVELS},
        asa_s=of(lambda flow: _seconds(flow.asa_ms)),
        waits_s=times_report([flow.waits for flow in flows]),
        abandoned_after_s=times_report([flow.abandoned_after for flow in flows]),
        mean_waiting=of(lambda flow: flow.mean_waiting),
        handled=of(lambda flow: flow.handled),
        aht_s=of(lambda flow: _seconds(flow.aht_ms)),
        connected_s=of(lambda flow: _seconds(flow.connected_ms)),
        wrap_up_s=of(lambda flow: _seconds(flow.wrap_up_ms)),
        steps_taken=of(lambda flow: flow.steps_taken),
        offers=OffersReport(
            accepted=of(lambda flow: flow.offers.accepted),
            declined=of(lambda flow: flow.offers.declined),
            unanswered=of(lambda flow: flow.offers.unanswered),
            withdrawn=of(lambda flow: flow.offers.withdrawn),
            failed=of(lambda flow: flow.offers.failed),
            direct=of(lambda flow: flow.offers.direct),
        ),
    )


def times_report(times: Sequence[Times]) -> TimesReport:
    """Return the report of some times over the replications."""

    def of(value: Callable[[Times], float | None]) -> Figure:
        return figure([_seconds(value(each)) for each in times])

    return TimesReport(
        count=figure([each.count for each in times]),
        mean=of(lambda each: each.mean_ms),
        sd=of(lambda each: each.sd_ms),
        p50=of(lambda each: each.p50_ms),
        p90=of(lambda each: each.p90_ms),
        p95=of(lambda each: each.p95_ms),
        p99=of(lambda each: each.p99_ms),
        max=of(lambda each: each.max_ms),
        longest=_seconds(max((each.max_ms for each in times if each.max_ms is not None), default=None)),
    )


def use_report(uses: Sequence[Use]) -> UseReport:
    """Return the report of some agents' time over the replications."""
    return UseReport(
        agents=uses[0].agents,
        answered=figure([use.answered for use in uses]),
        busy_s=figure([use.busy_ms / 1000 for use in uses]),
        idle_s=figure([use.idle_ms / 1000 for use in uses]),
        signed_in_s=figure([use.signed_in_ms / 1000 for use in uses]),
        occupancy=figure([use.occupancy for use in uses]),
        utilization=figure([use.utilization for use in uses]),
    )


def _uses(all_uses: Sequence[Sequence[tuple[str, Use]]]) -> dict[str, UseReport]:
    return {
        name: use_report([uses[place][1] for uses in all_uses]) for place, (name, _) in enumerate(all_uses[0])
    }


def _queue_report(queues: Sequence[QueueFigures]) -> QueueReport:
    first = queues[0]
    return QueueReport(
        queue=first.queue_id,
        answer_within_s=first.answer_within_ms / 1000,
        answer_share=first.answer_share / 1000,
        flow=flow_report([queue.flow for queue in queues]),
        matches={
            pool_id: figure([queue.matches[place][1] for queue in queues])
            for place, (pool_id, _) in enumerate(first.matches)
        },
    )


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000
