"""Position and estimated wait: of work that waits, of work that would arrive now, and the quotes that are made of them.

A line is what one set of agents serves: all (queue, channel) that are joined by agents who may serve several of them. Work that
is matched at once asks for nothing here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager

from router.core.centre import Centre
from router.core.checks import unknown
from router.core.demand import QueueState
from router.core.estimated import Calibration, Estimate, Method, Why
from router.core.facts import WaitEstimated
from router.core.lines import Crew, crew_of
from router.core.matching import best_agent
from router.core.names import ChannelId, InteractionId, QueueId
from router.core.queueing import class_of, key_of
from router.core.records import Interaction, Key
from router.core.running_figures import (
    COUNTS,
    LEFT,
    OF_50,
    OF_90,
    QUOTE_EVERY_MS,
    SERVICES,
    WAITED,
    WITHIN_50,
    WITHIN_90,
    WORK,
    Node,
    Quote,
)
from router.core.signals import NO_ATTRIBUTES, InteractionArrived
from router.core.wait_formula import MILLION, Pace, quantiles_ms, wait_us

Wait = tuple[Method, Why, int, int]
"""(method, why it is unknown, p50 in ms, p90 in ms)"""


class Line:
    """A line at one moment: who stands in it, and what its pace is. Good until something happens."""

    __slots__ = ("_centre", "crew", "keys", "pace")

    def __init__(self, centre: Centre, node: Node) -> None:
        self._centre = centre
        self.crew: Crew = crew_of(centre, node)
        nodes = self.crew.nodes
        waiting = {
            interaction.number: interaction.key
            for queue_id in self.crew.queues
            for klass in centre.queues[queue_id].classes
            if klass.count and (queue_id, klass.channel.channel_id) in nodes
            for interaction in klass.waiting()
        }
        for interaction in centre.new_work:
            if interaction.klass is not None and _node(interaction) in nodes:
                waiting[interaction.number] = interaction.key
        self.keys: list[Key] = sorted(key for key in waiting.values() if key is not None)
        figures = centre.figures
        sums = [0] * COUNTS if figures is None else figures.totals(nodes, centre.now)
        self.pace = Pace(
            units=self.crew.ready_units(),
            services=sums[SERVICES],
            work=sums[WORK],
            left=sums[LEFT],
            waited=sums[WAITED],
        )

    def ahead(self, interaction: Interaction) -> int:
        """Return how many stand before it, whether it stands here or would."""
        key = interaction.key
        return bisect_left(self.keys, key_of(self._centre, interaction) if key is None else key)

    def wait_of(self, interaction: Interaction) -> Wait:
        """Return the method, why the wait is unknown, and its two quantiles in milliseconds."""
        centre, figures = self._centre, self._centre.figures
        if figures is None:
            return "unknown", "off", 0, 0
        if not self.pace.units:
            return "unknown", "no-agents", 0, 0
        node = _node(interaction)
        factor_50, factor_90 = figures.factors.get((*node, interaction.rule), (MILLION, MILLION))
        if self.pace.services >= figures.rules.least_services:
            p50, p90 = quantiles_ms(*wait_us(self.pace, self.ahead(interaction)))
            p50, p90 = p50 * factor_50 // MILLION, p90 * factor_90 // MILLION
            return "queue-length", "", p50, max(p50, p90)
        last = figures.last_wait(node, centre.now)
        if last is None:
            return "unknown", "thin", 0, 0
        waits = interaction.state == "queued" and interaction.waiting_since is not None
        so_far = max(centre.now - (interaction.waiting_since or 0), 0) if waits else 0
        p50, p90 = (max(0, last * f // MILLION - so_far) for f in (factor_50, 2 * factor_90))
        return "last-entered", "", p50, max(p50, p90)


def _node(interaction: Interaction) -> Node:
    return interaction.queue.queue_id, interaction.channel.channel_id


def line_of(centre: Centre, interaction: Interaction) -> Line:
    """Return the line the interaction stands in, or would."""
    return Line(centre, _node(interaction))


def expected_wait_ms(centre: Centre, interaction: Interaction) -> int | None:
    """Return the p50 of the wait of work that waits, or is about to; None where it is unknown."""
    method, _, p50, _ = line_of(centre, interaction).wait_of(interaction)
    return None if method == "unknown" else p50


def estimate_waiting(centre: Centre, interaction_id: InteractionId, *, now: int | None = None) -> Estimate:
    """Estimate an interaction as of ``now``, by the engine's clock when left out. Changes nothing. Raises ``SignalError`` when the
    id is not known.
    """
    interaction = centre.known(interaction_id)
    with _as_of(centre, now):
        return estimate(centre, interaction)


def estimate_arrival(
    centre: Centre, queue_id: QueueId, channel_id: ChannelId, *, now: int | None = None
) -> Estimate:
    """Estimate what would arrive now in the queue by the channel and bring nothing of its own. Changes nothing.

    Raises ``SignalError`` (``unknown-queue``, ``unknown-channel``) where there is none.
    """
    queue = centre.queues.get(queue_id)
    if queue is None:
        raise unknown("queue", queue_id, list(centre.queues))
    if channel_id not in centre.channels:
        raise unknown("channel", channel_id, list(centre.channels))
    with _as_of(centre, now):
        return _arrival(centre, queue, channel_id)


@contextmanager
def _as_of(centre: Centre, now: int | None) -> Iterator[None]:
    clock = centre.now
    if now is not None:
        centre.now = centre.settled(now)
    try:
        yield
    finally:
        centre.now = clock


def estimate(centre: Centre, interaction: Interaction) -> Estimate:
    """Estimate the interaction, which may wait or not, as of the engine's clock."""
    if interaction.state != "queued":
        return _estimate(
            centre, interaction, Line(centre, _node(interaction)), ("unknown", "not-waiting", 0, 0), 0
        )
    line = line_of(centre, interaction)
    return _estimate(centre, interaction, line, line.wait_of(interaction), line.ahead(interaction) + 1)


