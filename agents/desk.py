"""An agent's desk: what is offered to it and what it holds, kept by the router's messages. Sends nothing itself: what is on it is handed
out as ``Offer`` and ``Work``, which know whom to ask.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable
from datetime import datetime
from typing import Final, Literal, Protocol

from pydantic import JsonValue

from agents import wire
from agents.errors import ClientError
from agents.presence import Presence
from agents.waiting import Bell

OfferState = Literal["open", "accepted", "declined", "failed", "rescinded", "gone"]
WorkState = Literal["connected", "suspended", "finished", "wrap-up", "closed", "released", "gone"]

DRAINED: Final = "drained"
LEFT_BY_ITSELF: Final = frozenset({"", DRAINED})
"""Why an agent is offline that wanted to be; any other reason is the router's, and the agent may come back."""
REMEMBERED: Final = 1_000


class Sender(Protocol):
    """Who sends what an agent says of its offers and its work."""

    def send(self, verb: str, command: wire.AgentCommand) -> Awaitable[wire.Accepted]:
        """Send a command until it is answered."""


class Work:
    """A contact that is the agent's. ``state`` follows the router: ``connected`` or ``suspended``, ``finished`` until the router says what
    follows, ``wrap-up`` until ``until``; then ``closed``, ``released`` (taken away, for ``reason``) or ``gone`` (ended unseen while the
    link was down).
    """

    def __init__(self, desk: Desk, work: wire.Work, state: WorkState, until: datetime | None = None) -> None:
        self._desk = desk
        self.details = work
        """The interaction: section, queue, channel, attributes, customer."""
        self.state: WorkState = state
        self.reason = ""
        self.until = until

    def __repr__(self) -> str:
        return f"<Work {self.id} {self.state}>"

    @property
    def id(self) -> str:
        """The interaction's id."""
        return self.details.interaction_id

    @property
    def is_mine(self) -> bool:
        """Whether the contact is still with the agent."""
        return self.state in {"connected", "suspended"}

    async def finish(self) -> None:
        """End the contact; wrap-up begins where there is one. Raises ``CommandRefused`` where it is not the agent's any more."""
        await self._desk.send("finish", wire.Finish(interaction_id=self.id))
        self._desk.finished(self)

    async def wrap_up_done(self) -> None:
        """End the after-contact work. Raises ``CommandRefused`` (``illegal-state``) where there is none, or its time was over."""
        await self._desk.send("wrap-up-done", wire.WrapUpDone(interaction_id=self.id))

    async def transfer(
        self,
        queue: str | None = None,
        *,
        priority: int | None = None,
        requirement: JsonValue = None,
        keep_place: bool = True,
        to_people: bool = False,
    ) -> None:
        """Give the interaction on to a queue, or back to its own; what is given replaces what it had."""
        command = wire.Transfer(
            interaction_id=self.id,
            queue=queue,
            priority=priority,
            requirement=requirement,
            keep_place=keep_place,
            to_people=to_people,
        )
        await self._desk.send("transfer", command)
        self._desk.finished(self)

    async def left(self) -> WorkState:
        """Wait until the contact is not with the agent any more, and say what it is then."""
        while self.is_mine:
            await self._desk.change()
        return self.state


class Offer:
    """One interaction held for the agent until it answers. ``state`` is ``open``, or how it ended: answered, ``rescinded`` (taken back, for
    ``reason``) or ``gone`` (ended unseen while the link was down).

    Work that is connected without an offer, or was there before, arrives as an offer that is accepted already; its ``id`` is 0.
    """

    def __init__(self, desk: Desk, offer_id: int, work: wire.Work, expires_at: datetime | None) -> None:
        self._desk = desk
        self.id = offer_id
        self.details = work
        """The interaction: section, queue, channel, attributes, customer."""
        self.expires_at = expires_at
        self.state: OfferState = "open" if offer_id else "accepted"
        self.reason = ""
        self.work: Work | None = None
        """What it became, once it is accepted."""

    def __repr__(self) -> str:
        return f"<Offer {self.id} of {self.interaction_id} {self.state}>"

    @property
    def interaction_id(self) -> str:
        """What is offered."""
        return self.details.interaction_id

    async def accept(self) -> Work:
        """Take it. Too late: ``CommandRefused`` with code ``offer-ended``, and how it ended in ``state``. Twice is harmless."""
        if self.work is None:
            await self._desk.send("accept", wire.Accept(offer_id=self.id))
        return self._desk.accepted(self)

    async def decline(self, reason: str = "") -> None:
        """Refuse it: the pair rests for a while."""
        await self._desk.send("decline", wire.Decline(offer_id=self.id, reason=reason))
        self._desk.ended(self, "declined")

    async def fail(self, reason: str = "") -> None:
        """Say that it could not reach the agent: busy, unreachable. Never the agent's fault."""
        await self._desk.send("fail", wire.Fail(offer_id=self.id, reason=reason))
        self._desk.ended(self, "failed")

    async def ended(self) -> OfferState:
        """Wait until it was answered or taken back, and say how: for a screen that must take it away."""
        while self.state == "open":
            await self._desk.change()
        return self.state


