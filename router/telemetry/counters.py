"""The counters behind `router.telemetry.kpis`: one object per queue and one per agent, with what they add
up to. Which fact moves which counter is the business of `kpis`.

Integrals over time are kept as Σ of the ends − Σ of the beginnings: subtract the time when something
begins, add it when it ends, and ``time × how many go on`` completes the integral at any time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from agents.model import AgentId
from router.core.names import QueueId, SectionId
from router.core.plan import Queue
from router.telemetry.figures import Flow, Offers, Use
from router.telemetry.waits import TimeMeter

_DEFAULT_TARGET_MS, _DEFAULT_SHARE = 20_000, 800


class QueueCounter:
    """What happened to the waits of one queue that began in one stretch of time (its ``generation``: all
    queues' counters of that).
    """

    __slots__ = (
        "abandoned_after", "area", "arrived", "by_agent", "closed_area", "connected_ms", "direct", "ended", "generation", "handled",
        "moved_in", "moved_in_inside", "moved_out", "moved_out_inside", "offers_ended", "present", "queue_id", "requeued",
        "section_id", "share", "short", "steps", "target_ms", "transferred_in", "waits", "wrap_up_ms",
    )  # fmt: skip

    def __init__(
        self,
        queue_id: QueueId,
        section_id: SectionId,
        queue: Queue | None,
        generation: dict[QueueId, QueueCounter],
    ) -> None:
        self.queue_id, self.section_id, self.generation = queue_id, section_id, generation
        self.target_ms = _DEFAULT_TARGET_MS if queue is None else queue.answer_within_ms
        self.share = _DEFAULT_SHARE if queue is None else queue.answer_share
        self.present = self.area = self.closed_area = 0
        self.arrived = self.transferred_in = self.requeued = 0
        self.moved_in = self.moved_in_inside = self.moved_out = self.moved_out_inside = 0
        self.handled = self.connected_ms = self.wrap_up_ms = self.steps = self.short = self.direct = 0
        self.ended: dict[str, int] = defaultdict(int)
        self.offers_ended: dict[str, int] = defaultdict(int)
        self.by_agent: dict[AgentId, int] = defaultdict(int)
        self.waits = TimeMeter(self.target_ms)
        self.abandoned_after = TimeMeter(self.target_ms)


class SeatCounter:
    """One agent's time: holding work (``busy``), holding work while not ready (``away``), ready, signed in."""

    __slots__ = ("away_area", "busy_area", "held", "is_ready", "is_signed_in", "ready_area", "signed_in_area")

    def __init__(self) -> None:
        self.held = 0
        self.is_ready = self.is_signed_in = False
        self.busy_area = self.ready_area = self.away_area = self.signed_in_area = 0

    def clear(self, at: int) -> None:
        """Forget the time before ``at``; the state stays."""
        self.busy_area = -at * bool(self.held)
        self.ready_area = -at * self.is_ready
        self.away_area = -at * (bool(self.held) and not self.is_ready)
        self.signed_in_area = -at * self.is_signed_in

    def change(self, at: int, *, is_ready: bool, is_signed_in: bool) -> None:
        """The agent's presence is now this."""
        ready_step = at * (self.is_ready - is_ready)
        self.ready_area += ready_step
        if self.held:
            self.away_area -= ready_step
        self.signed_in_area += at * (self.is_signed_in - is_signed_in)
        self.is_ready, self.is_signed_in = is_ready, is_signed_in

    def until(self, at: int) -> tuple[int, int, int]:
        """Return how long the agent was busy, ready and not busy, and signed in, in milliseconds, up to
        ``at``.
        """
        busy = self.busy_area + at * bool(self.held)
        ready = self.ready_area + at * self.is_ready
        away = self.away_area + at * (bool(self.held) and not self.is_ready)
        return busy, ready - (busy - away), self.signed_in_area + at * self.is_signed_in


def use_of(times: Sequence[tuple[int, int, int]], answered: int) -> Use:
    """Add up the time of some agents."""
    return Use(
        agents=len(times),
        answered=answered,
        busy_ms=sum(busy for busy, _, _ in times),
        idle_ms=sum(idle for _, idle, _ in times),
        signed_in_ms=sum(signed_in for _, _, signed_in in times),
    )


def flow_of(rows: Sequence[QueueCounter], mean_waiting: float, *, inside: str) -> Flow:
    """Add up the waits of some queues. Moves inside a section (``inside="section"``) or the centre cancel
    out and are left out.
    """
    waits, abandoned_after = TimeMeter(), TimeMeter()
    for row in rows:
        waits.merge(row.waits)
        abandoned_after.merge(row.abandoned_after)
    moved_in, moved_out = sum(row.moved_in for row in rows), sum(row.moved_out for row in rows)
    if inside == "section":
        moved_in -= sum(row.moved_in_inside for row in rows)
        moved_out -= sum(row.moved_out_inside for row in rows)
    elif inside == "centre":
        moved_in = moved_out = 0
    ended = _summed(row.ended for row in rows)
    return Flow(
        arrived=sum(row.arrived for row in rows),
        transferred_in=sum(row.transferred_in for row in rows),
        requeued=sum(row.requeued for row in rows),
        moved_in=moved_in,
        moved_out=moved_out,
        answered=waits.count,
        abandoned=ended["abandoned"],
        diverted=ended["diverted"],
        refused=ended["refused"],
        expired=ended["expired"],
        cancelled=ended["cancelled"] + ended["failed"],
        waiting=sum(row.present for row in rows),
        answered_within=waits.within,
        abandoned_within=abandoned_after.within,
        short_abandoned=sum(row.short for row in rows),
        waits=waits.times(),
        abandoned_after=abandoned_after.times(),
        mean_waiting=mean_waiting,
        handled=sum(row.handled for row in rows),
        connected_ms=sum(row.connected_ms for row in rows),
        wrap_up_ms=sum(row.wrap_up_ms for row in rows),
        steps_taken=sum(row.steps for row in rows),
        offers=_offers(_summed(row.offers_ended for row in rows), sum(row.direct for row in rows)),
    )


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for count in counts:
        for name, number in count.items():
            total[name] += number
    return total


def _offers(ended: dict[str, int], direct: int) -> Offers:
    return Offers(
        accepted=ended["accepted"],
        declined=ended["declined"],
        unanswered=ended["expired"],
        withdrawn=ended["rescinded"] + ended["cancelled"],
        failed=ended["failed"],
        direct=direct,
    )
