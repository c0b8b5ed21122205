"""What happened, as numbered CloudEvents: for live listeners, and for those who come back and missed some. A ring of the last facts; a
fact becomes an event only when somebody wants to read it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agents import wire
from router.core.facts import (
    AgentPaused,
    AgentUnpaused,
    AnnouncementMade,
    AssignmentClosed,
    CallbackBooked,
    CallbackOffered,
    CallbackPostponed,
    CustomerDialled,
    CustomerNotReached,
    CustomerReached,
    Fact,
    HoldEnded,
    HopLimitReached,
    InteractionAssigned,
    InteractionEnded,
    InteractionExpedited,
    InteractionMoved,
    InteractionPassedOn,
    InteractionQueued,
    InteractionScheduled,
    LinkChanged,
    NoticeSent,
    OfferEnded,
    OfferExtended,
    OfferMade,
    PlanAdopted,
    PoolsOpened,
    PositionGiven,
    PresenceChanged,
    PriorityRaised,
    PrioritySet,
    RefusalsCleared,
    RequirementRelaxed,
    SectionClosed,
    SectionOpened,
    StepSkipped,
    StepTaken,
    WaitEstimated,
    WorkHeld,
    WorkResumed,
    WorkSuspended,
    WrapUpStarted,
)
from router.errors import SignalError
from router.ports import Front

EVENT_TYPES: Final[Mapping[type[Fact], str]] = {
    InteractionScheduled: "switchroom.interaction.scheduled",
    InteractionQueued: "switchroom.interaction.queued",
    InteractionMoved: "switchroom.interaction.moved",
    OfferMade: "switchroom.offer.made",
    OfferEnded: "switchroom.offer.ended",
    InteractionAssigned: "switchroom.interaction.assigned",
    InteractionEnded: "switchroom.interaction.ended",
    InteractionPassedOn: "switchroom.interaction.passed-on",
    WrapUpStarted: "switchroom.wrap-up.started",
    AssignmentClosed: "switchroom.assignment.closed",
    WorkSuspended: "switchroom.work.suspended",
    WorkResumed: "switchroom.work.resumed",
    WorkHeld: "switchroom.work.held",
    HoldEnded: "switchroom.hold.ended",
    RequirementRelaxed: "switchroom.requirement.relaxed",
    PoolsOpened: "switchroom.pools.opened",
    PositionGiven: "switchroom.position.given",
    PriorityRaised: "switchroom.priority.raised",
    PrioritySet: "switchroom.priority.set",
    InteractionExpedited: "switchroom.interaction.expedited",
    StepTaken: "switchroom.step.taken",
    StepSkipped: "switchroom.step.skipped",
    AnnouncementMade: "switchroom.announcement.made",
    CallbackOffered: "switchroom.callback.offered",
    CallbackBooked: "switchroom.callback.booked",
    CallbackPostponed: "switchroom.callback.postponed",
    CustomerDialled: "switchroom.customer.dialled",
    CustomerReached: "switchroom.customer.reached",
    CustomerNotReached: "switchroom.customer.not-reached",
    NoticeSent: "switchroom.notice.sent",
    HopLimitReached: "switchroom.hop-limit.reached",
    RefusalsCleared: "switchroom.refusals.cleared",
    WaitEstimated: "switchroom.wait.estimated",
    PresenceChanged: "switchroom.presence.changed",
    AgentPaused: "switchroom.agent.paused",
    AgentUnpaused: "switchroom.agent.unpaused",
    LinkChanged: "switchroom.link.changed",
    SectionOpened: "switchroom.section.opened",
    SectionClosed: "switchroom.section.closed",
    OfferExtended: "switchroom.offer.extended",
    PlanAdopted: "switchroom.plan.adopted",
}
"""The ``type`` of the event of each kind of fact."""

CAPACITY: Final = 10_000
"""So many facts are kept for those who come back."""

EventSink = Callable[[wire.Event], object]
"""Takes note of an event: quick, and without waiting for anything. What it returns is not looked at."""


_NOT_LOOKED_UP: Final = ""


class _Kept:
    """A fact in the ring, and its event once somebody has read it."""

    __slots__ = ("event", "fact", "section", "sequence")

    def __init__(self, sequence: int, fact: Fact, section: str | None) -> None:
        self.sequence = sequence
        self.fact = fact
        self.section = section
        self.event: wire.Event | None = None


class EventLog:
    """The events of one centre, in order. ``sequence`` goes up by one with every fact, from ``next_sequence`` on, which a router
    that goes on after a restart gets from where it ended; ``recent`` are the facts before that, as far as they are known. The last
    ``capacity`` are kept.
    """

    def __init__(
        self,
        front: Front,
        *,
        centre_id: str,
        next_sequence: int = 1,
        capacity: int = CAPACITY,
        recent: Sequence[Fact] = (),
    ) -> None:
        if capacity < 1:
            raise ValueError(f"an event log keeps at least 1 fact, not {capacity}")
        self._front = front
        self._source = f"/centres/{centre_id}"
        self._next = next_sequence
        self._ring: deque[_Kept] = deque(maxlen=capacity)
        self._sinks: list[EventSink] = []
        self._readers: list[asyncio.Future[None]] = []
        self._is_closed = False
        for sequence, fact in enumerate(recent, next_sequence - len(recent)):
            self._ring.append(_Kept(sequence, fact, _NOT_LOOKED_UP))
        self._end = front.on_fact(self._note)

    def close(self) -> None:
        """Take no more facts; who waits for further events is woken."""
        self._is_closed = True
        self._end()
        self._wake()

    @property
    def next_sequence(self) -> int:
        """The sequence that the next event will have."""
        return self._next

    @property
    def first_sequence(self) -> int:
        """The oldest sequence that can still be read; ``next_sequence`` where nothing is kept."""
        return self._next - len(self._ring)

    def on_event(self, sink: EventSink) -> Callable[[], None]:
        """Have ``sink`` called with every event as it happens; call what is returned to end that.

        What it raises goes to the event loop's exception handler and stops nothing.
        """
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink) if sink in self._sinks else None

    def after(self, sequence: int, limit: int | None = None) -> list[wire.Event]:
        """Return the events that came after ``sequence``, oldest first, at most ``limit``.

        Raises ``SignalError``: ``events-gone`` where some of them are not kept any more, ``events-ahead`` for a sequence that no event
        has had yet.
        """
        if sequence >= self._next:
            raise SignalError(
                "events-ahead",
                f"there was no event {sequence} yet: the next one is {self._next}; read again without a sequence",
            )
        start = sequence + 1 - self.first_sequence
        if start < 0:
            raise SignalError(
                "events-gone",
                f"events after {sequence} are not kept any more: the oldest is {self.first_sequence}; "
                "read the state anew, then the events from now on",
            )
        stop = len(self._ring) if limit is None else min(len(self._ring), start + limit)
        return [self._event(self._ring[place]) for place in range(start, stop)]

    async def wait_after(self, sequence: int) -> bool:
        """Return True once there is an event after ``sequence``, False where the log is closed and there will be none."""
        if sequence + 1 < self._next:
            return True
        if self._is_closed:
            return False
        reader: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._readers.append(reader)
        try:
            await reader
        finally:
            if reader in self._readers:
                self._readers.remove(reader)
        return sequence + 1 < self._next

    def _note(self, fact: Fact) -> None:
        kept = _Kept(self._next, fact, self._section_of(fact))
        self._next += 1
        self._ring.append(kept)
        if self._readers:
            self._wake()
        for sink in tuple(self._sinks):
            try:
                sink(self._event(kept))
            except Exception as error:  # noqa: BLE001 - the listener's code; the others hear of the event all the same
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "a listener failed on an event", "exception": error}
                )

    def _wake(self) -> None:
        readers, self._readers = self._readers, []
        for reader in readers:
            if not reader.done():
                reader.set_result(None)

    def _section_of(self, fact: Fact) -> str | None:
        """Return the section whose queue or interaction it is about, as of now; the interaction may move on later."""
        match fact:
            case (
                InteractionQueued()
                | InteractionEnded()
                | InteractionScheduled()
                | SectionOpened()
                | SectionClosed()
            ):
                return fact.section
            case PresenceChanged() | AgentPaused() | AgentUnpaused() | LinkChanged() | PlanAdopted():
                return None
            case _:
                interaction = self._front.centre.interactions.get(fact.interaction_id)
                return None if interaction is None else interaction.queue.section_id

    def _event(self, kept: _Kept) -> wire.Event:
        event = kept.event
        if event is None:
            if kept.section == _NOT_LOOKED_UP:
                kept.section = self._section_of(kept.fact)
            event = kept.event = wire.Event(
                id=str(kept.sequence),
                source=self._source,
                type=EVENT_TYPES[type(kept.fact)],
                subject=_subject(kept.fact),
                time=wire.moment(kept.fact.at),
                sequence=kept.sequence,
                section=kept.section,
                data=_data(kept.fact),
            )
        return event


def _subject(fact: Fact) -> str:
    match fact:
        case PresenceChanged() | AgentPaused() | AgentUnpaused():
            return fact.agent_id
        case PlanAdopted():
            return fact.version
        case LinkChanged():
            return "link"
        case SectionOpened() | SectionClosed():
            return fact.section
        case _:
            return fact.interaction_id


def _data(fact: Fact) -> dict[str, object]:
    """Return the fact's fields; times stay milliseconds, as they are called in the fact."""
    data = fact._asdict()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in data.items()}
