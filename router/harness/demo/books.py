"""The demo's own books: what customers, agents' phones and the outside wrote down themselves, and the verdict over it. Asks no router."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Final

ENDS: Final = ("abandoned", "diverted", "expired", "refused", "cancelled", "failed")
"""How an interaction ends without an answer."""


@dataclass(slots=True)
class Case:
    """One interaction, as those who took part saw it."""

    interaction_id: str
    holder: str | None = None
    was_answered: bool = False
    is_over: bool = False
    end: str = ""
    waits_at_close: bool = False
    is_lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The figures: ``offered`` is the sum of all from ``answered`` to ``lost``; ``assigned_twice`` counts connections too many."""

    offered: int
    answered: int
    abandoned: int
    diverted: int
    expired: int
    refused: int
    cancelled: int
    failed: int
    waiting: int
    lost: int
    assigned_twice: int
    seed: int
    seconds: float
    speed: float

    @property
    def is_clean(self) -> bool:
        """Nothing was lost and nothing was given twice."""
        return self.lost == 0 and self.assigned_twice == 0

    def figures(self) -> dict[str, int | float]:
        """Return all figures by name."""
        return asdict(self)

    def sentences(self) -> list[str]:
        """Return the verdict for people."""
        names = ("answered", *ENDS, "waiting")
        parts = [f"{getattr(self, name)} {name}" for name in names if getattr(self, name)]
        if self.lost:
            parts.append(f"{self.lost} LOST")
        centre_s = self.seconds * self.speed
        time = f"{self.seconds:.1f} s" + (
            f" ({centre_s:.0f} s of the centre's time)" if self.speed != 1 else ""
        )
        return [
            f"{time}, seed {self.seed}: {self.offered} offered = {' + '.join(parts) or '0'}",
            f"lost {self.lost}, assigned twice {self.assigned_twice}"
            + (": as it should be" if self.is_clean else ": THIS IS A BUG")
            + ", by the books of the customers and agents themselves",
        ]


@dataclass(slots=True)
class Books:
    """Written to by whoever sees something happen, at that moment."""

    cases: dict[str, Case] = field(default_factory=dict)
    assigned_twice: int = 0

    def submitted(self, interaction_id: str) -> None:
        """A customer was told that the router has it."""
        self._case(interaction_id)

    def connected(self, interaction_id: str, agent_id: str) -> None:
        """An agent's phone was connected. Too many, if another one is still, or if it was over."""
        case = self._case(interaction_id)
        if case.holder is not None or case.is_over:
            self.assigned_twice += 1
        case.holder = agent_id
        case.was_answered = True

    def let_go(self, interaction_id: str, agent_id: str, *, is_over: bool) -> None:
        """An agent hung up, or gave it on; to be written before the router is told."""
        case = self._case(interaction_id)
        if case.holder == agent_id:
            case.holder = None
        case.is_over = is_over

    def kept(self, interaction_id: str, agent_id: str) -> None:
        """What ``let_go`` said did not happen: the router refused it."""
        case = self._case(interaction_id)
        case.holder = agent_id
        case.is_over = False

    def ended(self, interaction_id: str, how: str) -> None:
        """The customer left, or the outside got it."""
        case = self._case(interaction_id)
        case.is_over = True
        case.end = how

    def open_cases(self) -> Iterator[Case]:
        """Those that nobody talks to and that are not over: the router must still have them."""
        return (case for case in self.cases.values() if case.holder is None and not case.is_over)

    def verdict(self, *, seed: int, seconds: float, speed: float) -> Verdict:
        """Add up. What was answered counts as answered, however it went on; what the router had no more is lost."""
        count = Counter(_category(case) for case in self.cases.values())
        return Verdict(
            offered=len(self.cases),
            answered=count["answered"],
            abandoned=count["abandoned"],
            diverted=count["diverted"],
            expired=count["expired"],
            refused=count["refused"],
            cancelled=count["cancelled"],
            failed=count["failed"],
            waiting=count["waiting"],
            lost=count["lost"],
            assigned_twice=self.assigned_twice,
            seed=seed,
            seconds=round(seconds, 3),
            speed=speed,
        )

    def _case(self, interaction_id: str) -> Case:
        case = self.cases.get(interaction_id)
        if case is None:
            case = self.cases[interaction_id] = Case(interaction_id)
        return case


def _category(case: Case) -> str:
    if case.is_lost:
        return "lost"
    if case.was_answered:
        return "answered"
    if case.end in ENDS:
        return case.end
    return "waiting" if case.waits_at_close else "lost"
