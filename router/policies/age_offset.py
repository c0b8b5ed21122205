"""Order by age, with a head start for each point of priority: nothing starves."""

from __future__ import annotations

from router.core.plan import Queue, Section


class AgeOffset:
    """rank = ``queued_at`` − priority × the section's ``ms_per_point``.

    Work goes before any later arrival whose extra head start is at most the time between them. This is Kleinrock's
    delay-dependent priority (1964) with equal rates, so the order of two interactions never changes.
    """

    name = "age-offset"
    honours_positions = False

    def rank(self, queued_at: int, priority: int, due_at: int | None, queue: Queue, section: Section) -> int:
        """Return the place, moved forward by the priority's head start."""
        return queued_at - priority * section.ms_per_point
