"""Cases from files: where they stand, and the centre each is about. What a step means is read in `reading`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from router.config.documents import Document, validate_document
from router.config.files import CENTRE_FILE, CentreDocuments, Examined, examine_documents, read_centre
from router.config.names import Place
from router.config.yaml_source import Steps, read_file, with_file_order
from router.core.calendar import starting_at
from router.errors import ConfigError, Problem
from router.harness.cases.models import CaseFile
from router.harness.cases.overlay import Part, copied, overlaid
from router.harness.cases.reading import Reading
from router.harness.cases.script import Case, Unreadable

FOLDER: Final = "cases"
_SUFFIXES: Final = frozenset({".yaml", ".yml"})


def find(path: Path) -> list[Path]:
    """Return the files of all cases at or below a path, in the order of their names.

    A file is a case; in a folder all files below a folder ``cases`` are. Raises ``ConfigError`` where there is none.
    """
    if path.is_file():
        return [path]
    found = sorted(
        file
        for file in path.rglob("*")
        if file.suffix in _SUFFIXES
        and not file.name.startswith(".")
        and FOLDER in (path.resolve().name, *file.relative_to(path).parts[:-1])
    )
    if not found:
        what = "there is no case here" if path.is_dir() else "there is no such file or folder"
        hint = "cases stand in cases/NAME.yaml beside a centre.yaml" if path.is_dir() else ""
        raise ConfigError([Problem(str(path), 0, 0, "", what, hint)])
    return found


def read(path: Path) -> Case | Unreadable:
    """Return the case of a file; what is wrong with it, or with its centre, where it cannot be run."""
    try:
        return load(path)
    except ConfigError as error:
        return Unreadable(name=path.stem, centre=_centre_name(path), path=path, error=error)


def load(path: Path) -> Case:
    """Return the case of a file; raises ``ConfigError`` with every problem of it, or of its centre, and its place."""
    document = read_file(path)
    file = validate_document(document, CaseFile)
    centre = _centre(path, document, file)
    examined = examine_documents(centre)
    _check_examined(file, examined)
    later = {
        index: _reloaded(path, document, ("steps", index, "reload"), centre)
        for index, step in enumerate(file.steps)
        if step.reload is not None
    }
    reading = Reading(document, file, examined, later)
    moments = tuple(reading.moments())
    never = tuple(reading.patterns(("never",), file.never))
    if document.problems:
        raise ConfigError(with_file_order(document.problems, [document.name]))
    return Case(
        name=path.stem,
        centre=_centre_name(path),
        path=path,
        description=file.description or "",
        shows=(file.shows,) if isinstance(file.shows, str) else tuple(file.shows),
        plan=None if examined.plan is None else starting_at(examined.plan, file.starts or 0),
        place=Place(document),
        check=file.check,
        problems=tuple(examined.problems),
        warnings=tuple(examined.warnings),
        moments=moments,
        never=never,
        groups=reading.groups,
        short_abandon_ms=file.short_abandon,
    )


def _home(path: Path) -> Path | None:
    """The folder that has the folder ``cases`` in which the case stands; None where it stands in none."""
    for folder in path.resolve().parents:
        if folder.name == FOLDER:
            return folder.parent
    return None


def _centre_name(path: Path) -> str:
    return (_home(path) or path.resolve().parent).name


def _centre(path: Path, document: Document, file: CaseFile) -> CentreDocuments:
    if file.centre is None:
        home = _home(path)
        if home is None or not (home / CENTRE_FILE).is_file():
            hint = f"put it into {FOLDER}/ beside a {CENTRE_FILE}, or write 'centre: PATH' or a small centre under it"
            raise ConfigError([document.problem((), "which centre this case is about is not said", hint)])
        centre = read_centre(home if path.is_absolute() else Path(os.path.relpath(home)))
    else:
        centre = _written(path, document, ("centre",), file.centre)
    if file.override is not None:
        centre = overlaid(centre, Part(document, ("override",)))
    known = set(_agents(centre))
    for name in file.copies:
        if name not in known:
            document.note(("copies", name), f"there is no agent {name!r} to copy", key=True)
    return copied(centre, file.copies)


def _written(path: Path, document: Document, steps: Steps, centre: object) -> CentreDocuments:
    """The centre that a path names, or that is written out."""
    if not isinstance(centre, str):
        return CentreDocuments(Part(document, steps), otherwise=path.stem)
    try:
        return read_centre(path.parent / centre)
    except ConfigError as error:
        found = error.problems[0]
        raise ConfigError([document.problem(steps, f"{centre}: {found.message}", found.hint)]) from None


def _reloaded(path: Path, document: Document, steps: Steps, centre: CentreDocuments) -> Examined:
    """The centre as a step reloads it."""
    written = Place(document, steps).raw
    if isinstance(written, str):
        centre = _written(path, document, steps, written)
    elif isinstance(written, dict):
        if "centre" in written:
            centre = _written(path, document, (*steps, "centre"), written["centre"])
        if "override" in written:
            centre = overlaid(centre, Part(document, (*steps, "override")))
    examined = examine_documents(centre)
    if examined.plan is None:
        raise ConfigError(examined.problems)
    return examined


def _check_examined(file: CaseFile, examined: Examined) -> None:
    """A centre that is wrong makes the case unreadable, unless that is what the case is about."""
    if examined.plan is None and (file.check is None or file.check.problems is None):
        raise ConfigError(examined.problems)


def _agents(centre: CentreDocuments) -> Iterator[str]:
    for document in (centre.centre, *centre.rosters):
        if isinstance(document.value, dict) and isinstance(agents := document.value.get("agents"), dict):
            yield from agents
