"""The streams there are: an agent's inbox, a submitter's inbox, and the events of the centre."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Literal

from agents import wire
from router.core.names import AgentId
from router.errors import SignalError
from router.ports import Front
from router.transports.events import EventLog
from router.transports.http.bodies import path_id
from router.transports.http.handling import Call, ProblemError, Responder
from router.transports.http.queries import EventQuery, NoQuery, query
from router.transports.http.streams import KEEP_ALIVE, START, Stream, Streams, chunk
from router.transports.inbox import Inboxes, Letter
from router.transports.problems import made, problem
from router.transports.state import agent_state

LETTERS_MAX: Final = 1_000
"""So many letters wait for a reader of an inbox before it is cut off."""
EVENTS_AT_ONCE: Final = 200

Kind = Literal["agents", "submitters"]


class _Box:
    """What one reader of an inbox has not been sent yet."""

    __slots__ = ("is_lagging", "letters", "stream")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.letters: deque[wire.Message] = deque()
        self.is_lagging = False


class Feeds:
    """The streams of one router. While nobody reads an inbox, no letters are written."""

    def __init__(
        self, front: Front, events: EventLog, streams: Streams, *, letters_max: int = LETTERS_MAX
    ) -> None:
        self._front = front
        self._events = events
        self._streams = streams
        self._letters_max = letters_max
        self._boxes: dict[tuple[Kind, str], list[_Box]] = {}
        self._inboxes: Inboxes | None = None

    # ── inboxes ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def agent_inbox(self, call: Call) -> Responder:
        """Stream an agent's state, then its messages as they come."""
        query(call, NoQuery)
        agent_id = path_id(call, "agent_id")
        self._front.centre.agent(AgentId(agent_id))
        return Stream(self._streams, lambda stream: self._letters(stream, "agents", agent_id))

    async def submitter_inbox(self, call: Call) -> Responder:
        """Stream what becomes of the interactions whose ``Reply-To`` names the submitter."""
        query(call, NoQuery)
        name = path_id(call, "name")
        return Stream(self._streams, lambda stream: self._letters(stream, "submitters", name))

    async def _letters(self, stream: Stream, kind: Kind, name: str) -> AsyncIterator[bytes]:
        box = self._open(kind, name, stream)
        try:
            if kind == "agents":
                state = agent_state(self._front.centre, name)
                yield START + chunk("state", state.model_dump_json())
            else:
                yield START
            while not stream.is_ending:
                if box.letters:
                    letters, box.letters = box.letters, deque()
                    yield b"".join(
                        chunk(getattr(each, "type"), each.model_dump_json())  # noqa: B009 - every letter has one
                        for each in letters
                    )
                elif box.is_lagging:
                    yield _lagged("messages were lost: more than the reader took; read the state anew")
                    return
                elif not await stream.rest():
                    yield KEEP_ALIVE
            yield chunk("end", "{}")
        finally:
            self._close(kind, name, box)

    def _open(self, kind: Kind, name: str, stream: Stream) -> _Box:
        box = _Box(stream)
        self._boxes.setdefault((kind, name), []).append(box)
        if self._inboxes is None:
            self._inboxes = Inboxes(self._front, self._deliver)
        return box

    def _close(self, kind: Kind, name: str, box: _Box) -> None:
        boxes = self._boxes[kind, name]
        boxes.remove(box)
        if not boxes:
            del self._boxes[kind, name]
        if not self._boxes and self._inboxes is not None:
            self._inboxes.close()
            self._inboxes = None

    def _deliver(self, letter: Letter) -> None:
        for box in self._boxes.get((letter.kind, letter.name), ()):
            if box.is_lagging:
                continue
            if len(box.letters) >= self._letters_max:
                box.letters.clear()
                box.is_lagging = True
            else:
                box.letters.append(letter.message)
            box.stream.ring()

    # ── events ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def events(self, call: Call) -> Responder:
        """Stream events from now on, or after the one that the reader had last."""
        asked = query(call, EventQuery)
        cursor = asked.after
        last_id = call.header(b"last-event-id")
        if last_id:
            if not (last_id.isascii() and last_id.isdigit() and len(last_id) <= 18):
                raise ProblemError(
                    made("invalid", f"Last-Event-ID: expected a sequence, found {last_id[:60]!r}", 422)
                )
            cursor = int(last_id)
        if cursor is None:
            cursor = self._events.next_sequence - 1
        else:
            self._events.after(cursor, limit=0)  # raises where it cannot be gone on from
        start = cursor
        return Stream(self._streams, lambda stream: self._event_chunks(stream, start, asked))

    async def _event_chunks(self, stream: Stream, cursor: int, asked: EventQuery) -> AsyncIterator[bytes]:
        log = self._events
        sections, types = frozenset(asked.section), frozenset(asked.type)
        yield START + b"id: %d\n\n" % cursor
        while not stream.is_ending:
            try:
                events = log.after(cursor, limit=EVENTS_AT_ONCE)
            except SignalError as error:
                yield _lagged(str(error), error)
                return
            if events:
                cursor = events[-1].sequence
                wanted = [
                    f"id: {event.sequence}\ndata: {event.model_dump_json()}\n\n"
                    for event in events
                    if (not sections or event.section in sections) and (not types or event.type in types)
                ]
                if wanted:
                    yield "".join(wanted).encode()
                else:
                    await asyncio.sleep(0)
                continue
            more = await stream.wait(log.wait_after(cursor))
            if more is False:
                break
            if more is None and not stream.is_ending:
                yield b"id: %d\n\n" % cursor + KEEP_ALIVE
        yield chunk("end", "{}")


def _lagged(detail: str, error: SignalError | None = None) -> bytes:
    told = made("lagged", detail, 410) if error is None else problem(error)
    return chunk("lagged", told.model_dump_json())
