"""The equally good agents that a picking choice chooses from, in the order of their ids, without listing them.

They lie in the sorted lists of free agents that their profiles keep (see ``supply``); a few may be skipped. What is
asked of them is answered by searching in these lists, so that it costs as much as there are profiles, not agents.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from router.core.names import AgentId


class SortedCandidates:
    """The ids in ``lists``, each sorted, less those of ``skipped`` that are there, and the ids ``added``, sorted too, which
    may be among the skipped.
    """

    __slots__ = ("_lists", "_skipped", "_total")

    def __init__(
        self,
        lists: Sequence[list[AgentId]],
        skipped: Iterable[AgentId] = (),
        added: Sequence[AgentId] = (),
    ) -> None:
        self._lists: list[Sequence[AgentId]] = [ids for ids in lists if ids]
        # An id that is skipped and added is in two lists: then the first of the two is passed over.
        self._skipped = sorted(agent_id for agent_id in set(skipped) if self._has(agent_id))
        if added:
            self._lists.append(added)
        self._total = sum(len(ids) for ids in self._lists)

    def __len__(self) -> int:
        return self._total - len(self._skipped)

    def __getitem__(self, index: int) -> AgentId:
        """Return the id at the index, from 0; raises ``IndexError`` beyond the last."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        for agent_id in self._skipped:
            if sum(bisect_left(ids, agent_id) for ids in self._lists) > index:
                break
            index += 1
        return self._lists[0][index] if len(self._lists) == 1 else self._select(index)

    def count_to(self, agent_id: AgentId) -> int:
        """Return how many ids are the given one or smaller."""
        return sum(bisect_right(ids, agent_id) for ids in self._lists) - bisect_right(self._skipped, agent_id)

    def _has(self, agent_id: AgentId) -> bool:
        for ids in self._lists:
            index = bisect_left(ids, agent_id)
            if index < len(ids) and ids[index] == agent_id:
                return True
        return False

    def _select(self, place: int) -> AgentId:
        """Return the id at this place of all lists merged.

        Narrows every list to where the id can be. The guess is taken from the widest, by turns where the id should be if
        all lists were alike, which is nearly right as a rule, and in the middle, which halves it for certain.
        """
        lists = self._lists
        lows = [0] * len(lists)
        highs = [len(ids) for ids in lists]
        by_proportion = True
        while True:
            widths = [high - low for low, high in zip(lows, highs, strict=True)]
            width = max(widths)
            widest = widths.index(width)
            part = width * (place - sum(lows)) // sum(widths) if by_proportion else width // 2
            by_proportion = not by_proportion
            guess = lists[widest][lows[widest] + part]
            lefts = [
                bisect_left(ids, guess, low, high) for ids, low, high in zip(lists, lows, highs, strict=True)
            ]
            if place < sum(lefts):
                highs = lefts
                continue
            rights = [
                bisect_right(ids, guess, left, high)
                for ids, left, high in zip(lists, lefts, highs, strict=True)
            ]
            if place < sum(rights):
                return guess
            lows = rights
