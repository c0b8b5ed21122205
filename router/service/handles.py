"""What a program holds in its hands: an interaction, an offer, an agent. Each knows what the facts said of it, and sends signals."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable
from typing import Literal, Protocol

from agents.presence import Presence
from agents.waiting import Bell
from router.core.facts import InteractionAssigned, InteractionEnded, OfferEnd, OfferEnded, OfferMade
from router.core.names import AgentId, InteractionId, OfferId, QueueId
from router.core.requirement import Requirement
from router.core.signals import (
    AgentBecameNotReady,
    AgentBecameReady,
    AgentHeartbeat,
    AgentLost,
    AgentSignedOut,
    AgentStartedDraining,
    CallbackAnswered,
    CallbackRequested,
    CallbackUnanswered,
    ConnectFailed,
    InteractionAbandoned,
    InteractionCancelled,
    InteractionCompleted,
    InteractionTransferred,
    OfferAccepted,
    OfferDeclined,
    Signal,
    WorkFinished,
    WrapUpDone,
)
from router.errors import RouterError, SignalError

InteractionState = Literal["new", "scheduled", "queued", "offered", "assigned", "ended"]


class Sender(Protocol):
    """The router, as its handles see it."""

    def send(self, signal: Signal) -> Awaitable[str]:
        """Send a signal; the awaitable is the engine's answer."""

    @property
    def over(self) -> RouterError | None:
        """Why nothing will happen any more; None while the router runs."""


class InteractionHandle:
    """One contact, from its submission to its end. ``state`` follows the facts; it is ``new`` until the router has taken it.

    Every awaited method raises ``SignalError`` where the signal is not legal any more, with the real state in ``state``.
    """

    __slots__ = ("_bell", "_how", "_sender", "assignment", "end", "id", "queue", "state")

    def __init__(self, sender: Sender, interaction_id: InteractionId) -> None:
        self._how = ""
        self._sender = sender
        self._bell: Bell | None = None
        self.id = interaction_id
        self.state: InteractionState = "new"
        self.queue: QueueId | None = None
        """The queue it waits or waited in."""
        self.assignment: InteractionAssigned | None = None
        """The answer: who, in which tier, with which score, chosen by which policy, after which wait. None while it waits."""
        self.end: InteractionEnded | None = None
        """How it ended; None while it is live."""

    def __repr__(self) -> str:
        return f"<Interaction {self.id} {self.end.how if self.end else self.state}>"

    @property
    def agent_id(self) -> AgentId | None:
        """The agent that is connected now."""
        return self.assignment.agent_id if self.assignment and self.state == "assigned" else None

    async def answered(self) -> InteractionAssigned | None:
        """Wait until an agent is connected, or until it ended without an answer: then None.

        Returns at once when it was answered. Queued again, by a transfer say, it waits for the next agent.
        """
        while self.assignment is None and self.end is None:
            await self._change()
        return self.assignment

    async def ended(self) -> InteractionEnded:
        """Wait until it ended."""
        while self.end is None:
            await self._change()
        return self.end

    async def abandon(self) -> None:
        """The customer left before an answer."""
        await self._sender.send(InteractionAbandoned(self.id))

    async def cancel(self, reason: str = "") -> None:
        """Call it off, in whatever state it is."""
        await self._sender.send(InteractionCancelled(self.id, reason))

    async def complete(self) -> None:
        """The customer ended the contact with the agent."""
        await self._sender.send(InteractionCompleted(self.id))

    async def call_back(
        self, number: str, *, not_before: int | None = None, not_after: int | None = None
    ) -> None:
        """The customer rather is called back under the number, not before and not after these times of the router's clock: it keeps its
        place, and cannot abandon any more.
        """
        await self._sender.send(CallbackRequested(self.id, number, not_before, not_after))

    async def reached(self) -> None:
        """The customer who was being dialled has answered."""
        await self._sender.send(CallbackAnswered(self.id))

    async def not_reached(self, reason: str = "") -> None:
        """The customer who was being dialled was not reached: dialled again later, or that was it."""
        await self._sender.send(CallbackUnanswered(self.id, reason))

    async def _change(self) -> None:
        if self._sender.over is not None:
            raise self._sender.over.with_traceback(None)
        if self.state == "ended":
            raise SignalError(
                "interaction-ended",
                f"{self.id!r} ended ({self._how}) before it was asked for",
                state=self._how,
            )
        if self._bell is None:
            self._bell = Bell()
        await self._bell.wait()

    def changed(
        self,
        state: InteractionState,
        *,
        queue: QueueId | None = None,
        assignment: InteractionAssigned | None = None,
        end: InteractionEnded | None = None,
    ) -> None:
        """Take note of what a fact said; called by the router."""
        self.state = state
        if queue is not None:
            self.queue = queue
        if state == "queued" or assignment is not None:
            self.assignment = assignment
        if end is not None:
            self.end = end
        self.ring()

    def ended_before(self, how: str, queue: QueueId) -> None:
        """Take note that it is over, for a handle that was made afterwards; called by the router."""
        self._how = how
        self.changed("ended", queue=queue)

    def ring(self) -> None:
        """Wake who waits; called by the router."""
        if self._bell is not None:
            self._bell.ring()


