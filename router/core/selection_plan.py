"""What a queue says to the selection policies: how much its waiting work weighs when a freed agent chooses a queue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

HANDLE_MS: Final = 180_000
HANDLE_MAX_MS: Final = 400 * 86_400_000
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
        ("handle time", selection.handle_ms, HANDLE_MAX_MS),
    ):
        if not 1 <= value <= most:
            yield f"{where}: {what} {value} is not in 1..{most}"
