"""Configuration: files to a plan, with every problem of all files at once and its place.

    plan = router.config.load("configs/quickstart")      # a folder, or one file with everything in it
    plan = router.config.load_text(text)                      # the same from a text
    problems, warnings = router.config.check("configs/quickstart")

Importing this package loads neither pydantic nor yaml; the first call does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.core.plan import Plan
    from router.errors import Problem

__all__ = ["check", "load", "load_text"]


def load(path: str | Path) -> Plan:
    """Return the plan of a centre: of a folder (``centre.yaml``, ``sections/*.yaml``, ``agents.yaml``) or one file.

    Raises ``ConfigError`` where a file cannot be used as it is written, ``PlanError`` where all are well-formed but
    what they say is impossible; either holds all problems of all files.
    """
    from router.config.files import load as load_path

    return load_path(path)


def load_text(text: str, name: str = "<text>") -> Plan:
    """Return the plan of a centre that is written in one text; ``name`` stands in problems for the file.

    Raises like ``load``.
    """
    from router.config.files import load_text as load_from

    return load_from(text, name)


def check(path: str | Path) -> tuple[list[Problem], list[Problem]]:
    """Return what is wrong with a centre, and what is legal but probably not meant; raises nothing."""
    from router.config.files import examine

    examined = examine(path)
    return examined.problems, examined.warnings
