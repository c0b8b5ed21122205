"""A submitter's client: hands in what customers want until the router has it, and hears what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Final, Literal, Self
from uuid import uuid4

from pydantic import JsonValue

from agents import wire
from agents.alongside import run_alongside
from agents.errors import ClientError, ClosedError, CommandRefused, LinkError, UnreachableError
from agents.line import Down, News, Over, Up, line_to
from agents.repeating import GIVE_UP_S, Repeater
from agents.waiting import Bell

SubmissionState = Literal["new", "waiting", "assigned", "diverted", "ended"]

INBOX_MAX: Final = 10_000
ASK_AGAIN_S: Final = (0.0, 0.1, 0.5, 2.0)
"""What was missed is asked for so often, and so long after each time that failed."""


class Submission:
    """One interaction, as its submitter sees it. ``answer`` is what the router said when it took it: queued, scheduled, refused or
    diverted. ``state`` follows the inbox.
    """

    def __init__(self, client: SubmitterClient, interaction_id: str) -> None:
        self._client = client
        self.id = interaction_id
        self.answer = ""
        self.state: SubmissionState = "new"
        self.assigned: wire.Assigned | None = None
        """Who answered, after which wait; the latest, where it was transferred."""
        self.end: wire.Ended | None = None
        """How it ended; None while it is live."""

    def __repr__(self) -> str:
        return f"<Submission {self.id} {self.end.how if self.end else self.state}>"

    async def answered(self) -> wire.Assigned | None:
        """Wait until an agent is connected; None where it ended without."""
        while self.assigned is None and self.end is None:
            await self._client.changed()
        return self.assigned

    async def ended(self) -> wire.Ended:
        """Wait until it ended."""
        while self.end is None:
            await self._client.changed()
        return self.end

    async def cancel(self, reason: str = "") -> None:
        """Call it off, in whatever state it is. Raises ``CommandRefused`` (``interaction-ended``) where it is over."""
        await self._client.send("cancel", wire.Cancel(interaction_id=self.id, reason=reason))

    async def abandon(self) -> None:
        """The customer left before an answer. Raises ``CommandRefused`` where it has ended, or is with an agent (``illegal-state``)."""
        await self._client.send("abandon", wire.Abandon(interaction_id=self.id))

    async def complete(self) -> None:
        """The customer ended the contact with the agent."""
        await self._client.send("complete", wire.Complete(interaction_id=self.id))

    async def call_back(
        self, number: str, *, not_before: datetime | None = None, not_after: datetime | None = None
    ) -> None:
        """The customer rather is called back: it keeps its place, and cannot abandon any more. Raises ``CommandRefused`` where it does not
        wait (``illegal-state``), or its section calls nobody back (``no-callbacks``).
        """
        command = wire.Callback(
            interaction_id=self.id, number=number, not_before=not_before, not_after=not_after
        )
        await self._client.send("callback", command)

    async def reached(self) -> None:
        """The customer has answered the call."""
        await self._client.send("reached", wire.Reached(interaction_id=self.id))

    async def not_reached(self, reason: str = "") -> None:
        """The customer did not answer the call."""
        await self._client.send("not-reached", wire.NotReached(interaction_id=self.id, reason=reason))

    def knows(self, message: wire.Assigned | wire.Ended) -> bool:
        """Whether the message is no news; asked by the client."""
        if isinstance(message, wire.Ended):
            return self.end is not None
        return (
            self.state == "assigned"
            and self.assigned is not None
            and self.assigned.agent_id == message.agent_id
        )

    def take(self, message: wire.Message) -> None:
        """Take note of a message about it; called by the client."""
        match message:
            case wire.Assigned():
                self.state, self.assigned = "assigned", message
            case wire.Requeued():
                self.state = "waiting"
            case wire.Diverted():
                self.state = "diverted"
            case wire.Ended():
                self.state, self.end = "ended", message
            case _:
                pass


class SubmitterClient:
    """One submitter, by the name of its inbox: ``async with SubmitterClient(url, name="shop") as desk``.

    What it submits is remembered until its end has been heard. Entering raises like ``AgentClient``; every command is repeated until it is
    answered, and raises ``CommandRefused``, or ``GaveUpError`` after ``give_up_s``.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        centre: str = "",
        give_up_s: float = GIVE_UP_S,
        prefix: str = "switchroom",
    ) -> None:
        """``centre`` and ``prefix`` begin the topics of MQTT; HTTP needs neither."""
        self.name = name
        self._url = url
        self._give_up_s = give_up_s
        self._line = line_to(url, "submitters", name, centre=centre, session=uuid4().hex[:16], prefix=prefix)
        self._repeater = Repeater(self._line, give_up_s=give_up_s)
        self._live: dict[str, Submission] = {}
        self._inbox: asyncio.Queue[wire.Message] = asyncio.Queue(INBOX_MAX)
        self._bell = Bell()
        self._is_up = self._was_up = False
        self._why_down = "no answer"
        self._over: ClientError | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._line)
            await self._wait_for_link()
            run_alongside(stack, self._read(), f"submitter {self.name}", self._stop)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Hang up; what was submitted goes on."""
        self._stop(ClosedError(f"the client of submitter {self.name!r} is closed"))
        await self._stack.aclose()

    @property
    def is_connected(self) -> bool:
        """Whether the link to the router is there."""
        return self._is_up

    async def submit(
        self,
        section: str,
        channel: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - as in the library
        attributes: Mapping[str, wire.AttributeValue] | None = None,
        queue: str | None = None,
        priority: int | None = None,
        requirement: JsonValue = None,
        customer: str | None = None,
        due_at: datetime | None = None,
        not_before: datetime | None = None,
        original_arrived_at: datetime | None = None,
        expires_at: datetime | None = None,
        position: int | None = None,
        preferred: Sequence[str] = (),
    ) -> Submission:
        """Submit an interaction, and return once the router has it and will not lose it.

        ``id`` is the idempotency key: the same content under the same id again is the same interaction, other content is
        ``CommandRefused`` with code ``conflict``. One is made up where none is given. Moments have their zone.
        """
        command = wire.Submit(
            interaction_id=id if id is not None else uuid4().hex,
            section=section,
            channel=channel,
            attributes=dict(attributes or {}),
            queue=queue,
            priority=priority,
            requirement=requirement,
            customer=customer,
            due_at=due_at,
            not_before=not_before,
            original_arrived_at=original_arrived_at,
            expires_at=expires_at,
            position=position,
            preferred=list(preferred),
        )
        known = self._live.get(command.interaction_id)
        call = known if known is not None else Submission(self, command.interaction_id)
        self._live[call.id] = call  # before it is sent: the inbox may be faster than the reply
        try:
            accepted = await self.send("submit", command)
        except ClientError:
            if known is None:
                self._live.pop(call.id, None)
            raise
        call.answer = accepted.answer
        if call.state == "new":
            call.state = "waiting"
        self._bell.ring()
        return call

    @property
    def inbox(self) -> AsyncIterator[wire.Message]:
        """Every message about what was submitted: ``Assigned``, ``Requeued``, ``Diverted``, ``Ended``, what to say to its customer
        (``Announcement``, ``CallbackOffer``), and whom to call back (``Dial``, ``StopDial``), until the client is closed.

        The latest 10,000 that nobody read are kept.
        """
        return self._messages()

    async def _messages(self) -> AsyncIterator[wire.Message]:
        while True:
            while not self._inbox.empty():
                yield self._inbox.get_nowait()
            try:
                await self.changed()
            except ClosedError:
                return

    async def changed(self) -> None:
        """Wait until a message or an answer comes. Raises what has ended the client."""
        if self._over is not None:
            raise self._over.with_traceback(None)
        await self._bell.wait()

    async def send(self, verb: str, command: wire.Command) -> wire.Accepted:
        """Send a command of the protocol until it is answered."""
        if self._over is not None:
            raise self._over.with_traceback(None)
        return await self._repeater.send(verb, command)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _wait_for_link(self) -> None:
        try:
            async with asyncio.timeout(self._give_up_s):
                while not self._is_up:
                    await self._take(await self._line.news())
        except TimeoutError:
            raise UnreachableError(
                f"no router at {self._url} for submitter {self.name!r} in {self._give_up_s:g} s: {self._why_down}"
            ) from None

    async def _read(self) -> None:
        while True:
            await self._take(await self._line.news())

    async def _take(self, news: News) -> None:
        match news:
            case Up():
                is_return, self._is_up = self._was_up, True
                self._was_up = True
                self._repeater.link_is_back()
                if is_return:
                    await self._catch_up()
            case Down(reason):
                self._is_up = False
                self._why_down = reason
            case Over(error):
                raise error
            case (
                wire.Assigned()
                | wire.Requeued()
                | wire.Diverted()
                | wire.Ended()
                | wire.Announcement()
                | wire.CallbackOffer()
                | wire.Dial()
                | wire.StopDial()
            ):
                self._told(news)
            case _:
                pass

    async def _catch_up(self) -> None:
        """Ask what was missed while the link was away, where the transport can be asked."""
        for call in list(self._live.values()):
            message = await self._latest(call.id)
            if message is not None and not call.knows(message):
                self._told(message)

    async def _latest(self, interaction_id: str) -> wire.Assigned | wire.Ended | None:
        for wait_s in ASK_AGAIN_S:
            try:
                return await self._line.latest(interaction_id)
            except CommandRefused:
                return None  # not known yet
            except LinkError:  # the connection was cut with the link, or it is away again
                await asyncio.sleep(wait_s)
        return None

    def _told(self, message: wire.SubmitterMessage) -> None:
        call = self._live.get(message.interaction_id)
        if call is not None:
            call.take(message)
            if call.end is not None:
                del self._live[call.id]
        if self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(message)
        self._bell.ring()

    def _stop(self, error: ClientError) -> None:
        if self._over is None:
            self._over = error
        self._bell.ring()
