"""The reference of cases, from the models: ``python -m router.harness.cases.reference docs/cases.md`` renews it.

What people wrote around the two marks in the file stays as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from router.config.scalars import kebab
from router.harness.cases import models, models_expected
from router.harness.cases.patterns import KINDS, field_name

BEGIN: Final = (
    "<!-- begin of the reference: made by `python -m router.harness.cases.reference docs/cases.md` -->"
)
END: Final = "<!-- end of the reference -->"

PARTS: Final[tuple[tuple[str, type[BaseModel]], ...]] = (
    ("A case: cases/NAME.yaml", models.CaseFile),
    ("check", models.CheckMap),
    ("A step", models.StepMap),
    ("arrive", models.ArrivalMap),
    ("accept, decline, connect-fails", models.ReplyMap),
    ("finish, wrap-up-done", models.AgentOf),
    ("cancel", models.ReasonMap),
    ("callback", models.CallbackMap),
    ("transfer", models.TransferMap),
    ("reload", models.ReloadMap),
    ("answer", models.AnswerMap),
    ("expect", models_expected.ExpectMap),
    ("offered, assigned", models_expected.DecisionMap),
    ("ended", models_expected.EndMap),
    ("presence", models_expected.PresenceMap),
    ("explain, decided", models_expected.VerdictMap),
    ("steps", models_expected.TakenMap),
    ("estimate, if-it-arrived", models_expected.EstimateMap),
    ("count", models_expected.CountMap),
    ("report", models_expected.FiguresMap),
)


def reference() -> str:
    """Return the reference: a table for every mapping of a case, and all kinds of facts."""
    lines: list[str] = []
    for heading, model in PARTS:
        lines += [f"### {heading}", "", *_about(model), ""]
    lines += ["### Kinds of facts", "", "| fact | fields |", "|---|---|"]
    for name, kind in KINDS.items():
        lines.append(f"| `{name}` | " + ", ".join(f"`{field_name(field)}`" for field in kind._fields) + " |")
    return "\n".join(lines) + "\n"


def _about(model: type[BaseModel]) -> Iterator[str]:
    yield " ".join((model.__doc__ or "").split())
    yield ""
    yield "| key | meaning |"
    yield "|---|---|"
    for name, field in model.model_fields.items():
        must = " *(required)*" if field.is_required() else ""
        meaning = " ".join((field.description or "").split()).replace("|", "\\|")
        yield f"| `{kebab(name)}` | {meaning}{must} |"


def renewed(text: str) -> str:
    """Return the text of the file with the reference between its marks made anew."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError("the file has no marks that say where the reference goes")
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:]):
        file.write_text(renewed(file.read_text(encoding="utf-8")), encoding="utf-8")
    if not sys.argv[1:]:
        sys.stdout.write(reference())
