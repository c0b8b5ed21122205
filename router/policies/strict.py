"""Order by priority alone: low priorities may starve."""

from __future__ import annotations

from router.core.plan import Queue, Section


class Strict:
    """rank = −priority; the older first among equals."""

    name = "strict"
    honours_positions = True

    def rank(self, queued_at: int, priority: int, due_at: int | None, queue: Queue, section: Section) -> int:
        """Return the negated priority."""
        return -priority
