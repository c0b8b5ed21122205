"""Asked positions under strict order: the queue is written down in its order, and the work is put where it asked to stand."""

from __future__ import annotations

from router.core.facts import PositionGiven
from tests.oracle.reference_matching import key, rank
from tests.oracle.reference_state import State, Work

Tail = tuple[int, ...]


def ask_for_position(state: State, work: Work, asked: int) -> None:
    """Give work that has just been queued the position it asked for, or the nearest that its priority allows."""
    own_rank = rank(state, work)
    others = [other for other in state.queued() if other.queue == work.queue and other is not work]
    others.sort(key=lambda other: key(state, other))
    ahead = [other for other in others if key(state, other)[:2] < (1, own_rank)]
    equals = [other for other in others if key(state, other)[:2] == (1, own_rank)]
    places = range(len(ahead) + 1, len(ahead) + len(equals) + 2)
    position = min(places, key=lambda place: abs(place - asked))
    cut = position - 1 - len(ahead)
    work.tail = _tail(work, [key(state, other)[2:] for other in equals], cut)
    state.facts.append(PositionGiven(state.now, work.interaction_id, work.queue, asked, position))


def _tail(work: Work, equals: list[Tail], cut: int) -> Tail:
    """The published order's rules for a tail between two, one by one."""
    own = (work.queued_at, work.number)
    if all(tail < own for tail in equals[:cut]) and all(own < tail for tail in equals[cut:]):
        return own
    if cut == 0:
        return (equals[0][0] - 1, work.number)
    before = equals[cut - 1]
    behind = equals[cut] if cut < len(equals) else None
    if behind is not None and behind[: len(before)] == before:
        return (*before, behind[len(before)] - 1, work.number)
    if len(before) > 2:
        beside = (*before[:-2], before[-2] + 1, work.number)
        if behind is None or beside < behind:
            return beside
    return (*before, 0, work.number)
