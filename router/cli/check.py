"""``switchroom check PATH``: read a centre and say what is wrong, what is probably not meant, or what it has."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from router.cli import CONFIG_INVALID, print_problems
from router.config.files import Examined, examine
from router.core.durations import duration_text
from router.core.plan import Plan
from router.errors import Problem


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@click.pass_context
def command(ctx: click.Context, path: Path, *, as_json: bool) -> None:
    """Say whether the centre at PATH holds together: exit 0 if it does, 3 if not.

    PATH is a folder with centre.yaml, or one file with everything in it. Every problem of all files is printed as
    file:line:column, what was wrong, and what would do. Warnings never fail a check.
    """
    examined = examine(path, today=datetime.now(UTC).date())
    if as_json:
        click.echo(json.dumps(_as_json(examined), ensure_ascii=False, indent=2))
    elif examined.plan is None:
        print_problems(examined.problems)
    else:
        for line in summary(examined.plan):
            click.echo(line)
        for warning in examined.warnings:
            click.echo(f"warning: {warning}", err=True)
    if examined.plan is None:
        ctx.exit(CONFIG_INVALID)


def summary(plan: Plan) -> list[str]:
    """Return what a centre has, in a few lines."""
    people = sum(1 for agent in plan.agents if agent.kind == "human")
    bots = len(plan.agents) - people
    agents = f"{_many(people, 'agent')}" + (f", {bots} automated" if bots else "")
    channels = ", ".join(channel.channel_id for channel in plan.channels)
    rules = f"order {plan.order}, selection {plan.selection}"
    lines = [
        f"{plan.centre_id}: fine, version {plan.version}",
        f"  {agents}, {_many(len(plan.pools), 'pool')}, channels {channels}, {rules}",
    ]
    shown = plan.sections[:12]
    for section in shown:
        queues = ", ".join(
            f"{queue.queue_id} ({queue.answer_share / 10:g}% within {duration_text(queue.answer_within_ms)}"
            + (f", {_many(len(queue.ladder), 'step')}" if queue.ladder else "")
            + ")"
            for queue in section.queues[:8]
        )
        more = f" and {len(section.queues) - 8} more" if len(section.queues) > 8 else ""
        lines.append(f"  section {section.section_id}: {queues}{more}")
    if len(plan.sections) > len(shown):
        lines.append(f"  and {len(plan.sections) - len(shown)} more sections")
    return lines


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _as_json(examined: Examined) -> dict[str, object]:
    plan = examined.plan
    result: dict[str, object] = {
        "valid": plan is not None,
        "problems": [_problem(problem) for problem in examined.problems],
        "warnings": [_problem(warning) for warning in examined.warnings],
    }
    if plan is not None:
        result |= {
            "centre": plan.centre_id,
            "version": plan.version,
            "sections": {
                section.section_id: [queue.queue_id for queue in section.queues] for section in plan.sections
            },
            "pools": len(plan.pools),
            "agents": len(plan.agents),
            "channels": [channel.channel_id for channel in plan.channels],
        }
    return result


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
    }
