"""Plans that are well-formed but cannot work: overflow in a circle, a pool that nobody can be in."""

from __future__ import annotations

from collections.abc import Iterator

from agents.pools import is_member
from router.config.compile import Written
from router.config.names import Names, Place
from router.config.yaml_source import shown
from router.core.plan import MoveTo, Plan

Edges = dict[str, list[tuple[str, Place]]]


def note_circles(written: Written, names: Names) -> None:
    """Note limits whose overflow leads back to where it came from."""
    edges: Edges = {queue: [] for queue in names.queues}
    for section_id, place, section in written.sections:
        queues = list(section.queues or (section_id,))
        if section.limit is not None and section.limit.overflow is not None:
            spot = place / "limit" / "overflow"
            target = _target(section.limit.overflow, names)
            if target in queues:
                spot.note(
                    f"a full section cannot overflow into its own queue {target!r}", "name another section"
                )
            elif target is not None:
                for queue in queues:
                    edges.setdefault(queue, []).append((target, spot))
        for queue, own in (section.queues or {}).items():
            if own.limit is not None and own.limit.overflow is not None:
                target = _target(own.limit.overflow, names)
                if target is not None:
                    edges.setdefault(queue, []).append(
                        (target, place / "queues" / queue / "limit" / "overflow")
                    )
    for circle, spot in circles(edges):
        what = "full queues overflow in a circle: " + " → ".join(shown(queue) for queue in circle)
        spot.note(what, "let one of them refuse or divert")


def _target(name: str, names: Names) -> str | None:
    return name if name in names.queues else names.default_queue.get(name)


def circles(edges: Edges) -> Iterator[tuple[list[str], Place]]:
    """Yield circles, each from the queue where it was entered, and the place of the edge that closes it.

    Every edge that closes a circle in a walk through all queues is yielded once; not every circle there is.
    """
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        path = [start]
        on_path = {start}
        branches = [iter(edges[start])]
        while branches:
            target, spot = next(branches[-1], (None, None))
            if target is None or spot is None:
                branches.pop()
                on_path.discard(path[-1])
                done.add(path.pop())
            elif target in on_path:
                yield [*path[path.index(target) :], target], spot
            elif target not in done:
                path.append(target)
                on_path.add(target)
                branches.append(iter(edges.get(target, ())))


def ladder_place(queue: str, section: str, written: Written, names: Names) -> Place:
    """Return where the queue's ladder is written: in the queue, or in its section for all of them."""
    place, model = next((spot, one) for name, spot, one in written.sections if name == section)
    own = (model.queues or {}).get(queue)
    return (names.queues[queue] if own is not None and own.ladder is not None else place) / "ladder"


def note_idle_moves(plan: Plan, written: Written, names: Names) -> None:
    """Note steps that move work to where it is."""
    for section in plan.sections:
        for queue in section.queues:
            for index, step in enumerate(queue.ladder):
                for number, operation in enumerate(step.operations):
                    if operation == MoveTo(queue=queue.queue_id):
                        place = ladder_place(queue.queue_id, section.section_id, written, names)
                        spot = place / index / "do" / number / "move-to"
                        spot.note(
                            f"in queue {queue.queue_id!r} this moves the work to where it is", "remove it"
                        )


def note_empty_pools(plan: Plan, names: Names) -> None:
    """Note pools that no agent of the roster is in."""
    for pool in plan.pools:
        if not any(is_member(pool, agent) for agent in plan.agents):
            wanted = [f"{skill.name} >= {skill.level}" for skill in pool.skills]
            wanted += [f"{tag} {value!r}" for tag, value in pool.tags]
            wanted += [pool.kind] if pool.kind else []
            names.pools[pool.pool_id].note(
                f"nobody can be in pool {pool.pool_id!r}",
                f"no agent has {', '.join(wanted)}" if wanted else "name its members",
                key=True,
            )
