"""The configuration reference, from the models: ``python -m router.config.reference docs/configuration.md`` renews it.

What people wrote around the two marks in the file stays as it is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from router.config import (
    schema,
    schema_agents,
    schema_calendars,
    schema_callbacks,
    schema_estimates,
    schema_ladders,
    schema_offers,
    schema_rules,
)
from router.config.json_schema import schema_of
from router.config.schema_affinity import CustomerMemoryMap, WindowMap
from router.config.schema_rates import RateMap
from router.config.schema_selection import QueueLevelMap, SelectionMap

BEGIN: Final = (
    "<!-- begin of the reference: made by `python -m router.config.reference docs/configuration.md` -->"
)
END: Final = "<!-- end of the reference -->"

CHAPTERS: Final[tuple[tuple[str, tuple[tuple[str, type[BaseModel]], ...]], ...]] = (
    (
        "The centre",
        (
            ("centre.yaml", schema.CentreFile),
            ("channel", schema.ChannelMap),
            ("pool", schema_agents.PoolMap),
            ("estimates", schema_estimates.EstimatesMap),
            ("calendar", schema_calendars.CalendarMap),
            ("agents.yaml", schema_agents.AgentsFile),
            ("agent", schema_agents.AgentMap),
            ("rate", RateMap),
        ),
    ),
    (
        "A section",
        (
            ("sections/NAME.yaml", schema.SectionFile),
            ("queue", schema.QueueMap),
            ("answer", schema.AnswerMap),
            ("intake rule", schema.IntakeMap),
            ("condition", schema_rules.WhenMap),
            ("comparison", schema_rules.TestMap),
            ("need", schema_rules.NeedMap),
        ),
    ),
    (
        "A ladder",
        (
            ("step", schema_ladders.StepMap),
            ("condition of a step", schema_ladders.GuardMap),
            ("trigger", schema_ladders.TriggerMap),
            ("operation", schema_ladders.OperationMap),
            ("relax", schema_ladders.RelaxMap),
            ("notice", schema_ladders.NoticeMap),
            ("announcement", schema_ladders.AnnouncementMap),
            ("callback offer", schema_callbacks.CallbackOfferMap),
        ),
    ),
    (
        "Offers, wrap-up, limits",
        (
            ("offers", schema_offers.Offers),
            ("offer rules", schema_offers.OfferMap),
            ("pause", schema_offers.PauseMap),
            ("wrap-up", schema_offers.WrapUpsMap),
            ("wrap-up rule", schema_offers.WrapUpMap),
            ("limit", schema_offers.LimitMap),
            ("callbacks", schema_callbacks.CallbacksMap),
            ("closed", schema_calendars.ClosedMap),
            ("window of favoured agents", WindowMap),
            ("customer memory", CustomerMemoryMap),
            ("queue selection", SelectionMap),
            ("queue level", QueueLevelMap),
        ),
    ),
)

_HEADINGS: Final = {model.__name__: heading for _, parts in CHAPTERS for heading, model in parts} | {
    "SectionMap": "sections/NAME.yaml",
    "Need": "need",
    "When": "condition",
    "Guard": "condition of a step",
}


def reference() -> str:
    """Return the reference: a table for every mapping of the files."""
    lines: list[str] = []
    for chapter, parts in CHAPTERS:
        lines += [f"## {chapter}", ""]
        for heading, model in parts:
            lines += [f"### {heading}", "", *_about(model), ""]
    return "\n".join(lines).rstrip() + "\n"


def _about(model: type[BaseModel]) -> Iterator[str]:
    written = schema_of(model)
    if "$ref" in written:
        written |= written["$defs"][written["$ref"].rsplit("/", 1)[-1]]
    yield " ".join(written.get("description", "").split())
    yield ""
    yield "| key | value | meaning |"
    yield "|---|---|---|"
    required = set(written.get("required", ()))
    for key, part in written.get("properties", {}).items():
        must = " *(required)*" if key in required else ""
        yield f"| `{key}` | {_cell(_kind(part))} | {_cell(part.get('description', ''))}{must} |"
    for pattern, part in written.get("patternProperties", {}).items():
        if pattern != "^x-":
            yield f"| `attributes.NAME` | {_cell(_kind(part))} | An attribute of the interaction. |"
    if isinstance(written.get("additionalProperties"), dict):
        part = written["additionalProperties"]
        yield f"| *any other* | {_cell(_kind(part))} | {_cell(part.get('description', ''))} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _kind(part: dict[str, Any]) -> str:
    """Say in a few words what may stand there."""
    if "$ref" in part:
        heading = _HEADINGS[part["$ref"].rsplit("/", 1)[-1]]
        return f"[{heading}](#{_anchor(heading)})"
    alternatives = part.get("oneOf") or part.get("anyOf")
    if alternatives and part.get("title") not in {"level", "skill", "value"}:
        return " or ".join(dict.fromkeys(_kind(one) for one in alternatives))
    if "const" in part:
        return f"`{part['const']}`"
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    if "title" in part:
        return str(part["title"])
    if part.get("type") == "array":
        return f"list of: {_kind(part['items'])}"
    if part.get("type") == "object":
        values = [*part.get("patternProperties", {}).values(), part.get("additionalProperties")]
        return f"mapping of name to {next(_kind(value) for value in values if isinstance(value, dict))}"
    if part.get("type") == ["string", "integer"]:  # a value in a mapping of names has lost its title
        return "name" if "pattern" in part else "text"
    if part.get("type") in {"integer", "number"}:
        if "minimum" in part and "maximum" in part:
            return f"number {part['minimum']:,} … {part['maximum']:,}"
        return "number"
    return {"boolean": "`true`, `false`"}.get(part.get("type", ""), str(part.get("type", "anything")))


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def renewed(text: str) -> str:
    """Return the text of the file with the reference between its marks made anew."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError("the file has no marks that say where the reference goes")
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
    if not sys.argv[1:]:
        sys.stdout.write(reference())