class Offer:
    """One interaction held for one agent. ``made`` is the decision behind it: tier, score, policy.

    Work that is connected without an offer (``auto_answer``) arrives as an offer that is accepted already.
    """

    __slots__ = ("_bell", "_sender", "ended_by", "interaction", "made", "state")

    def __init__(
        self, sender: Sender, made: OfferMade | InteractionAssigned, interaction: InteractionHandle
    ) -> None:
        self._sender = sender
        self.interaction = interaction
        """The handle of what is offered."""
        self._bell: Bell | None = None
        self.made = made
        self.state: OfferEnd | Literal["open"] = "open" if isinstance(made, OfferMade) else "accepted"
        """``open``, or how it ended."""
        self.ended_by: OfferEnded | None = None
        """The fact that ended it."""

    def __repr__(self) -> str:
        return f"<Offer {self.id} of {self.interaction_id} to {self.agent_id} {self.state}>"

    @property
    def id(self) -> OfferId:
        """The offer's number; 0 for work that was connected without an offer."""
        return self.made.offer_id

    @property
    def interaction_id(self) -> InteractionId:
        """What is offered."""
        return self.made.interaction_id

    @property
    def agent_id(self) -> AgentId:
        """To whom."""
        return self.made.agent_id

    @property
    def expires_at(self) -> int | None:
        """When it runs out, by the router's clock."""
        return self.made.expires_at if isinstance(self.made, OfferMade) else None

    async def accept(self) -> InteractionHandle:
        """Take it. Too late: ``SignalError`` with code ``offer-ended`` and how it ended in ``state``. Twice is harmless."""
        if isinstance(self.made, OfferMade):
            await self._sender.send(OfferAccepted(self.id, self.agent_id))
        return self.interaction

    async def decline(self, reason: str = "") -> None:
        """Refuse it: the pair rests for a while."""
        await self._sender.send(OfferDeclined(self.id, self.agent_id, reason))

    async def fail(self, reason: str = "") -> None:
        """Say that it could not reach the agent: busy, unreachable. Never the agent's fault."""
        await self._sender.send(ConnectFailed(self.id, self.agent_id, reason))

    async def ended(self) -> OfferEnd:
        """Wait until it was answered, ran out or was withdrawn, and say how."""
        while self.state == "open":
            if self._sender.over is not None:
                raise self._sender.over.with_traceback(None)
            if self._bell is None:
                self._bell = Bell()
            await self._bell.wait()
        return self.state

    def finish(self, fact: OfferEnded) -> None:
        """Take note of its end; called by the router."""
        self.state = fact.how
        self.ended_by = fact
        self.ring()

    def ring(self) -> None:
        """Wake who waits; called by the router."""
        if self._bell is not None:
            self._bell.ring()


