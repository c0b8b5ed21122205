"""Files to a plan: finds them, reads them all, and reports what is wrong in all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from router.config.advice import advice
from router.config.compile import Written, compile_plan
from router.config.compile_parts import STANDARD_CHANNELS
from router.config.impossible import note_circles, note_empty_pools, note_idle_moves
from router.config.names import Names, Place
from router.config.problems import validate
from router.config.schema import CentreFile, SectionFile, SectionMap
from router.config.schema_agents import AgentMap, AgentsFile
from router.config.yaml_source import Document, Value, read_file, read_text, shown, with_file_order
from router.core.names import ID_PATTERN
from router.core.plan import Plan
from router.core.plan_check import plan_problems
from router.errors import ConfigError, PlanError, Problem
from router.policies import BUILT_IN

CENTRE_FILE: Final = "centre.yaml"
ROSTER_FILE: Final = "agents.yaml"

V = TypeVar("V")


@dataclass(slots=True)
class Examined:
    """What came out of reading a centre. ``plan`` is None when there are problems.

    ``malformed``: a file is not even written as it must be; otherwise the problems are about what it says. ``names``
    are those of the centre, None where nothing could be read.
    """

    plan: Plan | None = None
    names: Names | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    malformed: bool = False

    def plan_or_raise(self) -> Plan:
        """Return the plan, or raise ``ConfigError`` (malformed) or ``PlanError`` with all problems."""
        if self.plan is None:
            raise (ConfigError if self.malformed else PlanError)(self.problems)
        return self.plan


@dataclass(frozen=True, slots=True)
class CentreDocuments:
    """The files of a centre as they were read; ``otherwise`` is its id where ``centre`` says none."""

    centre: Document
    sections: tuple[Document, ...] = ()
    rosters: tuple[Document, ...] = ()
    otherwise: str = "centre"


def load(path: str | Path) -> Plan:
    """Return the plan of a centre; see ``router.config.load``."""
    return examine(path).plan_or_raise()


def load_text(text: str, name: str = "<text>") -> Plan:
    """Return the plan of a centre in one text; see ``router.config.load_text``."""
    return examine_documents(CentreDocuments(read_text(text, name))).plan_or_raise()


def examine(path: str | Path, *, today: date | None = None) -> Examined:
    """Read a centre and return everything there is to say about it; ``path`` is as for ``read_centre``.

    ``today``: dates before it are past, which is worth a warning; None: nobody says what is past.
    """
    try:
        documents = read_centre(path)
    except ConfigError as error:
        return Examined(problems=list(error.problems), malformed=True)
    return examine_documents(documents, today=today)


def read_centre(path: str | Path) -> CentreDocuments:
    """Return the files of a centre; what is wrong with one is noted in it. Raises ``ConfigError`` where there is none.

    A folder has ``centre.yaml``, ``sections/*.yaml``, ``agents.yaml`` or ``agents/*.yaml``; a path to its
    ``centre.yaml`` means the folder. Any other file is a whole centre by itself.
    """
    path = Path(path)
    if path.is_file() and path.name != CENTRE_FILE:
        return CentreDocuments(read_file(path), otherwise=path.stem)
    folder = path.parent if path.name == CENTRE_FILE else path
    if not (folder / CENTRE_FILE).is_file():
        raise ConfigError([_nothing_there(folder)])
    rosters = [folder / ROSTER_FILE] if (folder / ROSTER_FILE).exists() else []
    return CentreDocuments(
        centre=read_file(folder / CENTRE_FILE),
        sections=tuple(read_file(file) for file in _yaml_files(folder / "sections")),
        rosters=tuple(read_file(file) for file in (*rosters, *_yaml_files(folder / "agents"))),
        otherwise=folder.resolve().name,
    )


def _yaml_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix in {".yaml", ".yml"} and not file.name.startswith(".")
    )


def _nothing_there(folder: Path) -> Problem:
    if not folder.exists():
        return Problem(str(folder), 0, 0, "", "there is no such file or folder")
    below = (
        sorted(file.parent.name for file in folder.glob(f"*/{CENTRE_FILE}"))[:5] if folder.is_dir() else []
    )
    hint = "below it there is " + ", ".join(below) if below else ""
    return Problem(str(folder), 0, 0, "", f"there is no {CENTRE_FILE} in this folder", hint)


def examine_documents(read: CentreDocuments, *, today: date | None = None) -> Examined:
    """Return everything there is to say about a centre whose files have been read; ``today`` as for ``examine``."""
    centre, sections, rosters = read.centre, read.sections, read.rosters
    documents = [centre, *sections, *rosters]
    written = _validated(centre, sections, rosters, read.otherwise)
    malformed = any(document.problems for document in documents)
    made = names = None
    warnings: list[Problem] = []
    if written is not None:
        names = _names(
            written, sections, rosters, whole=all(document.value is not None for document in documents)
        )
        made = compile_plan(written, names)
        if not made.sections and not malformed:
            centre.note(
                (), "the centre has no section", "write one in sections/NAME.yaml, or under 'sections'"
            )
        note_circles(written, names)
        note_idle_moves(made, written, names)
        if made.agents and not malformed:
            note_empty_pools(made, names)
        if not any(document.problems for document in documents):
            for problem in plan_problems(
                made, BUILT_IN
            ):  # the last gate; the above say it better, with a place
                centre.problems.append(Problem(centre.name, 0, 0, "", problem))
        if not any(document.problems for document in documents):
            warnings = advice(made, written, names, today)
    order = [document.name for document in documents]
    problems = [problem for document in documents for problem in document.problems]
    return Examined(
        plan=None if problems else made,
        names=names,
        problems=with_file_order(_distinct(problems), order),
        warnings=with_file_order(_distinct(warnings), order),
        malformed=malformed,
    )


