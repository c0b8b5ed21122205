"""What is legal but probably not meant about work that is kept for certain agents."""

from __future__ import annotations

from collections.abc import Iterator

from router.config.compile import Written
from router.config.names import Names, Place
from router.core.plan import Plan
from router.core.spans import span
from router.errors import Problem


def about_affinity(plan: Plan, written: Written, names: Names) -> Iterator[Problem]:
    """Yield windows that outlast the work, and what is said of a memory that nobody uses or that keeps nothing."""
    seen: set[Place] = set()
    for section in plan.sections:
        for queue in section.queues:
            longest = queue.time_to_live_ms
            for key, window in (("last-agent", queue.last_agent), ("preferred", queue.preferred)):
                place = _written_at(names.queues[queue.queue_id], key, section.section_id, written)
                if longest is None or window.ms < longest or place is None or place in seen:
                    continue
                seen.add(place)
                yield place.problem(
                    f"work is kept for {span(window.ms)}, but time-to-live ends it after {span(longest)}",
                    "when none of these agents takes it, nobody else gets it: make 'within' shorter",
                )
    memory = written.place / "customer-memory"
    is_used = any(queue.last_agent.ms for section in plan.sections for queue in section.queues)
    if is_used and not (plan.customer_memory_ms and plan.customer_memory_max):
        yield memory.problem("no customer's last agent is remembered, and there are queues with 'last-agent'")
    if not is_used and "customer-memory" in written.place.entries():
        yield memory.problem(
            "no queue reads this", "write 'last-agent: {within: 2m}' in a section or queue", key=True
        )


def _written_at(queue: Place, key: str, section_id: str, written: Written) -> Place | None:
    """Return where the queue, or else its section, says this."""
    if key in queue.entries():
        return queue / key
    section = next(place for name, place, _ in written.sections if name == section_id)
    return section / key if key in section.entries() else None
