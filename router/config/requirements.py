"""A single requirement, written as in a section's file, that comes with a message instead of in a file."""

from __future__ import annotations

import json
from typing import Final

from pydantic import JsonValue

from router.config.compile_rules import requirement
from router.config.documents import Model, validate_document
from router.config.names import Names, Place
from router.config.schema_rules import Need
from router.config.yaml_source import read_text
from router.core.plan import Plan
from router.core.requirement import Requirement
from router.errors import ConfigError

KEPT: Final = 1024
"""So many different requirements are kept as they were read; senders mostly repeat a few."""


class _Asked(Model):
    requirement: Need


class RequirementReader:
    """Reads requirements under a plan, each different one once."""

    def __init__(self) -> None:
        self._version = ""
        self._names = Names()
        self._read: dict[str, Requirement] = {}

    def __call__(self, written: JsonValue, plan: Plan) -> Requirement:
        """Return the tree for ``written``: a skill (``french >= 4``), a mapping or a list. Raises ``ConfigError`` with all that is wrong.

        Agents and pools must be those of the plan; skills too, unless no agent of the plan has any.
        """
        if plan.version != self._version:
            self._version, self._names, self._read = plan.version, _names(plan), {}
        text = json.dumps(written, sort_keys=True)
        tree = self._read.get(text)
        if tree is None:
            if len(self._read) >= KEPT:
                self._read.clear()
            tree = self._read[text] = _read(text, self._names)
        return tree


def _read(text: str, names: Names) -> Requirement:
    document = read_text(f'{{"requirement": {text}}}', "")
    asked = validate_document(document, _Asked)
    tree = requirement(asked.requirement, Place(document) / "requirement", names)
    if document.problems:
        raise ConfigError(document.problems)
    return tree


def _names(plan: Plan) -> Names:
    nowhere = Place(read_text("{}", ""))
    skills = {skill.name for agent in plan.agents for skill in agent.skills}
    return Names(
        skills=sorted(skills) if skills else None,
        pools={pool.pool_id: nowhere for pool in plan.pools},
        agents={agent.agent_id: nowhere for agent in plan.agents},
    )