def _distinct(items: Iterable[V]) -> list[V]:
    return list(dict.fromkeys(items))


def _validated(
    centre: Document, sections: Sequence[Document], rosters: Sequence[Document], otherwise: str
) -> Written | None:
    model = validate(centre, CentreFile)
    place = Place(centre)
    own = model.centre if model is not None else None
    otherwise = otherwise if ID_PATTERN.match(otherwise) else "centre"
    found = None if model is None else Written(own or otherwise, place, model)
    section_models = [(document, validate(document, SectionFile)) for document in sections]
    roster_models = [(document, validate(document, AgentsFile)) for document in rosters]
    if found is None or model is None:
        return None
    inline = ((name, place / "sections" / name, section) for name, section in model.sections.items())
    filed = (
        (section.section or _id_of_file(document), Place(document), section)
        for document, section in section_models
        if section is not None
    )
    agents = [(place / "agents", model.agents)]
    agents += [
        (Place(document) / "agents", roster.agents)
        for document, roster in roster_models
        if roster is not None
    ]
    _take_sections(found, (*inline, *filed))
    _take_agents(found, agents)
    return found


def _id_of_file(document: Document) -> str:
    stem = Path(document.name).stem
    if not ID_PATTERN.match(stem):
        document.note((), f"the file's name {shown(stem)!r} is not a name", "write 'section: NAME' in it")
    return stem


def _take_sections(found: Written, sections: Iterable[tuple[str, Place, SectionMap]]) -> None:
    """Take sections in, and note ids that are there already."""
    section_places: dict[str, Place] = {}
    queue_places: dict[str, Place] = {}
    for name, place, section in sections:
        if name in section_places:
            spot = place / "section" if "section" in place.entries() else place
            spot.note(
                f"section {shown(name)!r} is in {section_places[name]} already", "ids are unique in a centre"
            )
            continue
        section_places[name] = place
        for queue in section.queues or ():
            spot = place / "queues" / queue
            if queue in queue_places:
                what = f"queue {shown(queue)!r} is in {queue_places[queue]} already"
                spot.note(what, "ids are unique in a centre", key=True)
            queue_places.setdefault(queue, spot)
        found.sections.append((name, place, section))
    for name, place, section in found.sections:
        for queue in section.queues or ():
            if queue in section_places and queue != name:
                what = f"queue {shown(queue)!r} is named like another section"
                (place / "queues" / queue).note(what, f"such as '{name}-{queue}'", key=True)


def _take_agents(found: Written, rosters: Iterable[tuple[Place, dict[str, AgentMap]]]) -> None:
    places: dict[str, Place] = {}
    for place, agents in rosters:
        for name, agent in agents.items():
            spot = place / name
            if name in places:
                spot.note(
                    f"agent {shown(name)!r} is in {places[name]} already",
                    "ids are unique in a centre",
                    key=True,
                )
                continue
            places[name] = spot
            found.agents.append((name, spot, agent))


# ── names, as written: also of what is not valid, so that one mistake is reported once ───────────────────────────


def _names(
    written: Written, sections: Sequence[Document], rosters: Sequence[Document], *, whole: bool
) -> Names:
    centre = written.place
    names = Names(whole=whole)
    raw = centre.document.value if isinstance(centre.document.value, dict) else {}
    channels = raw.get("channels")
    names.channels = _texts(channels) or list(STANDARD_CHANNELS)
    names.has_estimates = raw.get("estimates") not in (None, False)
    names.pools = {name: centre / "pools" / name for name in _texts(raw.get("pools"))}
    names.calendars = {name: centre / "calendars" / name for name in _texts(raw.get("calendars"))}
    bodies: list[tuple[str, Place]] = [
        (name, centre / "sections" / name)
        for name in _texts(raw.get("sections"))
        if isinstance(raw["sections"], dict)
    ]
    for document in sections:
        if isinstance(document.value, dict):
            own = document.value.get("section")
            name = str(own) if isinstance(own, str | int) else Path(document.name).stem
            bodies.append((name, Place(document)))
    for name, place in bodies:
        _section_names(name, place, names)
    for place in (centre, *(Place(document) for document in rosters)):
        if "agents" in place.entries():
            for agent in (place / "agents").entries():
                names.agents.setdefault(agent, place / "agents" / agent)
    if isinstance(raw.get("skills"), list):
        names.skills = list(dict.fromkeys(_texts(raw["skills"])))
    elif names.agents and whole:
        had = (skill for place in names.agents.values() for skill in _skills_of(place))
        names.skills = list(dict.fromkeys(had))
    return names


def _section_names(name: str, place: Place, names: Names) -> None:
    body = place.raw if isinstance(place.raw, dict) else {}
    queues = _texts(body.get("queues")) if isinstance(body.get("queues"), dict) else []
    names.sections.setdefault(name, place)
    for queue in queues:
        names.queues.setdefault(queue, place / "queues" / queue)
        names.section_of.setdefault(queue, name)
    if not queues:
        names.queues.setdefault(name, place)
        names.section_of.setdefault(name, name)
        queues = [name]
    default = str(body.get("default-queue", ""))
    names.default_queue.setdefault(name, default if default in queues else queues[0])


def _skills_of(agent: Place) -> list[str]:
    return (agent / "skills").entries() if "skills" in agent.entries() else []


def _texts(value: Value) -> list[str]:
    """Return the keys of a mapping or the items of a list, as names."""
    if isinstance(value, dict):
        return list(value)
    if isinstance(value, list):
        return [str(item) for item in value if isinstance(item, str | int) and not isinstance(item, bool)]
    return []
