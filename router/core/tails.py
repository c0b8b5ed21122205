"""Asked positions: a place in the order of a queue that its sender asked for, honoured among work of equal priority.

A key is never changed to make room: work put between two others gets a key between theirs, a longer one where need be
(docs/semantics.md, section 4). Where positions are counted is in ``line``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.core.records import Key

Tail = tuple[int, ...]
"""What stands in a key behind the rank: (place, number), and for work between two others (label, number) again and again."""


class Behind(int):
    """The last part of a key that is longer than others: as an int it is the number of the work that it stands behind,
    and ``path`` orders it among all that stand behind the same. Compared with a plain number it stands behind it.
    """

    path: Tail

    def __new__(cls, number: int, path: Tail) -> Behind:
        """Make one that stands behind ``number``."""
        made = super().__new__(cls, number)
        made.path = path
        return made

    def _is_before(self, other: int) -> bool:
        mine, others = int(self), int(other)
        return self.path < path_of(other) if mine == others else mine < others

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and int(self) == int(other) and self.path == path_of(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: int) -> bool:
        return self._is_before(other)

    def __le__(self, other: int) -> bool:
        return self == other or self._is_before(other)

    def __gt__(self, other: int) -> bool:
        return not self <= other

    def __ge__(self, other: int) -> bool:
        return not self._is_before(other)

    def __hash__(self) -> int:
        return hash((int(self), self.path))


def path_of(number: int) -> Tail:
    """Return what orders it among all that stand behind the same; empty for that one itself."""
    return number.path if isinstance(number, Behind) else ()


def tail_of(key: Key) -> Tail:
    """Return what stands in the key behind the rank."""
    return (key[2], int(key[3]), *path_of(key[3]))


def with_tail(is_expedited: bool, rank: int, tail: Tail) -> Key:
    """Return the key with this tail."""
    place, number, *path = tail
    return (0 if is_expedited else 1, rank, place, Behind(number, tuple(path)) if path else number)


def tail_between(own: Tail, before: Tail | None, behind: Tail | None, number: int) -> Tail:
    """Return a tail between two of equal rank, for work whose own would be ``own``; None: nobody is there.

    Its own where that fits. In front of all: a millisecond before the first. Else right behind the one before.
    """
    if (before is None or before < own) and (behind is None or own < behind):
        return own
    if before is None:
        assert behind is not None
        return (behind[0] - 1, number)
    if behind is not None and behind[: len(before)] == before:
        return (*before, behind[len(before)] - 1, number)
    if len(before) > 2:
        beside = (*before[:-2], before[-2] + 1, number)
        if behind is None or beside < behind:
            return beside
    return (*before, 0, number)
