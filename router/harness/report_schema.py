"""The report's description, from its models: JSON Schema for programs and ``docs/report.md`` for people.

    python -m router.harness.report_schema [--check] [ROOT]

writes both under the checkout's root; with ``--check`` it only says whether they are as the models have them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from router.config.json_schema import DIALECT
from router.harness import report_model
from router.harness.report_model import Report
from router.telemetry.figures import NAMED_SERVICE_LEVEL, SERVICE_LEVELS

SCHEMA_FILE: Final = Path("configs/schema/report.json")
PAGE_FILE: Final = Path("docs/report.md")

_FORMULAE: Final = "\n".join(f"  - `{formula}`" for formula in SERVICE_LEVELS)

_INTRODUCTION: Final = f"""\
# The report of a simulation

<!-- Made by `python -m router.harness.report_schema` from the report's models: change it there. -->

`switchroom simulate PATH --scenario NAME` prints tables for people; with `--json` it prints this document, whose `schema`
is `{report_model.SCHEMA}`. Within a version fields are only added. A JSON Schema of it is in `configs/schema/report.json`.

A scenario is a file `scenarios/NAME.yaml` beside the centre; `configs/quickstart/scenarios` has two, and
`configs/schema/scenario.json` says what may stand in one. A real export can take the place of drawn arrivals, see
[trace.md](trace.md). What theory says of the simulator is in [theory.md](theory.md).

Everything but `cost` is the same again for the same plan, scenario, `replications` and `seed`, on any machine and with any
number of processes. `command` repeats the run.

Three things are named because they move results:

- **Service level** is given under every formula in use, by its text. Where one is shown alone it is
  `{NAMED_SERVICE_LEVEL}`. The formulae:
{_FORMULAE}
- **Waits** start anew with a transfer, and when an agent is lost; they do not add up over transfers. The patience of a
  customer starts anew too.
- **The end of a shift** lets an agent finish what it holds; it takes nothing new. What waits at the end of the arrivals is
  still served for the scenario's `drain`, and counts; averages over time (`mean_waiting`, busy, idle, signed in) end with
  the arrivals.

Figures are taken after the warm-up: waits that began before it count nowhere.
"""


def schema() -> str:
    """Return the JSON Schema of the report as a file has it."""
    found = Report.model_json_schema(by_alias=True, mode="serialization")
    return (
        json.dumps({"$schema": DIALECT, **found, "title": "switchroom report"}, indent=2, ensure_ascii=False)
        + "\n"
    )


def page() -> str:
    """Return the page about the report."""
    return "\n".join((_INTRODUCTION, *_sections())) + "\n"


def _sections() -> Iterator[str]:
    for model, title in (
        (Report, "The document"),
        (report_model.Figure, "A figure"),
        (report_model.FlowReport, "Waits: `total`, `sections[].flow`, `queues[].flow`"),
        (report_model.TimesReport, "Times: `waits_s`, `abandoned_after_s`"),
        (report_model.OffersReport, "Offers"),
        (report_model.SectionReport, "A section"),
        (report_model.QueueReport, "A queue"),
        (report_model.UseReport, "Use of agents: `everybody`, `pools`, `agents`"),
        (report_model.RejectedReport, "Arrivals not taken in"),
        (report_model.CostReport, "Cost"),
    ):
        yield f"## {title}\n"
        yield " ".join((model.__doc__ or "").split()) + "\n"
        yield from _table(model)


def _table(model: type[BaseModel]) -> Iterator[str]:
    yield "| field | meaning |"
    yield "|---|---|"
    for name, field in model.model_fields.items():
        yield f"| `{field.alias or name}` | {field.description or ''} |"
    yield ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or say which are not as they should be; return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    check = "--check" in words
    root = Path(next((word for word in words if not word.startswith("-")), "."))
    stale = []
    for path, text in ((SCHEMA_FILE, schema()), (PAGE_FILE, page())):
        file = root / path
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path))
        if not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    for name in stale:
        sys.stdout.write(f"{name}: {'out of date' if check else 'written'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
