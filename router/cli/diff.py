"""``switchroom diff OLD NEW``: what a change of the configuration does, in words, to the rules and to the work that waits."""

from __future__ import annotations

import json
from pathlib import Path

import click

from router.cli import CONFIG_INVALID, print_problems
from router.config.files import examine
from router.core.adoption import Adoption, adoption, in_words
from router.core.differences import differences
from router.core.engine import Engine
from router.core.plan import Plan
from router.errors import StoreError
from router.policies import BUILT_IN

DIFFERENT = 1


@click.command()
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="[OLD] NEW")
@click.option(
    "--journal",
    type=click.Path(path_type=Path, exists=True),
    help="A daemon's journal, running or not: what the change does to the work in it. Its plan is OLD where that is left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], journal: Path | None, *, as_json: bool) -> None:
    """Say in words what NEW changes against OLD: exit 0 if nothing, 1 if something, 3 if one of them, or the journal, cannot be used.

    Both are centres, as for `switchroom check`. With --journal the new plan is tried on a copy of the centre as it is now.
    """
    if len(paths) > 2 or (len(paths) == 1 and journal is None):
        raise click.UsageError("give OLD and NEW, or NEW and --journal FOLDER")
    plans = [_plan(ctx, path) for path in paths]
    engine = None if journal is None else _running(ctx, journal)
    if engine is not None and len(plans) == 1:
        plans.insert(0, engine.plan)
    old, new = plans
    changes = differences(old, new)
    would = None if engine is None else adoption(engine, new, BUILT_IN)
    if as_json:
        click.echo(json.dumps(_as_json(old, new, changes, would), ensure_ascii=False, indent=2))
    else:
        for change in changes:
            click.echo(change)
        if not changes:
            click.echo(f"no difference: {old.centre_id} stays as it is")
        if would is not None:
            click.echo("\nat once:")
            for line in in_words(would):
                click.echo(f"  {line}")
    if changes:
        ctx.exit(DIFFERENT)


def _plan(ctx: click.Context, path: Path) -> Plan:
    examined = examine(path)
    if examined.plan is None:
        print_problems(examined.problems)
        ctx.exit(CONFIG_INVALID)
    return examined.plan


def _running(ctx: click.Context, journal: Path) -> Engine:
    """The engine as it was after the journal's last entry; whoever writes to it goes on."""
    from router.service.replay import replay
    from router.stores.compaction import Compaction

    try:
        with Compaction(journal) as reader:
            return replay(reader.recover()).engine
    except StoreError as error:  # the code of an error would say here that there is a difference
        click.echo(f"Error: {error}", err=True)
        ctx.exit(CONFIG_INVALID)


def _as_json(old: Plan, new: Plan, changes: list[str], would: Adoption | None) -> dict[str, object]:
    found: dict[str, object] = {"old": old.version, "new": new.version, "changes": changes}
    if would is not None:
        found["at_once"] = would._asdict() | {"words": list(in_words(would))}
    return found