def _arrival(centre: Centre, queue: QueueState, channel_id: ChannelId) -> Estimate:
    section = queue.section
    stub = InteractionArrived(
        InteractionId("if-it-arrived-now"), section.plan.section_id, channel_id, NO_ATTRIBUTES, queue.queue_id
    )
    interaction = Interaction(
        stub.interaction_id,
        centre.last_number + 1,
        stub,
        queue,
        centre.channels[channel_id],
        queue.priority,
        queue.asked,
        "queue",
        "",
    )
    interaction.queued_at = centre.now
    line = line_of(centre, interaction)
    klass = interaction.klass = class_of(centre, interaction)
    is_free = best_agent(centre, interaction, klass) is not None
    wait: Wait = ("at-once", "", 0, 0) if is_free else line.wait_of(interaction)
    return _estimate(centre, interaction, line, wait, line.ahead(interaction) + 1)


def _estimate(centre: Centre, interaction: Interaction, line: Line, wait: Wait, position: int) -> Estimate:
    method, why, p50, p90 = wait
    queue_id, channel_id = _node(interaction)
    pace, figures = line.pace, centre.figures
    own = [(queue_id, channel) for channel in centre.channels]
    sums = [0] * COUNTS if figures is None else figures.totals(own, centre.now)
    return Estimate(
        at=centre.now,
        queue=queue_id,
        channel=channel_id,
        position=position,
        method=method,
        why=why,
        p50_ms=None if method == "unknown" else p50,
        p90_ms=None if method == "unknown" else p90,
        queues=line.crew.queues,
        ready_units=pace.units,
        services=pace.services,
        mean_work_ms=pace.work // (100 * pace.services) if pace.services else None,
        patience_ms=pace.waited // pace.left if pace.left else None,
        calibration=Calibration(sums[OF_50], sums[WITHIN_50], sums[OF_90], sums[WITHIN_90]),
    )


def quote_begun(centre: Centre) -> None:
    """Quote a wait to those that began to wait in this instant and still do, and announce it where the plan wants that."""
    figures = centre.figures
    assert figures is not None
    begun, figures.begun = figures.begun, []
    announce = figures.rules.announce
    now = centre.now
    for interaction in begun:
        if interaction.state != "queued" or (interaction.waiting_since or 0) > now:
            continue
        queue_id, channel_id = node = _node(interaction)
        last = figures.quoted_at.get(queue_id)
        if not announce and last is not None and now - last < QUOTE_EVERY_MS:
            continue
        line = Line(centre, node)
        method, _, p50, p90 = line.wait_of(interaction)
        if method == "unknown":
            continue
        figures.quotes[interaction.number] = Quote(queue_id, channel_id, interaction.rule, now, p50, p90)
        figures.quoted_at[queue_id] = now
        if announce:
            position = line.ahead(interaction) + 1
            centre.fact(WaitEstimated(now, interaction.id, queue_id, position, p50, p90, method))
