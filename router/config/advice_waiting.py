"""What is legal but probably not meant about how long work waits, and in which order."""

from __future__ import annotations

from collections.abc import Iterator

from router.config.compile import Written
from router.config.impossible import ladder_place
from router.config.names import Names, Place
from router.core.plan import After, Plan
from router.core.requirement import All, Any, Not, Requirement
from router.core.spans import span
from router.errors import Problem


def about_time_to_live(plan: Plan, written: Written, names: Names) -> Iterator[Problem]:
    """Yield steps, and changes in what is asked, that come later than the work may wait."""
    seen: set[Place] = set()
    for section in plan.sections:
        for queue in section.queues:
            longest = queue.time_to_live_ms
            if longest is None:
                continue
            ladder = ladder_place(queue.queue_id, section.section_id, written, names)
            for index, step in enumerate(queue.ladder):
                here = ladder / index
                if isinstance(step.trigger, After) and step.trigger.ms > longest and here not in seen:
                    seen.add(here)
                    yield here.problem(
                        f"never reached: time-to-live ends the interaction after {span(longest)}",
                        "the step comes later",
                    )
            late = [ms for ms in _instants(queue.requirement) if ms > longest]
            if late:
                yield names.queues[queue.queue_id].problem(
                    f"queue {queue.queue_id!r}: what it needs changes after {span(min(late))},"
                    f" but time-to-live ends the interaction after {span(longest)}",
                    "only work that brings an earlier arrival time gets there",
                    key=True,
                )


def _instants(tree: Requirement) -> Iterator[int]:
    yield from (ms for ms in (tree.expires_ms, tree.opens_ms) if ms is not None)
    if isinstance(tree, All | Any):
        for part in tree.of:
            yield from _instants(part)
    elif isinstance(tree, Not):
        yield from _instants(tree.of)
