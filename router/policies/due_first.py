"""Order by due time: earliest due date first (Jackson 1955)."""

from __future__ import annotations

from router.core.plan import Queue, Section


class DueFirst:
    """rank = ``due_at``, or the place + the queue's ``answer_within_ms`` where no due time is given."""

    name = "due-first"
    honours_positions = False

    def rank(self, queued_at: int, priority: int, due_at: int | None, queue: Queue, section: Section) -> int:
        """Return the instant the work is due."""
        return queued_at + queue.answer_within_ms if due_at is None else due_at
