"""An agent's client: signs in, keeps the link and the lease, hands out offers, and goes on where it was after the link or the router was
away. For people's desktops and for bots.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from math import inf
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from agents import wire
from agents.alongside import run_alongside
from agents.desk import Desk, Offer, Work
from agents.errors import ClientError, ClosedError, CommandRefused, LinkError, UnreachableError
from agents.line import Down, News, Over, Up, line_to
from agents.presence import Presence
from agents.repeating import GIVE_UP_S, TRY_S, Repeater

HEARTBEAT_S: Final = 2.0
GOODBYE_S: Final = 2.0
"""So long the client tries to sign out when its block is left."""


class AgentClient:
    """One agent, signed in while the client is entered: ``async with AgentClient(url, agent="ana") as me``.

    Entering raises ``AddressError``, ``MissingExtraError``, ``UnreachableError`` where nobody answers for ``give_up_s``, and
    ``CommandRefused`` for an agent that the centre does not have. Leaving signs out; an agent that still holds contacts is lost to the
    router instead, which keeps them for it or queues them again, as their channel says.

    Every command is repeated until it is answered, and raises ``CommandRefused``, ``GaveUpError`` after ``give_up_s``, or what has ended
    the client: ``TakenOverError`` where the agent signed in from elsewhere, ``ClosedError``.
    """

    def __init__(
        self,
        url: str,
        *,
        agent: str,
        centre: str = "",
        ready: bool = True,
        reason: str = "",
        heartbeat_s: float = HEARTBEAT_S,
        give_up_s: float = GIVE_UP_S,
        session: str | None = None,
        prefix: str = "switchroom",
    ) -> None:
        """``centre`` and ``prefix`` begin the topics of MQTT; HTTP needs neither. ``session`` names this connection; a new name each
        time, if none is given.
        """
        self.id = agent
        self.session = session if session is not None else uuid4().hex[:16]
        self._url = url
        self._ready = ready
        self._reason = reason
        self._heartbeat_s = heartbeat_s
        self._give_up_s = give_up_s
        self._line = line_to(url, "agents", agent, centre=centre, session=self.session, prefix=prefix)
        self._repeater = Repeater(self._line, give_up_s=give_up_s)
        self._desk = Desk(self)
        self._is_up = False
        self._was_signed_in = False
        self._why_down = "no answer"
        self._stack = AsyncExitStack()

    def __repr__(self) -> str:
        return f"<AgentClient {self.id} {self.presence}>"

    async def __aenter__(self) -> Self:
        """Connect and sign in."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._line)
            await self._wait_for_link()
            await self.sign_in(ready=self._ready, reason=self._reason)
            for work in (self._read(), self._beat()):
                run_alongside(stack, work, f"client of {self.id}", self._desk.end)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Sign out and hang up."""
        try:
            if self._desk.over is None and not self._desk.has_left:
                self._desk.has_left = True
                with suppress(ClientError):
                    await self.send("sign-out", wire.SignOut(), give_up_s=GOODBYE_S)
        finally:
            self._desk.end(ClosedError(f"the client of agent {self.id!r} is closed"))
            await self._stack.aclose()

    # ── what is there ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def presence(self) -> Presence:
        """The agent's presence, as the router said last."""
        return self._desk.presence

    @property
    def reason(self) -> str:
        """Why the agent is not ready or offline; ``no-answer`` where the router did that for an offer that was not answered."""
        return self._desk.reason

    @property
    def is_connected(self) -> bool:
        """Whether the link to the router is there."""
        return self._is_up

    @property
    def offers_open(self) -> dict[int, Offer]:
        """The offers that wait for an answer, by number."""
        return self._desk.offers_open

    @property
    def work(self) -> dict[str, Work]:
        """What the agent holds, by interaction: contacts and wrap-ups."""
        return self._desk.work

    @property
    def offers(self) -> AsyncIterator[Offer]:
        """What is offered to the agent, until it has signed out or drained, or the client is closed.

        Offers that ended unseen are left out. Raises ``TakenOverError`` where the agent signed in from elsewhere.
        """
        return self._offers()

    async def _offers(self) -> AsyncIterator[Offer]:
        while True:
            try:
                offer = await self.next_offer()
            except ClosedError:
                return
            yield offer

    async def next_offer(self) -> Offer:
        """Wait for an offer; each goes to one waiter. Raises ``ClosedError`` once the agent has left or the client is closed."""
        while True:
            offer = self._desk.next_unseen()
            if offer is not None:
                return offer
            if self._desk.has_left and self.presence == "offline":
                raise ClosedError(f"agent {self.id!r} is offline: nothing will be offered to it")
            await self._desk.change()

    async def changed(self) -> None:
        """Wait until anything of the above changes."""
        await self._desk.change()

    # ── what the agent says ──────────────────────────────────────────────────────────────────────────────────────

    async def sign_in(self, *, ready: bool = True, reason: str = "") -> None:
        """Be there; done by entering, and needed again only after the agent has left."""
        accepted = await self.send("sign-in", wire.SignIn(ready=ready, reason=reason))
        if accepted.agent is not None:
            self._desk.set_presence(accepted.agent.presence, accepted.agent.reason)
        self._was_signed_in = True

    async def ready(self) -> None:
        """Take work."""
        await self.send("ready", wire.Ready())

    async def not_ready(self, reason: str = "") -> None:
        """Take no work: a break, training. Open offers are withdrawn."""
        await self.send("not-ready", wire.NotReady(reason=reason))

    async def drain(self) -> None:
        """Finish what it holds and then go offline."""
        await self.send("drain", wire.Drain())

    async def sign_out(self) -> None:
        """Leave. Raises ``CommandRefused`` with code ``holds-work`` while it is connected to somebody."""
        self._desk.has_left = True  # so that no heartbeat that is refused meanwhile brings the agent back
        try:
            await self.send("sign-out", wire.SignOut())
        except CommandRefused:
            self._desk.has_left = False
            raise

    async def heartbeat(self) -> None:
        """Say that the agent is still there; done by itself every ``heartbeat_s``."""
        await self.send("heartbeat", wire.Heartbeat())

    async def send(
        self, verb: str, command: wire.AgentCommand, *, give_up_s: float | None = None
    ) -> wire.Accepted:
        """Send a command of the protocol until it is answered."""
        if self._desk.over is not None:
            raise self._desk.over.with_traceback(None)
        of_session = command.model_copy(update={"session": self.session})
        return await self._repeater.send(verb, of_session, give_up_s=give_up_s)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _wait_for_link(self) -> None:
        try:
            async with asyncio.timeout(self._give_up_s):
                while not self._is_up:
                    await self._take(await self._line.news())
        except TimeoutError:
            raise UnreachableError(
                f"no router at {self._url} for agent {self.id!r} in {self._give_up_s:g} s: {self._why_down}"
            ) from None

    async def _read(self) -> None:
        while True:
            await self._take(await self._line.news())

    async def _take(self, news: News) -> None:
        match news:
            case Up(state):
                self._is_up = True
                self._repeater.link_is_back()
                if state is not None:
                    self._desk.take(state)
                if self._was_signed_in and (state is None or state.presence == "offline"):
                    await self._return()
            case Down(reason):
                self._is_up = False
                self._why_down = reason
            case Over(error):
                self._is_up = False
                raise error
            case _:
                self._desk.take(news)

    async def _return(self) -> None:
        """Sign in as the agent was before the router lost it, or was started anew."""
        if self._desk.has_left:
            return
        presence, reason = self._desk.last_there
        await self.send("sign-in", wire.SignIn(ready=presence == "ready", reason=reason), give_up_s=inf)
        if presence == "draining":
            await self.send("drain", wire.Drain(), give_up_s=inf)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_s)
            if not self._is_up or self._desk.has_left:
                continue
            try:
                async with asyncio.timeout(TRY_S):
                    await self._line.ask(
                        "heartbeat", wire.Heartbeat(session=self.session, request=uuid4().hex)
                    )
            except CommandRefused as error:
                is_lost = error.state == "offline" and self._desk.last_there[0] != "draining"
                if is_lost:  # what ends a draining agent is told by the inbox
                    await self._return()
            except (LinkError, TimeoutError):
                continue  # the line finds out by itself, and says so
