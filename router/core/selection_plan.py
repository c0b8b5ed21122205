"""What queues say to the selection policies, and what makes that, or the queue levels of agents and pools, impossible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from agents.queue_levels import HIGHEST_QUEUE_LEVEL, QueueLevel
from router.core.names import QueueId
from router.errors import did_you_mean

HANDLE_MS: Final = 180_000
SPAN_MAX_MS: Final = 400 * 86_400_000
PARAMETER_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSelection:
    """``weight``: its tickets in the lottery of ``weighted``. ``share``: its part of all waiting work, relative to the
    shares of the other queues, for ``queue-ratio``. ``cost_slope``: what a second of waiting adds to the cost of a second
    more, in thousandths, for ``gcmu``. ``handle_ms``: the mean handle time that ``gcmu`` and ``predicted-wait`` begin
    with.
    """

    weight: int = 1
    share: int = 1
    cost_slope: int = 1_000
    handle_ms: int = HANDLE_MS


DEFAULT_SELECTION: Final = QueueSelection()


def selection_problems(where: str, selection: QueueSelection) -> Iterator[str]:
    """Yield what is impossible about a queue's part in the selection; ``where`` names the queue."""
    for what, value, most in (
        ("weight", selection.weight, PARAMETER_MAX),
        ("share", selection.share, PARAMETER_MAX),
        ("cost slope", selection.cost_slope, PARAMETER_MAX),
        ("handle time", selection.handle_ms, SPAN_MAX_MS),
    ):
        if not 1 <= value <= most:
            yield f"{where}: {what} {value} is not in 1..{most}"


def level_problems(where: str, levels: tuple[QueueLevel, ...], queues: list[QueueId]) -> Iterator[str]:
    """Yield what is impossible about the queue levels of an agent or pool; ``where`` names it."""
    seen: set[str | None] = set()
    for entry in levels:
        here = f"{where}: level of " + ("other queues" if entry.queue is None else f"queue {entry.queue!r}")
        if entry.queue in seen:
            yield f"{here} is there twice; keep one"
        seen.add(entry.queue)
        if entry.queue is not None and entry.queue not in queues:
            hint = did_you_mean(entry.queue, list(queues))
            yield f"{where}: level of a queue {entry.queue!r} that is not known" + (
                f" ({hint})" if hint else ""
            )
        if not 1 <= entry.level <= HIGHEST_QUEUE_LEVEL:
            yield f"{here}: {entry.level} is not in 1..{HIGHEST_QUEUE_LEVEL}"
        if not 0 <= entry.after_ms <= SPAN_MAX_MS:
            yield f"{here}: {entry.after_ms} ms is not in 0..{SPAN_MAX_MS}"
