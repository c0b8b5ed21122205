"""The routes that only look: interactions, agents, queues and sections as they are now, and why."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from agents import views
from router.core.checks import only_channel, unknown
from router.core.estimates import estimate_arrival, estimate_waiting
from router.core.names import ChannelId, InteractionId, QueueId, SectionId
from router.core.records import Interaction
from router.ports import Front
from router.transports.http.bodies import path_id
from router.transports.http.handling import Call, ProblemError, Responder, json_answer, view_answer
from router.transports.http.presentation import (
    Staff,
    agent_view,
    estimate_view,
    explanation_view,
    interaction_view,
    queue_view,
    section_view,
)
from router.transports.http.queries import (
    AgentQuery,
    EstimateQuery,
    InteractionQuery,
    PageQuery,
    QueueQuery,
    bad_cursor,
    query,
)
from router.transports.http.waits import Waits
from router.transports.problems import made
from router.transports.state import agent_state

SCAN_MAX: Final = 10_000
"""So many interactions are looked at for one page; the next page goes on from there."""

_Item = TypeVar("_Item")


class Reading:
    """What can be read of one router."""

    def __init__(self, front: Front, waits: Waits) -> None:
        self._front = front
        self._waits = waits

    # ── interactions ─────────────────────────────────────────────────────────────────────────────────────────────

    async def interaction(self, call: Call) -> Responder:
        """Return one interaction, live or remembered."""
        centre = self._front.centre
        found = centre.known(InteractionId(path_id(call, "interaction_id")))
        return view_answer(call, interaction_view(centre, found))

    async def explanation(self, call: Call) -> Responder:
        """Return why the interaction is where it is."""
        return json_answer(
            explanation_view(self._front.explain(InteractionId(path_id(call, "interaction_id"))))
        )

    async def estimate(self, call: Call) -> Responder:
        """Return where the interaction stands and how long it has still to wait."""
        interaction_id = InteractionId(path_id(call, "interaction_id"))
        return json_answer(
            estimate_view(estimate_waiting(self._front.centre, interaction_id, now=self._front.now()))
        )

    async def interactions(self, call: Call) -> Responder:
        """Return a page of interactions."""
        asked = query(call, InteractionQuery)
        centre = self._front.centre
        if asked.section is not None and asked.section not in centre.sections:
            raise unknown("section", asked.section, list(centre.sections))
        if asked.queue is not None and asked.queue not in centre.queues:
            raise unknown("queue", asked.queue, list(centre.queues))
        if asked.state == "ended":
            found, cursor_of = self._ended(asked.cursor)
        else:
            found, cursor_of = self._live(asked.cursor)
        items: list[views.Interaction] = []
        last: Interaction | None = None
        for interaction in islice(found, SCAN_MAX):
            last = interaction
            queue = interaction.queue
            if (
                (asked.section is None or asked.section == queue.section_id)
                and (asked.queue is None or asked.queue == queue.queue_id)
                and (asked.state is None or asked.state == interaction.state)
            ):
                items.append(interaction_view(centre, interaction))
                if len(items) >= asked.limit:
                    break
        has_more = last is not None and next(found, None) is not None
        page = views.InteractionPage(
            items=items, next=cursor_of(last) if has_more and last is not None else None
        )
        return view_answer(call, page)

    def _live(self, cursor: str | None) -> tuple[Iterator[Interaction], Callable[[Interaction], str]]:
        number = 0 if cursor is None else _numbers_of(cursor, "n", 1)[0]
        return self._waits.live_after(number), lambda last: f"n.{last.number}"

    def _ended(self, cursor: str | None) -> tuple[Iterator[Interaction], Callable[[Interaction], str]]:
        """Yield what has ended and is remembered, in the order in which it ended."""
        centre = self._front.centre
        ended = centre.ended
        start = 0
        if cursor is not None:
            at, number = _numbers_of(cursor, "e", 2)
            start = bisect_left(ended, at, key=lambda each: each[0])
            stop = bisect_right(ended, at, key=lambda each: each[0])
            numbers = [ended[place][1].number for place in range(start, stop)]
            start = start + numbers.index(number) + 1 if number in numbers else stop
        found = (
            ended[place][1] for place in range(start, len(ended)) if not centre.is_forgotten(ended[place][1])
        )
        return found, lambda last: f"e.{last.ended_at}.{last.number}"

    # ── agents ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def agent(self, call: Call) -> Responder:
        """Return one agent with all it is offered and holds."""
        return view_answer(call, agent_state(self._front.centre, path_id(call, "agent_id")))

    async def agents(self, call: Call) -> Responder:
        """Return a page of agents."""
        asked = query(call, AgentQuery)
        everybody = self._front.centre.agents
        names = sorted(name for name, agent in everybody.items() if asked.presence in {None, agent.presence})
        part, cursor = _page(names, asked)
        return view_answer(
            call, views.AgentPage(items=[agent_view(everybody[name]) for name in part], next=cursor)
        )

    # ── queues and sections ──────────────────────────────────────────────────────────────────────────────────────

    async def queue(self, call: Call) -> Responder:
        """Return one queue."""
        centre = self._front.centre
        queue_id = path_id(call, "queue_id")
        found = centre.queues.get(QueueId(queue_id))
        if found is None:
            raise _nothing("queue", queue_id, list(centre.queues))
        return view_answer(call, queue_view(centre, found, self._waits, Staff(centre)))

    async def queue_estimate(self, call: Call) -> Responder:
        """Return how long would wait what arrived now in the queue."""
        asked = query(call, EstimateQuery)
        centre = self._front.centre
        queue_id = path_id(call, "queue_id")
        if QueueId(queue_id) not in centre.queues:
            raise _nothing("queue", queue_id, list(centre.queues))
        channel = only_channel(list(centre.channels)) if asked.channel is None else ChannelId(asked.channel)
        found = estimate_arrival(centre, QueueId(queue_id), channel, now=self._front.now())
        return json_answer(estimate_view(found))

    async def queues(self, call: Call) -> Responder:
        """Return a page of queues."""
        asked = query(call, QueueQuery)
        centre = self._front.centre
        if asked.section is not None and asked.section not in centre.sections:
            raise unknown("section", asked.section, list(centre.sections))
        names = sorted(
            name for name, queue in centre.queues.items() if asked.section in {None, queue.section_id}
        )
        part, cursor = _page(names, asked)
        staff = Staff(centre)
        items = [queue_view(centre, centre.queues[name], self._waits, staff) for name in part]
        return view_answer(call, views.QueuePage(items=items, next=cursor))

    async def section(self, call: Call) -> Responder:
        """Return one section."""
        centre = self._front.centre
        section_id = path_id(call, "section_id")
        found = centre.sections.get(SectionId(section_id))
        if found is None:
            raise _nothing("section", section_id, list(centre.sections))
        return view_answer(call, section_view(centre, found, self._waits))

    async def sections(self, call: Call) -> Responder:
        """Return a page of sections."""
        asked = query(call, PageQuery)
        centre = self._front.centre
        part, cursor = _page(sorted(centre.sections), asked)
        items = [section_view(centre, centre.sections[name], self._waits) for name in part]
        return view_answer(call, views.SectionPage(items=items, next=cursor))


def _page(names: Sequence[_Item], asked: PageQuery) -> tuple[Sequence[_Item], str | None]:
    """Return the names after the cursor, which is the last name of the page before, and the cursor of the page after."""
    start = 0 if asked.cursor is None else bisect_right(names, asked.cursor)  # type: ignore[type-var]
    part = names[start : start + asked.limit]
    return part, str(part[-1]) if start + len(part) < len(names) and part else None


def _nothing(kind: str, name: str, known: Sequence[str]) -> ProblemError:
    """Return the problem of a path that names nothing there is; in a body the same name is a wrong content."""
    error = unknown(kind, name, list(known))
    return ProblemError(made(error.code, str(error), 404))


def _numbers_of(cursor: str, kind: str, count: int) -> list[int]:
    start, *numbers = cursor.split(".")
    if start != kind or len(numbers) != count or not all(number.isdigit() for number in numbers):
        raise bad_cursor(cursor)
    return [int(number) for number in numbers]
