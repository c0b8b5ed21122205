"""Parts of documents, and documents with parts of another on top, that still know where everything in them was written.

A case carries a small centre inside its own file, or changes a few lines of the centre beside it. Both are read by
`router.config` like any centre, and a mistake is reported where its author wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from router.config.documents import Document
from router.config.files import CentreDocuments
from router.config.yaml_source import Steps, Value, dotted
from router.errors import Problem


class Part(Document):
    """What stands at a path of another document, as a document."""

    def __init__(self, whole: Document, prefix: Steps) -> None:
        super().__init__(whole.name, value_at(whole.value, prefix))
        self._whole, self._prefix = whole, prefix

    def place(self, steps: Steps, *, key: bool = False) -> tuple[int, int]:
        """Return line and column in the whole document."""
        return self._whole.place((*self._prefix, *steps), key=key)

    def problem(self, steps: Steps, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """Return a problem at the path, by its path in the whole document."""
        steps = self.original(steps)
        line, column = self.place(steps, key=key)
        return Problem(self.name, line, column, dotted((*self._prefix, *steps)), message, hint)


class Overlaid(Document):
    """A document with a part of another on top: mappings are merged, all else is replaced."""

    def __init__(self, base: Document, over: Document) -> None:
        super().__init__(base.name, merged(base.value, over.value), list(base.problems))
        self._base, self._over = base, over

    def place(self, steps: Steps, *, key: bool = False) -> tuple[int, int]:
        """Return line and column in the document that says it."""
        return self._writer(steps).place(steps, key=key)

    def problem(self, steps: Steps, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """Return a problem at the path, in the document that says it."""
        steps = self.original(steps)
        return self._writer(steps).problem(steps, message, hint, key=key)

    def _writer(self, steps: Steps) -> Document:
        return self._over if has(self._over.value, steps) else self._base


class Copied(Document):
    """A document whose agents are there several times: ``agent`` as ``agent-1``, ``agent-2``, …"""

    def __init__(self, base: Document, copies: Mapping[str, int]) -> None:
        super().__init__(base.name, base.value, list(base.problems))
        self._base = base
        self._originals: dict[str, str] = {}
        if not isinstance(base.value, dict) or not isinstance(agents := base.value.get("agents"), dict):
            return
        crowd: dict[str, Value] = {}
        for name, agent in agents.items():
            if name not in copies:
                crowd[name] = agent
            for copy in copy_names(name, copies.get(name, 0)):
                crowd[copy] = agent
                self._originals[copy] = name
        self.value = {**base.value, "agents": crowd}

    def place(self, steps: Steps, *, key: bool = False) -> tuple[int, int]:
        """Return line and column of what was copied."""
        return self._base.place(self._uncopied(steps), key=key)

    def problem(self, steps: Steps, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """Return a problem at what was copied."""
        return self._base.problem(self._uncopied(self.original(steps)), message, hint, key=key)

    def _uncopied(self, steps: Steps) -> Steps:
        if len(steps) > 1 and steps[0] == "agents":
            return ("agents", self._originals.get(str(steps[1]), steps[1]), *steps[2:])
        return steps


def copy_names(name: str, count: int) -> list[str]:
    """Return what the copies of something are called: ``call-1``, ``call-2``, …"""
    return [f"{name}-{number}" for number in range(1, count + 1)]


def overlaid(centre: CentreDocuments, over: Document) -> CentreDocuments:
    """Return a centre with other settings on top, which are written as in a centre of one file.

    What they say of a section or agent that has a file of its own goes into that file.
    """
    if not isinstance(over.value, dict):
        return centre
    claimed: set[Steps] = set()
    sections = []
    for document in centre.sections:
        steps: Steps = ("sections", _section_name(document))
        sections.append(_laid_over(document, over, steps, (), claimed))
    rosters = []
    for document in centre.rosters:
        agents = document.value.get("agents") if isinstance(document.value, dict) else None
        for agent in agents if isinstance(agents, dict) else ():
            document = _laid_over(document, over, ("agents", agent), ("agents", agent), claimed)
        rosters.append(document)
    rest = _Left(over, claimed)
    return CentreDocuments(Overlaid(centre.centre, rest), tuple(sections), tuple(rosters), centre.otherwise)


def copied(centre: CentreDocuments, copies: Mapping[str, int]) -> CentreDocuments:
    """Return a centre with so many copies of some agents."""
    if not copies:
        return centre
    rosters = tuple(Copied(document, copies) for document in centre.rosters)
    return CentreDocuments(Copied(centre.centre, copies), centre.sections, rosters, centre.otherwise)


def _section_name(document: Document) -> str:
    own = document.value.get("section") if isinstance(document.value, dict) else None
    return str(own) if isinstance(own, str | int) else Path(document.name).stem


def _laid_over(base: Document, over: Document, at: Steps, to: Steps, claimed: set[Steps]) -> Document:
    if not has(over.value, at):
        return base
    claimed.add(at)
    return Overlaid(base, _Moved(over, at, to))


class _Moved(Document):
    """What stands at one path of a document, as a document that has it at another path."""

    def __init__(self, whole: Document, at: Steps, to: Steps) -> None:
        value = value_at(whole.value, at)
        for step in reversed(to):
            value = {str(step): value}
        super().__init__(whole.name, value)
        self._whole, self._at, self._depth = whole, at, len(to)

    def place(self, steps: Steps, *, key: bool = False) -> tuple[int, int]:
        return self._whole.place((*self._at, *steps[self._depth :]), key=key)

    def problem(self, steps: Steps, message: str, hint: str = "", *, key: bool = False) -> Problem:
        return self._whole.problem((*self._at, *steps[self._depth :]), message, hint, key=key)


class _Left(Document):
    """A document without what stands at some paths; empty mappings that are left over go too."""

    def __init__(self, whole: Document, gone: set[Steps]) -> None:
        assert isinstance(whole.value, dict)
        value: dict[str, Value] = {}
        for key, part in whole.value.items():
            if isinstance(part, dict) and any(steps[0] == key for steps in gone):
                part = {name: each for name, each in part.items() if (key, name) not in gone}
                if not part:
                    continue
            value[key] = part
        super().__init__(whole.name, value)
        self._whole = whole

    def place(self, steps: Steps, *, key: bool = False) -> tuple[int, int]:
        return self._whole.place(steps, key=key)

    def problem(self, steps: Steps, message: str, hint: str = "", *, key: bool = False) -> Problem:
        return self._whole.problem(steps, message, hint, key=key)


def value_at(value: Value, steps: Steps) -> Value:
    """Return what stands at a path that is there."""
    found: Any = value
    for step in steps:
        found = found[step]
    return found  # type: ignore[no-any-return]


def has(value: Value, steps: Steps) -> bool:
    """Say whether the path is there."""
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return False
    return True


def merged(base: Value, over: Value) -> Value:
    """Return ``base`` with ``over`` on top: mappings key by key, all else replaced."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return {
        **base,
        **{key: merged(base[key], part) if key in base else part for key, part in over.items()},
    }
