"""Who is live and who waits since when, kept from the facts, so that neither a list nor a longest wait needs a look at everything."""

from __future__ import annotations

from collections.abc import Iterator

from router.core.facts import (
    Fact,
    InteractionAssigned,
    InteractionEnded,
    InteractionMoved,
    InteractionQueued,
    InteractionScheduled,
)
from router.core.names import InteractionId, QueueId
from router.core.records import Interaction
from router.ports import Front


class Waits:
    """What waits in each queue, open offers included: its customer waits still. ``live`` are the ids of all that have not ended, in the
    order of their arrival.
    """

    def __init__(self, front: Front) -> None:
        self._front = front
        self._since: dict[QueueId, dict[InteractionId, int]] = {}
        self.live: dict[InteractionId, None] = {}
        for interaction in sorted(front.centre.interactions.values(), key=lambda each: each.number):
            if interaction.state != "ended":
                self.live[interaction.id] = None
            if interaction.state in {"queued", "offered"}:
                since = interaction.waiting_since or 0
                self._since.setdefault(interaction.queue.queue_id, {})[interaction.id] = since
        front.on_fact(self._note)

    def count(self, queue_id: QueueId) -> int:
        """Return how many wait in the queue, those that are offered just now among them."""
        return len(self._since.get(queue_id, ()))

    def longest_ms(self, queue_id: QueueId, now: int) -> int:
        """Return how long the one has waited that has waited longest."""
        since = self._since.get(queue_id)
        return max(0, now - min(since.values())) if since else 0

    def live_after(self, number: int) -> Iterator[Interaction]:
        """Yield what is live and arrived after the interaction with that number, in the order of arrival."""
        interactions = self._front.centre.interactions
        for interaction_id in self.live:
            found = interactions.get(interaction_id)
            if found is not None and found.number > number:
                yield found

    def _note(self, fact: Fact) -> None:
        match fact:
            case InteractionQueued():
                self.live[fact.interaction_id] = None
                interaction = self._front.centre.interactions.get(fact.interaction_id)
                since = None if interaction is None else interaction.waiting_since
                self._since.setdefault(fact.queue, {})[fact.interaction_id] = (
                    fact.at if since is None else since
                )
            case InteractionAssigned():
                self._since.get(fact.queue, {}).pop(fact.interaction_id, None)
            case InteractionEnded():
                self.live.pop(fact.interaction_id, None)
                self._since.get(fact.queue, {}).pop(fact.interaction_id, None)
            case InteractionMoved():
                since = self._since.get(fact.from_queue, {}).pop(fact.interaction_id, None)
                if since is not None:
                    self._since.setdefault(fact.to_queue, {})[fact.interaction_id] = since
            case InteractionScheduled():
                self.live[fact.interaction_id] = None
            case _:
                pass
