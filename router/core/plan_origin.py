"""Where a plan comes from: the document that it was compiled from, the files it goes back to, and who changed it. No rule reads it; it
travels with the plan, so that journal and snapshots keep both or neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HISTORY_MAX: Final = 50
"""So many changes are remembered."""
LINES_MAX: Final = 10
"""So many lines of words are remembered of each change."""


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One change: at ``at`` (milliseconds) ``by`` put the version in force in the place of ``was`` (empty: it was the first)."""

    at: int
    by: str
    was: str
    version: str
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanOrigin:
    """``document`` is the whole configuration as JSON, ``files`` the tag of the centre's files when they were last read,
    ``history`` the last changes, the oldest first.
    """

    document: str
    files: str
    history: tuple[PlanChange, ...] = ()

    def changed(self, document: str, files: str, change: PlanChange) -> PlanOrigin:
        """Return the origin of the plan that follows."""
        short = PlanChange(change.at, change.by, change.was, change.version, _shortened(change.changes))
        return PlanOrigin(document, files, (*self.history, short)[-HISTORY_MAX:])


def _shortened(lines: tuple[str, ...]) -> tuple[str, ...]:
    if len(lines) <= LINES_MAX:
        return lines
    return (*lines[: LINES_MAX - 1], f"and {len(lines) - LINES_MAX + 1} more")
