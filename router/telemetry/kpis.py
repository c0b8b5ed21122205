"""Facts in, figures out, as they come: the one place where service is counted, for the simulator, the
daemon and the demo alike. What a figure means is in `router.telemetry.figures`; nothing here decides,
stores or shows anything.

Memory grows with queues, agents, pairs of both that met, and what waits just now; never with how much there
was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from agents.model import AgentId
from agents.pools import is_member
from router.core.facts import (
    AssignmentClosed,
    CallbackPostponed,
    Fact,
    InteractionAssigned,
    InteractionEnded,
    InteractionMoved,
    InteractionQueued,
    OfferEnded,
    PresenceChanged,
    StepTaken,
)
from router.core.names import InteractionId, PoolId, QueueId, SectionId
from router.core.plan import Plan, Queue
from router.telemetry.counters import QueueCounter, SeatCounter, flow_of, use_of
from router.telemetry.figures import CentreFigures, Flow, QueueFigures, SectionFigures, Use
from router.telemetry.waits import FULL

SHORT_ABANDON_MS: Final = 5_000

_Rows = dict[QueueId, QueueCounter]


class Kpis:
    """Counts one centre. Give ``take`` every fact, in order, from the engine's first on; ask for
    ``figures`` at any time.

    ``start`` forgets what was counted before (a warm-up): waits that began earlier count nowhere
    afterwards. ``close`` ends the time that averages are taken over; waits that began before it still count
    when they end, those that begin later do not.
    """

    def __init__(self, plan: Plan, *, short_abandon_ms: int = SHORT_ABANDON_MS) -> None:
        self._short_ms = short_abandon_ms
        self._since = 0
        self._closed: int | None = None
        self._queues: dict[QueueId, Queue] = {}
        self._pools: dict[PoolId, list[AgentId]] = {}
        self._waiting: dict[InteractionId, QueueCounter] = {}
        self._postponed_from: dict[InteractionId, QueueCounter] = {}
        """Callbacks that wait for their time, and where their wait is counted."""
        # Waits belong to the rows of the time in which they began: before the start, measured, or after the close.
        self._before: _Rows = {}
        self._measured: _Rows = {}
        self._current = self._measured
        self._seats: dict[AgentId, SeatCounter] = {}
        self._uses: dict[AgentId, tuple[int, int, int]] | None = None
        self._completed = self._ended_otherwise = 0
        self.adopt(plan)
        self._takers: dict[type[Fact], Callable[..., None]] = {
            InteractionMoved: self._moved,
            PresenceChanged: self._presence_changed,
            OfferEnded: self._offer_ended,
            StepTaken: self._step_taken,
            CallbackPostponed: self._postponed,
        }

    def adopt(self, plan: Plan) -> None:
        """Know the queues, pools and agents of a new plan from now on; what is gone keeps its figures."""
        for section in plan.sections:
            for queue in section.queues:
                self._queues[queue.queue_id] = queue
                for rows in (self._before, self._measured, self._current):
                    self._row(queue.queue_id, rows)
        self._pools = {
            pool.pool_id: [agent.agent_id for agent in plan.agents if is_member(pool, agent)]
            for pool in plan.pools
        }
        for agent in plan.agents:
            self._seats.setdefault(agent.agent_id, SeatCounter())

    def take(self, facts: Iterable[Fact]) -> None:
        """Count some facts."""
        # Four facts are made for every interaction; they are counted here, all others by a method.
        waiting, current, seats = self._waiting, self._current, self._seats
        fact: Any  # the kind says which
        for fact in facts:
            kind = type(fact)
            if kind is InteractionQueued:
                at = fact.at
                row = current.get(fact.queue) or self._row(fact.queue, current)
                cause = fact.cause
                if cause == "callback" and (same := self._postponed_from.pop(fact.interaction_id, None)):
                    waiting[fact.interaction_id] = same  # the same wait goes on
                    same.present += 1
                    same.area -= at
                    continue
                waiting[fact.interaction_id] = row
                row.present += 1
                row.area -= at
                if cause == "arrived" or cause == "due":  # noqa: PLR1714 - one comparison is the rule
                    row.arrived += 1
                elif cause == "transferred":
                    row.transferred_in += 1
                else:
                    row.requeued += 1
            elif kind is InteractionAssigned:
                waited = waiting.pop(fact.interaction_id, None)
                if waited is None:
                    continue
                at, agent_id, wait_ms = fact.at, fact.agent_id, fact.wait_ms
                waited.present -= 1
                waited.area += at
                waited.by_agent[agent_id] += 1
                if wait_ms:
                    recent = waited.waits.recent
                    recent.append(wait_ms)
                    if len(recent) >= FULL:
                        waited.waits.fold()
                else:
                    waited.waits.at_once += 1
                if not fact.offer_id:  # NO_OFFER
                    waited.direct += 1
                seat = seats[agent_id]
                if not seat.held:
                    seat.busy_area -= at
                    if not seat.is_ready:
                        seat.away_area -= at
                seat.held += 1
            elif kind is InteractionEnded:
                if fact.how == "completed":
                    self._completed += 1
                else:
                    self._ended(fact)
            elif kind is AssignmentClosed:
                row = current.get(fact.queue) or self._row(fact.queue, current)
                row.handled += 1
                row.connected_ms += fact.connected_ms
                row.wrap_up_ms += fact.wrap_up_ms
                seat = seats[fact.agent_id]
                seat.held = held = seat.held - 1
                if not held:
                    at = fact.at
                    seat.busy_area += at
                    if not seat.is_ready:
                        seat.away_area += at
            else:
                taker = self._takers.get(kind)
                if taker is not None:
                    taker(fact)

    def start(self, at: int) -> None:
        """Begin to count here: what was counted is forgotten, who waits, works and is signed in is not."""
        self._since = at
        self._before = self._measured
        for row in self._before.values():
            row.area = -at * row.present
        self._measured = self._current = {}
        for queue_id in self._before:
            self._row(queue_id, self._measured)
        for seat in self._seats.values():
            seat.clear(at)
        self._completed = self._ended_otherwise = 0

    def close(self, at: int) -> None:
        """End the time that averages are taken over."""
        self._closed = at
        for rows in (self._before, self._measured):
            for row in rows.values():
                row.closed_area = row.area + at * row.present
        self._uses = {agent_id: seat.until(at) for agent_id, seat in self._seats.items()}
        self._current = {}
        for queue_id in self._measured:
            self._row(queue_id, self._current)

    # ── facts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _row(self, queue_id: QueueId, rows: _Rows) -> QueueCounter:
        row = rows.get(queue_id)
        if row is None:
            queue = self._queues.get(queue_id)
            row = QueueCounter(queue_id, SectionId("") if queue is None else queue.section_id, queue, rows)
            rows[queue_id] = row
        return row

    def _moved(self, fact: InteractionMoved) -> None:
        row = self._waiting.get(fact.interaction_id)
        if row is None:
            # On its way in: it counts where it begins to wait.
            return
        target = self._row(fact.to_queue, row.generation)
        self._waiting[fact.interaction_id] = target
        row.present -= 1
        row.area += fact.at
        target.present += 1
        target.area -= fact.at
        row.moved_out += 1
        target.moved_in += 1
        if row.section_id == target.section_id:
            row.moved_out_inside += 1
            target.moved_in_inside += 1

    def _ended(self, fact: InteractionEnded) -> None:
        how = fact.how
        row = self._waiting.pop(fact.interaction_id, None)
        if row is not None:
            row.present -= 1
            row.area += fact.at
        elif (row := self._postponed_from.pop(fact.interaction_id, None)) is not None:
            pass  # it did not wait in its queue, but its wait was not over
        elif how in {"refused", "diverted"} and fact.agent_id is None:
            # Turned away at the door: it arrived, and never waited.
            row = self._row(fact.queue, self._current)
            row.arrived += 1
        else:
            self._ended_otherwise += 1
            return
        row.ended[how] += 1
        if how == "abandoned":
            row.abandoned_after.add(fact.wait_ms)
            row.short += fact.wait_ms <= self._short_ms

    def _postponed(self, fact: CallbackPostponed) -> None:
        row = self._waiting.pop(fact.interaction_id, None)
        if row is not None:
            row.present -= 1
            row.area += fact.at
            self._postponed_from[fact.interaction_id] = row

    def _presence_changed(self, fact: PresenceChanged) -> None:
        seat = self._seats.get(fact.agent_id)
        if seat is None:
            seat = self._seats[fact.agent_id] = SeatCounter()
        seat.change(fact.at, is_ready=fact.presence == "ready", is_signed_in=fact.presence != "offline")

    def _offer_ended(self, fact: OfferEnded) -> None:
        row = self._waiting.get(fact.interaction_id)
        if row is not None:
            row.offers_ended[fact.how] += 1

    def _step_taken(self, fact: StepTaken) -> None:
        self._row(fact.queue, self._current).steps += 1

    # ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────

    def figures(self, at: int) -> CentreFigures:
        """Return the figures as of ``at``, or of the close where that was earlier."""
        until = at if self._closed is None else self._closed
        uses = self._uses
        if uses is None:
            uses = {agent_id: seat.until(until) for agent_id, seat in self._seats.items()}
        sections: dict[SectionId, list[QueueId]] = {}
        for queue_id, row in self._measured.items():
            sections.setdefault(row.section_id, []).append(queue_id)
        return CentreFigures(
            since_ms=self._since,
            until_ms=until,
            short_abandon_ms=self._short_ms,
            flow=self._flow(list(self._measured), until, inside="centre"),
            sections=tuple(
                SectionFigures(
                    section_id=section_id,
                    flow=self._flow(queues, until, inside="section"),
                    queues=tuple(self._queue_figures(queue_id, until) for queue_id in queues),
                )
                for section_id, queues in sections.items()
            ),
            pools=tuple((pool_id, self._use(members, uses)) for pool_id, members in self._pools.items()),
            agents=tuple((agent_id, self._use([agent_id], uses)) for agent_id in uses),
            everybody=self._use(list(uses), uses),
            completed=self._completed,
            ended_otherwise=self._ended_otherwise,
        )

    def _flow(self, queues: list[QueueId], until: int, *, inside: str) -> Flow:
        rows = [self._measured[queue_id] for queue_id in queues]
        area = 0
        for generation in (self._before, self._measured):
            for queue_id in queues:
                row = generation.get(queue_id)
                if row is not None:
                    area += row.area + until * row.present if self._closed is None else row.closed_area
        return flow_of(rows, area / max(until - self._since, 1), inside=inside)

    def _queue_figures(self, queue_id: QueueId, until: int) -> QueueFigures:
        row = self._measured[queue_id]
        by_agent = row.by_agent
        return QueueFigures(
            queue_id=queue_id,
            section_id=row.section_id,
            answer_within_ms=row.target_ms,
            answer_share=row.share,
            flow=self._flow([queue_id], until, inside="queue"),
            matches=tuple(
                (pool_id, sum(by_agent.get(agent_id, 0) for agent_id in members))
                for pool_id, members in self._pools.items()
            ),
        )

    def _use(self, agents: list[AgentId], uses: dict[AgentId, tuple[int, int, int]]) -> Use:
        answered = sum(
            row.by_agent.get(agent_id, 0) for agent_id in agents for row in self._measured.values()
        )
        return use_of([uses[agent_id] for agent_id in agents if agent_id in uses], answered)