class Desk:
    """What lies before one agent. Messages may come twice, or after what they tell is over: nothing is shown twice."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._bell = Bell()
        self._unseen: deque[Offer] = deque()
        self._offers: dict[int, Offer] = {}
        self._work: dict[str, Work] = {}
        self._unconfirmed: set[str] = set()
        self._closed: Work | None = None
        self._ended: dict[tuple[int, str], None] = {}
        self.presence: Presence = "offline"
        self.reason = ""
        self.last_there: tuple[Presence, str] = ("not-ready", "")
        """The presence, and its reason, that the agent had when it was signed in last."""
        self.has_left = False
        """Whether the agent is offline because it wanted to be, or is about to be."""
        self.over: ClientError | None = None

    # ── what is there ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def offers_open(self) -> dict[int, Offer]:
        """The offers that wait for an answer, by number."""
        return dict(self._offers)

    @property
    def work(self) -> dict[str, Work]:
        """What the agent holds, by interaction: contacts and wrap-ups."""
        return {key: work for key, work in self._work.items() if work.state != "finished"}

    def next_unseen(self) -> Offer | None:
        """Return the oldest offer that nobody was given yet."""
        return self._unseen.popleft() if self._unseen else None

    async def change(self) -> None:
        """Wait until something changes. Raises what ended everything."""
        if self.over is not None:
            raise self.over.with_traceback(None)
        await self._bell.wait()

    async def send(self, verb: str, command: wire.AgentCommand) -> None:
        """Send a command until it is answered."""
        if self.over is not None:
            raise self.over.with_traceback(None)
        await self._sender.send(verb, command)

    # ── what the agent did ───────────────────────────────────────────────────────────────────────────────────────

    def accepted(self, offer: Offer) -> Work:
        """Note that the router has said so."""
        if offer.work is None:
            known = self._work.get(offer.interaction_id)
            if known is None:  # the reply was faster than the inbox
                self._unconfirmed.add(offer.interaction_id)
                known = self._work[offer.interaction_id] = Work(self, offer.details, "connected")
            offer.work = known
        self.ended(offer, "accepted")
        return offer.work

    def finished(self, work: Work) -> None:
        """Note that the router has taken the contact's end, and will say what follows."""
        if work.is_mine:
            work.state = "finished"
        self._bell.ring()

    def ended(self, offer: Offer, state: OfferState, reason: str = "") -> None:
        """Note an offer's end."""
        self._offers.pop(offer.id, None)
        if offer.id:
            self._ended[offer.id, offer.interaction_id] = None
            while len(self._ended) > REMEMBERED:
                del self._ended[next(iter(self._ended))]
        if offer.state == "open":
            offer.state, offer.reason = state, reason
            if offer in self._unseen and state != "accepted":
                self._unseen.remove(offer)
        self._bell.ring()

    def end(self, error: ClientError) -> None:
        """Note that nothing will happen any more: who waits is told."""
        if self.over is None:
            self.over = error
        self._bell.ring()

    # ── what the router says ─────────────────────────────────────────────────────────────────────────────────────

    def take(self, message: wire.Message) -> None:
        """Take a message of the inbox, or a state."""
        match message:
            case wire.AgentState():
                self._resync(message)
            case wire.Offer():
                self._offered(message)
            case wire.Rescind():
                offer = self._offers.get(message.offer_id)
                if offer is not None:
                    self.ended(offer, "rescinded", message.reason)
            case wire.Connect():
                self._connected(message.work, "connected")
            case wire.Release():
                self._released(message)
            case wire.Closed():
                self._left(message.interaction_id, "closed")
            case wire.Suspend():
                self._moved(message.interaction_id, "connected", "suspended")
            case wire.Resume():
                self._moved(message.interaction_id, "suspended", "connected")
            case wire.WrapUpStarted():
                self._wraps_up(message)
            case wire.PresenceSet():
                if message.presence == "offline" and message.reason in LEFT_BY_ITSELF:
                    self.has_left = True
                self.set_presence(message.presence, message.reason)
            case _:
                pass
        self._bell.ring()

    def set_presence(self, presence: Presence, reason: str) -> None:
        """Note the agent's presence."""
        self.presence, self.reason = presence, reason
        if presence != "offline":
            self.last_there = presence, reason
            self.has_left = False
        self._bell.ring()

    def _resync(self, state: wire.AgentState) -> None:
        if state.presence == "offline" and state.reason == DRAINED:
            self.has_left = True  # any other reason may be that the router knows nobody yet
        self.set_presence(state.presence, state.reason)
        offers = {offer.offer_id for offer in state.offers}
        held = {each.work.interaction_id: each for each in state.work}
        for offer in list(self._offers.values()):
            if offer.id not in offers and offer.interaction_id not in held:
                self.ended(offer, "gone")
        for interaction_id in self._work.keys() - held.keys() - self._unconfirmed:
            self._left(interaction_id, "gone")
        self._unconfirmed.clear()  # a further state that does not have them is to be believed
        for each in state.work:
            if each.state == "wrap-up":
                self._set_work(each.work, "wrap-up", each.until)
            else:
                self._connected(each.work, each.state)
        for message in state.offers:
            self._offered(message)

    def _offered(self, message: wire.Offer) -> None:
        key = message.offer_id, message.work.interaction_id
        if message.offer_id in self._offers or key in self._ended:
            return
        offer = Offer(self, message.offer_id, message.work, message.expires_at)
        self._offers[offer.id] = offer
        self._unseen.append(offer)

    def _connected(self, details: wire.Work, state: WorkState) -> None:
        self._unconfirmed.discard(details.interaction_id)
        known = self._work.get(details.interaction_id)
        if known is not None and known.state != "wrap-up":
            if known.is_mine:
                known.state = state
            return
        work = self._set_work(details, state)
        for offer in list(self._offers.values()):
            if offer.interaction_id == work.id:
                offer.work = work
                self.ended(offer, "accepted")
                return
        by_itself = Offer(self, 0, details, None)
        by_itself.work = work
        self._unseen.append(by_itself)

    def _set_work(self, details: wire.Work, state: WorkState, until: datetime | None = None) -> Work:
        known = self._work.get(details.interaction_id)
        if known is None:
            known = self._work[details.interaction_id] = Work(self, details, state, until)
        else:
            known.state, known.until = state, until
        return known

    def _released(self, message: wire.Release) -> None:
        closed = self._closed
        if closed is not None and closed.id == message.interaction_id and closed.id not in self._work:
            closed.state, closed.reason = (
                "released",
                message.reason,
            )  # the router tells first that it is over, then why
        else:
            self._left(message.interaction_id, "released", message.reason)

    def _left(self, interaction_id: str, state: WorkState, reason: str = "") -> None:
        work = self._work.pop(interaction_id, None)
        self._unconfirmed.discard(interaction_id)
        if work is None:
            return
        self._closed = work if work.is_mine and state == "closed" else None
        work.state, work.reason = state, reason
        for offer in [each for each in self._unseen if each.work is work]:
            self._unseen.remove(offer)

    def _moved(self, interaction_id: str, before: WorkState, after: WorkState) -> None:
        work = self._work.get(interaction_id)
        if work is not None and work.state == before:
            work.state = after

    def _wraps_up(self, message: wire.WrapUpStarted) -> None:
        work = self._work.get(message.interaction_id)
        if work is not None:
            work.state, work.until = "wrap-up", message.until
