"""Estimates that a case expects, compared with what the engine says."""

from __future__ import annotations

from collections.abc import Iterator

from router.config.names import Place
from router.core.estimated import Estimate
from router.core.estimates import estimate_arrival, estimate_waiting
from router.core.names import InteractionId, QueueId
from router.errors import SignalError
from router.harness.cases.difference import Difference, differs, span
from router.harness.cases.models_expected import EstimateMap
from router.harness.cases.world import World


def estimate_of_work(world: World, work: str, said: EstimateMap, place: Place) -> Iterator[Difference]:
    """Yield what differs for work that has arrived."""
    try:
        found = estimate_waiting(world.engine.centre, InteractionId(work))
    except SignalError:
        yield Difference(place=place, what=f"estimate of {work}", expected="one", found="has not arrived")
        return
    yield from _compared(f"estimate of {work}", said, found, place, work)


def estimate_if_arrived(world: World, queue: str, said: EstimateMap, place: Place) -> Iterator[Difference]:
    """Yield what differs for work that would arrive now, by the centre's first channel."""
    centre = world.engine.centre
    if QueueId(queue) not in centre.queues:
        yield Difference(place=place, what=f"estimate for {queue}", expected="one", found="no such queue now")
        return
    found = estimate_arrival(centre, QueueId(queue), next(iter(centre.channels)))
    yield from _compared(f"estimate for {queue}", said, found, place, "")


def _compared(
    what: str, said: EstimateMap, found: Estimate, place: Place, about: str
) -> Iterator[Difference]:
    rows: list[tuple[str, object, object]] = [
        ("position", said.position, found.position),
        ("method", said.method, found.method),
        ("why", said.why, found.why),
        ("p50", span(said.p50), span(found.p50_ms) or "unknown"),
        ("p90", span(said.p90), span(found.p90_ms) or "unknown"),
        ("known", said.known, found.calibration.of_90),
        ("within-p90", said.within_p90, found.calibration.within_90),
    ]
    for key, wanted, seen in rows:
        if wanted is not None:
            yield from differs(f"{what}: {key}", wanted, seen, place / key, about=about)
