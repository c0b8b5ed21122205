"""Every name of a centre and where it is given, and the check that a name which is used is one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.config.yaml_source import Document, Steps, Value, shown
from router.errors import Problem, did_you_mean


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document: where a value stands that is being compiled."""

    document: Document
    steps: Steps = ()

    def __truediv__(self, step: str | int) -> Place:
        return Place(self.document, (*self.steps, step))

    @property
    def raw(self) -> Value:
        """What is written there."""
        value: Any = self.document.value
        for step in self.document.original(self.steps):
            value = value[step]
        return value  # type: ignore[no-any-return]

    def entries(self) -> list[str]:
        """Return the keys of the mapping that stands there, in the order of writing."""
        raw = self.raw
        return list(raw) if isinstance(raw, dict) else []

    def note(self, message: str, hint: str = "", *, key: bool = False) -> None:
        """Note a problem here."""
        self.document.note(self.steps, message, hint, key=key)

    def problem(self, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """Return a problem here."""
        return self.document.problem(self.steps, message, hint, key=key)

    def __str__(self) -> str:
        line, _ = self.document.place(self.document.original(self.steps), key=True)
        return f"{self.document.name}:{line}"


@dataclass(slots=True)
class Names:
    """The names of a centre. ``skills`` None: nobody says what there is, so any will do.

    ``whole`` False: a file could not be read, so that an agent, queue or section may be there after all.
    """

    channels: list[str] = field(default_factory=list)
    skills: list[str] | None = None
    pools: dict[str, Place] = field(default_factory=dict)
    agents: dict[str, Place] = field(default_factory=dict)
    sections: dict[str, Place] = field(default_factory=dict)
    queues: dict[str, Place] = field(default_factory=dict)
    section_of: dict[str, str] = field(default_factory=dict)
    default_queue: dict[str, str] = field(default_factory=dict)
    calendars: dict[str, Place] = field(default_factory=dict)
    whole: bool = True
    has_estimates: bool = False

    def channel(self, name: str, place: Place, *, key: bool = False) -> bool:
        """Say whether there is such a channel; if not, note it."""
        return known("channel", name, self.channels, place, key=key)

    def needs_estimates(self, what: str, place: Place) -> None:
        """Note it where the centre keeps no estimates."""
        if not self.has_estimates:
            place.note(
                f"{what!r} needs estimates, which the centre does not keep",
                "write 'estimates: true' in the centre",
                key=True,
            )

    def skill(self, name: str, place: Place, *, key: bool = False) -> bool:
        """Say whether there is such a skill; if not, note it."""
        return self.skills is None or known("skill", name, self.skills, place, key=key)

    def pool(self, name: str, place: Place) -> bool:
        """Say whether there is such a pool; if not, note it."""
        return known("pool", name, self.pools, place)

    def agent(self, name: str, place: Place) -> bool:
        """Say whether there is such an agent; if not, note it. Without a roster any will do."""
        return not self.agents or not self.whole or known("agent", name, self.agents, place)

    def queue_or_section(self, name: str, place: Place) -> str | None:
        """Return the queue that is meant: itself, or a section's default queue; None, noted, if there is neither."""
        if name in self.queues:
            return name
        if name in self.default_queue:
            return self.default_queue[name]
        if self.whole:
            known("queue or section", name, sorted({*self.queues, *self.sections}), place)
        return None


def known(kind: str, name: str, names: Iterable[str], place: Place, *, key: bool = False) -> bool:
    """Say whether the name is one of these; if not, note it with the closest one."""
    if name in names:
        return True
    place.note(f"unknown {kind} {shown(name)!r}", did_you_mean(name, list(names)), key=key)
    return False


def unique(names: Sequence[str], place: Place) -> None:
    """Note what stands in a list more than once."""
    for index, name in enumerate(names):
        if name in names[:index]:
            (place / index).note(f"{shown(name)!r} stands here twice", "remove one")
