"""The report for people: the same figures as the document, in tables. What they mean is said in
`report_model`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from router.harness.report_model import Figure, FlowReport, QueueReport, Report, TimesReport, UseReport

_Row = tuple[str, ...]


def lines(report: Report) -> Iterator[str]:
    """Yield the report, line by line."""
    yield f"{report.centre}: {report.scenario}" + (f" ({report.description})" if report.description else "")
    yield _what_ran(report)
    yield ""
    yield from _table(
        ("", "offered", "answered", "abandoned", "diverted", "refused", "left", "level", "target"),
        _flows(report),
    )
    yield f"  level: {report.service_level}; left: moved on, expired, called off or still waiting"
    yield ""
    yield from _table(
        (
            "wait until answered",
            "mean (ASA)",
            "p50",
            "p90",
            "p95",
            "p99",
            "max",
            "abandonment",
            "AHT",
            "waiting",
        ),
        _waits(report),
    )
    yield ""
    everybody = [("everybody", report.everybody)] if report.everybody.agents else []
    yield from _table(
        ("agents", "number", "answered", "occupancy", "utilization"),
        [_use(*each) for each in (*report.pools.items(), *everybody)],
    )
    if report.pools:
        yield ""
        yield from _table(("answers by pool", *report.pools), [_matches(queue) for queue in _queues(report)])
        yield "  an agent in several pools counts in each"
    yield ""
    yield "service level of the whole centre, by formula:"
    for formula, level in report.total.service_level.items():
        yield f"  {_share(level):>16}  {formula}"
    for each in report.rejected:
        yield f"not taken in, {each.code}: {each.count} (the first: {each.first})"
    if report.left_over:
        yield f"still there at the end: {report.left_over}"
    yield ""
    cost = report.cost
    yield (
        f"{report.customers:,} customers in {cost.seconds:.1f} s, {cost.customers_per_second:,.0f} a second, "
        f"peak memory {cost.peak_memory_bytes / 1e6:.0f} MB"
    )
    yield f"repeat with: {report.command}"


def _what_ran(report: Report) -> str:
    runs = f"{report.replications} replications" if report.replications > 1 else "1 replication"
    text = f"{runs} of {_time(report.duration_s)}"
    if report.warm_up_s:
        text += f", the first {_time(report.warm_up_s)} left out"
    text += f", seed {report.seed}"
    return f"{text}; ± is half a {report.confidence:.0%} interval" if report.replications > 1 else text


def _queues(report: Report) -> list[QueueReport]:
    return [queue for section in report.sections for queue in section.queues]


def _rows(report: Report) -> Iterator[tuple[str, FlowReport, str]]:
    """The flows in reading order, each with its name and target; a section with one queue is that queue."""
    for section in report.sections:
        alone = section.queues[0] if len(section.queues) == 1 else None
        yield section.section, section.flow, "" if alone is None else _target(alone)
        if alone is None:
            for queue in section.queues:
                yield f"  {queue.queue}", queue.flow, _target(queue)
    yield "all", report.total, ""


def _target(queue: QueueReport) -> str:
    return f"{queue.answer_share:.0%} in {_time(queue.answer_within_s)}"


def _flows(report: Report) -> Iterator[_Row]:
    for name, flow, target in _rows(report):
        left = sum(each.mean or 0.0 for each in (flow.moved_out, flow.expired, flow.cancelled, flow.waiting))
        came = sum(each.mean or 0.0 for each in (flow.offered, flow.moved_in))
        yield (
            name,
            _number(Figure(mean=came, half_width=flow.offered.half_width)),
            _number(flow.answered),
            _number(flow.abandoned),
            _number(flow.diverted),
            _number(flow.refused),
            f"{left:,.0f}" if report.replications == 1 else f"{left:,.1f}",
            _share(flow.service_level[report.service_level]),
            target,
        )


def _waits(report: Report) -> Iterator[_Row]:
    for name, flow, _ in _rows(report):
        waits: TimesReport = flow.waits_s
        yield (
            name,
            _seconds(flow.asa_s),
            *(_plain(each) for each in (waits.p50, waits.p90, waits.p95, waits.p99)),
            "-" if waits.longest is None else _time(waits.longest),
            _share(flow.abandonment),
            _plain(flow.aht_s),
            "-" if flow.mean_waiting.mean is None else f"{flow.mean_waiting.mean:.2f}",
        )


def _use(name: str, use: UseReport) -> _Row:
    return name, str(use.agents), _number(use.answered), _share(use.occupancy), _share(use.utilization)


def _matches(queue: QueueReport) -> _Row:
    return queue.queue, *(_number(each) for each in queue.matches.values())


def _number(figure: Figure) -> str:
    if figure.mean is None:
        return "-"
    if figure.half_width is None:
        return f"{figure.mean:,.0f}"
    return f"{figure.mean:,.1f} ±{figure.half_width:,.1f}"


def _share(figure: Figure) -> str:
    if figure.mean is None:
        return "-"
    return (
        f"{figure.mean:.1%}" if figure.half_width is None else f"{figure.mean:.1%} ±{figure.half_width:.1%}"
    )


def _seconds(figure: Figure) -> str:
    if figure.mean is None or figure.half_width is None:
        return _plain(figure)
    return f"{_time(figure.mean)} ±{_time(figure.half_width)}"


def _plain(figure: Figure) -> str:
    return "-" if figure.mean is None else _time(figure.mean)


def _time(seconds: float) -> str:
    """A time as people say it: ``3.2s``, ``45s``, ``7m 05s``, ``3h 10m``, ``14d 6h``."""
    if seconds < 10:
        return f"{seconds:.1f}s" if round(seconds, 1) % 1 else f"{seconds:.0f}s"
    whole = round(seconds)
    for unit, smaller, size, part in (("d", "h", 86_400, 3_600), ("h", "m", 3_600, 60), ("m", "s", 60, 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size}{unit} {rest:02d}{smaller}" if rest else f"{whole // size}{unit}"
    return f"{whole}s"


def _table(head: Sequence[str], rows: Iterator[_Row] | Sequence[_Row]) -> Iterator[str]:
    """The first column to the left, the others to the right."""
    table = [tuple(head), *rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(head))]
    for row in table:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        yield "  ".join(cells).rstrip()
