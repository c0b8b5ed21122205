"""The line of a queue: who stands where in it. Kept only from the first asked position on until the queue is empty, so
that queues of which none is asked pay nothing.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Final

from router.core.tails import tail_between, tail_of

if TYPE_CHECKING:
    from router.core.centre import Centre
    from router.core.records import Interaction, Key

BLOCK_MAX: Final = 512
"""How many keys lie in one block of a line before it is split."""


class Line:
    """The keys of all that waits in a queue, in order, counted: in blocks, so that a long queue costs little more than a short one."""

    __slots__ = ("_blocks",)

    def __init__(self, keys: list[Key]) -> None:
        keys = sorted(keys)
        half = BLOCK_MAX // 2 or 1
        self._blocks = [keys[at : at + half] for at in range(0, len(keys), half)]

    def add(self, key: Key) -> None:
        """Add the key of work that begins to wait."""
        blocks = self._blocks
        if not blocks:
            blocks.append([key])
            return
        at = self._block_of(key)
        block = blocks[at]
        insort(block, key)
        if len(block) > BLOCK_MAX:
            half = len(block) // 2
            blocks[at : at + 1] = [block[:half], block[half:]]

    def remove(self, key: Key) -> None:
        """Remove the key of work that waits no more."""
        at = self._block_of(key)
        block = self._blocks[at]
        del block[bisect_left(block, key)]
        if not block:
            del self._blocks[at]

    def count_before(self, bound: tuple[int, ...]) -> int:
        """Return how many keys are smaller."""
        count = 0
        for block in self._blocks:
            if block[-1] < bound:
                count += len(block)
            else:
                return count + bisect_left(block, bound)
        return count

    def __getitem__(self, index: int) -> Key:
        """Return the key at the index, from 0."""
        for block in self._blocks:
            if index < len(block):
                return block[index]
            index -= len(block)
        raise IndexError(index)

    def _block_of(self, key: Key) -> int:
        """Return the block that the key is in, or belongs in."""
        low, high = 0, len(self._blocks) - 1
        while low < high:
            middle = (low + high) // 2
            if self._blocks[middle][-1] < key:
                low = middle + 1
            else:
                high = middle
        return low


def take_position(centre: Centre, interaction: Interaction, asked: int) -> int:
    """Give the interaction, which is about to wait in its queue, the asked position, or the nearest to it that work of its
    rank can have; return which. Positions count from 1.
    """
    queue = interaction.queue
    line = queue.line
    if line is None:
        keys = [waiting.key for klass in queue.classes if klass.count for waiting in klass.waiting()]
        line = queue.line = Line([key for key in keys if key is not None])
    rank = centre.rank(
        interaction.queued_at,
        interaction.priority,
        interaction.arrival.due_at,
        queue.plan,
        queue.section.plan,
    )
    first, last = line.count_before((1, rank)), line.count_before((1, rank + 1))
    at = min(max(asked - 1, first), last)
    before = tail_of(line[at - 1]) if at > first else None
    behind = tail_of(line[at]) if at < last else None
    own = (interaction.queued_at, interaction.number)
    tail = tail_between(own, before, behind, interaction.number)
    interaction.tail = None if tail == own else tail
    return at + 1


def position_in_line(interaction: Interaction) -> int:
    """Return where the interaction stands, or would stand, among all that wait in its queue, from 1."""
    key = interaction.key
    assert key is not None
    ahead = 0
    for klass in interaction.queue.classes:
        ahead += sum(waiting.key is not None and waiting.key < key for waiting in klass.waiting())
    return ahead + 1