class AgentHandle:
    """An agent as its desktop or bot sees it: what is offered to it, what it holds, and what it tells the router.

    Work is named by its handle or its id.
    """

    __slots__ = ("_bell", "_inbox", "_sender", "id", "offers_open", "presence", "work")

    def __init__(self, sender: Sender, agent_id: AgentId) -> None:
        self._sender = sender
        self._bell = Bell()
        self._inbox: deque[Offer] = deque()
        self.id = agent_id
        self.presence: Presence = "offline"
        self.offers_open: dict[OfferId, Offer] = {}
        """The offers that wait for its answer, by number."""
        self.work: dict[InteractionId, InteractionAssigned] = {}
        """What it is connected to, with the decision behind it."""

    def __repr__(self) -> str:
        return f"<Agent {self.id} {self.presence}>"

    @property
    def offers(self) -> AsyncIterator[Offer]:
        """What is offered to the agent from now on, until it is offline or the router closes."""
        return self._offers()

    async def _offers(self) -> AsyncIterator[Offer]:
        while True:
            try:
                offer = await self.next_offer()
            except SignalError as error:
                if error.code in {"offline", "closed"}:
                    return
                raise
            yield offer

    async def next_offer(self) -> Offer:
        """Wait for an offer; ones that ended unseen are left out. Each goes to one waiter.

        Raises ``SignalError`` with code ``offline`` when the agent is, ``closed`` when the router is.
        """
        while True:
            if self._sender.over is not None:
                raise self._sender.over.with_traceback(None)
            if self._inbox:
                return self._inbox.popleft()
            if self.presence == "offline":
                raise SignalError("offline", f"agent {self.id!r} is offline: nothing will be offered to it")
            await self._bell.wait()

    async def ready(self) -> None:
        """Take work."""
        await self._sender.send(AgentBecameReady(self.id))

    async def not_ready(self, reason: str = "") -> None:
        """Take no work: a break, training. Open offers are withdrawn."""
        await self._sender.send(AgentBecameNotReady(self.id, reason))

    async def drain(self) -> None:
        """Finish what it holds and then go offline."""
        await self._sender.send(AgentStartedDraining(self.id))

    async def sign_out(self) -> None:
        """Leave. Raises ``SignalError`` with code ``holds-work`` while it is connected to somebody."""
        await self._sender.send(AgentSignedOut(self.id))

    async def heartbeat(self) -> None:
        """Say that it is still there: renews the presence lease."""
        await self._sender.send(AgentHeartbeat(self.id))

    async def lost(self, reason: str = "lost") -> None:
        """Say that the agent's connection broke: what it held is kept, or queued again, as its channel says."""
        await self._sender.send(AgentLost(self.id, reason))

    async def finish(self, work: InteractionHandle | str) -> None:
        """End the contact; wrap-up begins where there is one."""
        await self._sender.send(WorkFinished(_id(work), self.id))

    async def wrap_up_done(self, work: InteractionHandle | str) -> None:
        """End the after-contact work."""
        await self._sender.send(WrapUpDone(_id(work), self.id))

    async def transfer(
        self,
        work: InteractionHandle | str,
        queue: str | None = None,
        *,
        priority: int | None = None,
        requirement: Requirement | None = None,
        keep_place: bool = True,
        to_people: bool = False,
    ) -> None:
        """Give the interaction on to a queue, or back to its own; what is given replaces what it had."""
        target = None if queue is None else QueueId(queue)
        await self._sender.send(
            InteractionTransferred(_id(work), self.id, target, priority, requirement, keep_place, to_people)
        )

    def offered(self, offer: Offer) -> None:
        """Take note of an offer; called by the router."""
        if offer.state == "open":
            self.offers_open[offer.id] = offer
        self._inbox.append(offer)
        self._bell.ring()

    def withdrawn(self, offer: Offer) -> None:
        """Take note of an offer's end; called by the router."""
        self.offers_open.pop(offer.id, None)
        if offer in self._inbox:
            self._inbox.remove(offer)

    def left(self, interaction_id: InteractionId) -> None:
        """Take note that a contact is over for the agent; called by the router."""
        if self.work.pop(interaction_id, None) is not None:
            unseen = [offer for offer in self._inbox if offer.interaction_id == interaction_id]
            for offer in unseen:
                self._inbox.remove(offer)

    def ring(self) -> None:
        """Wake who waits; called by the router."""
        self._bell.ring()


def _id(work: InteractionHandle | str) -> InteractionId:
    return work.id if isinstance(work, InteractionHandle) else InteractionId(work)
