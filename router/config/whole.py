"""The whole configuration of a centre as one document: made from its files, and read again by the same models and checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from router.config.files import CentreDocuments, Examined, examine_documents, read_centre
from router.config.yaml_source import Document
from router.core.plan import Plan

NAME = "plan"
"""What problems call a document that is in no file."""

Json = dict[str, Any]


def load_whole(path: str | Path) -> tuple[Plan, Json]:
    """Return the plan of a centre and all its files as one document; raises like ``router.config.load``."""
    documents = read_centre(path)
    plan = examine_documents(documents).plan_or_raise()
    return plan, _whole(documents, plan.centre_id)


def _whole(documents: CentreDocuments, centre_id: str) -> Json:
    """Return what ``centre.yaml`` says, with the sections and agents of the other files in it, in the order of the plan."""
    value = documents.centre.value
    found: Json = {"centre": centre_id, **(value if isinstance(value, dict) else {})}
    for document in documents.sections:
        if isinstance(document.value, dict):
            section = dict(document.value)
            name = str(section.pop("section", None) or Path(document.name).stem)
            found["sections"] = {**found.get("sections", {}), name: section}
    for document in documents.rosters:
        if isinstance(document.value, dict):
            agents = document.value.get("agents")
            found["agents"] = {**found.get("agents", {}), **(agents if isinstance(agents, dict) else {})}
    return found


def examine_whole(document: Json, centre_id: str) -> Examined:
    """Return everything there is to say about such a document; where it names no centre it is that of ``centre_id``.

    As in files, keys at the top that begin with ``x-`` are left out.
    """
    for key in [key for key in document if key.startswith("x-")]:
        del document[key]
    return examine_documents(CentreDocuments(Document(NAME, document), otherwise=centre_id))
