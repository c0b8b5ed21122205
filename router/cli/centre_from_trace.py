"""``switchroom centre-from-trace FILE --mapping MAPPING --out DIR``: a centre from an export's groups."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("trace", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--mapping", type=click.Path(path_type=Path), required=True, help="What its columns mean.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The new centre's folder.")
@click.option(
    "--waits",
    type=click.FloatRange(0.01, 0.99),
    default=0.2,
    show_default=True,
    help="The share of busy-hour work that may have to wait.",
)
def command(trace: Path, mapping: Path, out: Path, waits: float) -> None:
    """Make a centre from the groups in an export, FILE: a queue and a skill per group, agents by volume."""
    from router.config.files import load
    from router.harness.trace_centre import centre_from_trace
    from router.harness.trace_mapping import load_mapping
    from router.harness.trace_run import trace_lines

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise click.UsageError(f"{out} is there already; name a new folder")
    made = centre_from_trace(trace, load_mapping(mapping), name="from-trace", waits=waits)
    for name, text in made.files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    plan = load(out)
    for line in trace_lines(made.report):
        click.echo(line)
    click.echo(f"sized for the {made.busy_hours} busiest clock hours:")
    for team in made.teams:
        queues = f"{len(team.queues)} queues" if len(team.queues) > 1 else "1 queue"
        click.echo(f"  {team.name}: {team.load:.2f} erlangs, {team.agents} agents, {queues}")
    queue_count = sum(len(section.queues) for section in plan.sections)
    click.echo(f"{out}: {len(plan.sections)} section(s), {queue_count} queues, {len(plan.agents)} agents")
