"""``switchroom schema``: JSON Schema of the files, so that editors complete, explain and check them while they are written."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click
from pydantic import BaseModel

from router.config.json_schema import schema_text

KINDS: Final[dict[str, tuple[str, str]]] = {
    "centre": ("router.config.schema", "CentreFile"),
    "section": ("router.config.schema", "SectionFile"),
    "agents": ("router.config.schema_agents", "AgentsFile"),
    "scenario": ("router.harness.models", "ScenarioFile"),
    "case": ("router.harness.cases.models", "CaseFile"),
    "mapping": ("router.harness.trace_mapping", "MappingFile"),
}
"""Kinds of files, and the models that read them; one whose module is not there is left out."""


def kinds() -> dict[str, type[BaseModel]]:
    """Return the models by kind of file."""
    found: dict[str, type[BaseModel]] = {}
    for kind, (module, name) in KINDS.items():
        if find_spec(module) is not None:
            model = getattr(import_module(module), name)
            assert issubclass(model, BaseModel)
            found[kind] = model
    return found


@click.command()
@click.option("--kind", type=click.Choice(sorted(KINDS)), help="Of which file; all of them if left out.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write KIND.json into this folder."
)
@click.option(
    "--markdown",
    is_flag=True,
    help="Print the reference of the files instead, as docs/configuration.md has it.",
)
@click.option(
    "--openapi",
    is_flag=True,
    help="Print the OpenAPI document of the daemon instead, as docs/openapi.json has it.",
)
def command(kind: str | None, out: Path | None, *, markdown: bool, openapi: bool) -> None:
    """Write JSON Schema (2020-12) of the files.

    Point an editor to it with a first line `# yaml-language-server: $schema=PATH/centre.json`.
    """
    if markdown:
        from router.config.reference import reference

        click.echo(reference(), nl=False)
        return
    if openapi:
        if find_spec("fastapi") is None:
            raise click.UsageError("the daemon is not installed: pip install 'switchroom[daemon]'")
        from router.transports.http.document import document_text

        click.echo(document_text(), nl=False)
        return
    models = {name: model for name, model in kinds().items() if kind in {None, name}}
    if not models:
        raise click.UsageError(f"this installation has no files of kind {kind!r}")
    if out is None and len(models) > 1:
        raise click.UsageError("say which with --kind, or where to with --out")
    for name, model in models.items():
        if out is None:
            click.echo(schema_text(model), nl=False)
        else:
            out.mkdir(parents=True, exist_ok=True)
            (out / f"{name}.json").write_text(schema_text(model), encoding="utf-8")
            click.echo(f"{out / name}.json")
