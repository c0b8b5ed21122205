"""The plan in force as the transports see it: its document, its history, and the one way to change it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple, Protocol

from router.core.plan_origin import PlanChange
from router.errors import Problem

Json = dict[str, Any]

Edit = Callable[[Json], Json]
"""From the document in force, which may be changed in place, to the new one. What it raises ends the change."""


class PlanReceipt(NamedTuple):
    """What became of a change, or would: ``changes`` in words, and ``at_once`` what it does to the work under way. Where nothing
    differs nothing was done. ``tag`` is of the document in force then. ``warnings`` are of what is legal and probably not meant.
    """

    version: str
    was: str
    tag: str
    changes: tuple[str, ...]
    at_once: tuple[str, ...]
    warnings: tuple[Problem, ...]


class PlanDesk(Protocol):
    """Where plans are read and changed, one change at a time."""

    def in_force(self) -> tuple[str, str]:
        """Return the document in force as JSON, and its tag: another one for every other document."""

    def history(self) -> Sequence[PlanChange]:
        """Return the last changes, the oldest first."""

    async def change(
        self, edit: Edit, *, by: str, expected: Collection[str] | None, dry_run: bool
    ) -> PlanReceipt:
        """Compile the edited document and go on under it, all at once; ``dry_run``: only say what that would do.

        ``expected``: the tags that the editor may have seen; None: any. Raises ``SignalError`` (``plan-changed``: another one is in force,
        ``state`` is its tag; ``plan-rejected``: the work under way does not allow it) and ``ConfigError`` with all that is wrong with
        the document.
        """
