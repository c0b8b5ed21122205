"""The figures that estimates are made from: kept as counts by period, brought up to date when something ends, in a time that
does not depend on how much there is.

What is counted belongs to a node, a (queue, channel); which nodes make one line is not known here. Quotes are what
interactions were told when they began to wait; how they turn out corrects the quotes that follow, and is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple
from typing import Any as Whatever

from router.core.estimate_plan import EstimateRules
from router.core.names import ChannelId, QueueId
from router.core.wait_formula import MILLION

if TYPE_CHECKING:
    from router.core.records import Interaction

PERIODS: Final = 16
"""The window is so many periods, the running one included."""

QUOTE_EVERY_MS: Final = 1_000
"""Unless every estimate is announced, a queue quotes for one interaction in so long, so that no crowd makes it dear."""

Node = tuple[QueueId, ChannelId]

# What a row of a node counts, after the number of its period.
SERVICES, WORK, LEFT, WAITED, OF_50, WITHIN_50, OF_90, WITHIN_90 = range(1, 9)
COUNTS: Final = 9

FACTOR_LEAST, FACTOR_MOST = MILLION // 16, MILLION * 16


class Quote(NamedTuple):
    """What an interaction was told when it began to wait. ``rule`` is the intake rule that matched it."""

    queue: QueueId
    channel: ChannelId
    rule: str
    at: int
    p50_ms: int
    p90_ms: int


class RunningFigures:
    """All running figures of a centre.

    ``rows``: by node, a row of counts for each period. ``lasts``: by node, when the last interaction that had waited entered
    service, and how long it had waited. ``factors``: by queue, channel and intake rule, what p50 and p90 are multiplied by, in
    millionths. ``quotes``: by the interaction's number, open ones. ``begun``: those that began to wait in this instant.
    """

    __slots__ = ("begun", "factors", "lasts", "period_ms", "quoted_at", "quotes", "rows", "rules")

    def __init__(self, rules: EstimateRules) -> None:
        self.rules = rules
        self.period_ms = max(rules.window_ms // PERIODS, 1)
        self.rows: dict[Node, list[list[int]]] = {}
        self.lasts: dict[Node, tuple[int, int]] = {}
        self.factors: dict[tuple[QueueId, ChannelId, str], tuple[int, int]] = {}
        self.quotes: dict[int, Quote] = {}
        self.quoted_at: dict[QueueId, int] = {}
        self.begun: list[Interaction] = []

    # ── what ends ────────────────────────────────────────────────────────────────────────────────────────────────

    def served(self, node: Node, work: int, now: int) -> None:
        """A service ended that took so much work, in unit·ms."""
        row = self._row(node, now)
        row[SERVICES] += 1
        row[WORK] += work

    def answered(self, node: Node, number: int, waited_ms: int, now: int) -> None:
        """An interaction was connected after so long."""
        if waited_ms:
            self._row(node, now)[WAITED] += waited_ms
            self.lasts[node] = (now, waited_ms)
        quote = self.quotes.pop(number, None)
        if quote is not None:
            took = now - quote.at
            self._settle(quote, took <= quote.p50_ms, took <= quote.p90_ms, now)

    def gone(self, node: Node, number: int, waited_ms: int, now: int, *, gave_up: bool) -> None:
        """An interaction ended unanswered. Only once the quoted time is over is it known that it was not answered within it."""
        if waited_ms:
            row = self._row(node, now)
            row[WAITED] += waited_ms
            if gave_up:
                row[LEFT] += 1
        quote = self.quotes.pop(number, None)
        if quote is not None:
            took = now - quote.at
            self._settle(
                quote, False if took > quote.p50_ms else None, False if took > quote.p90_ms else None, now
            )

    def _settle(self, quote: Quote, in_50: bool | None, in_90: bool | None, now: int) -> None:
        """Count how a quote turned out, and correct what follows.

        The correction is a step of adaptive conformal inference (Gibbs and Candès 2021): the share that is answered in time goes to
        what it should be, however wrong the formula is for this class.
        """
        row = self._row((quote.queue, quote.channel), now)
        key = (quote.queue, quote.channel, quote.rule)
        factor_50, factor_90 = self.factors.get(key, (MILLION, MILLION))
        if in_50 is not None:
            row[OF_50] += 1
            row[WITHIN_50] += in_50
            factor_50 += factor_50 * (-20 if in_50 else 20) // 1_000
        if in_90 is not None:
            row[OF_90] += 1
            row[WITHIN_90] += in_90
            factor_90 += factor_90 * (-4 if in_90 else 36) // 1_000
        self.factors[key] = (_bounded(factor_50), _bounded(factor_90))

    def _row(self, node: Node, now: int) -> list[int]:
        period = now // self.period_ms
        rows = self.rows.get(node)
        if rows is None:
            rows = self.rows[node] = []
        if not rows or rows[-1][0] != period:
            rows.append([period, *[0] * (COUNTS - 1)])
            if len(rows) > PERIODS:
                del rows[0]
        return rows[-1]

    # ── what is read ─────────────────────────────────────────────────────────────────────────────────────────────

    def totals(self, nodes: Iterable[Node], now: int) -> list[int]:
        """Return the sums of all counts of these nodes in the window; the first is meaningless."""
        oldest = now // self.period_ms - PERIODS + 1
        sums = [0] * COUNTS
        for node in nodes:
            for row in self.rows.get(node, ()):
                if row[0] >= oldest:
                    for place in range(1, COUNTS):
                        sums[place] += row[place]
        return sums

    def last_wait(self, node: Node, now: int) -> int | None:
        """Return how long the last to enter service had waited, if it was in the window."""
        last = self.lasts.get(node)
        if last is None or last[0] // self.period_ms <= now // self.period_ms - PERIODS:
            return None
        return last[1]

    # ── plans, snapshots ─────────────────────────────────────────────────────────────────────────────────────────

    def keep_only(self, queues: Iterable[QueueId], channels: Iterable[ChannelId]) -> None:
        """Forget what was counted for queues and channels that are no more."""
        known, served = set(queues), set(channels)
        self.rows = {n: rows for n, rows in self.rows.items() if n[0] in known and n[1] in served}
        self.lasts = {n: last for n, last in self.lasts.items() if n[0] in known and n[1] in served}
        self.factors = {n: pair for n, pair in self.factors.items() if n[0] in known and n[1] in served}
        self.quoted_at = {name: at for name, at in self.quoted_at.items() if name in known}

    def dump(self) -> dict[str, Whatever]:
        """Return all as plain data."""
        return {
            "rows": [[*node, rows] for node, rows in sorted(self.rows.items())],
            "lasts": [[*node, *last] for node, last in sorted(self.lasts.items())],
            "factors": [[*key, *pair] for key, pair in sorted(self.factors.items())],
            "quotes": [[number, *quote] for number, quote in sorted(self.quotes.items())],
            "quoted_at": dict(sorted(self.quoted_at.items())),
        }

    @classmethod
    def load(cls, rules: EstimateRules, data: Mapping[str, Whatever] | None) -> RunningFigures:
        """Return the figures of ``dump``; fresh ones where there are none."""
        figures = cls(rules)
        if data is not None:
            figures.rows = {
                (queue, channel): [list(row) for row in rows] for queue, channel, rows in data["rows"]
            }
            figures.lasts = {(queue, channel): (at, ms) for queue, channel, at, ms in data["lasts"]}
            figures.factors = {(q, c, rule): (low, high) for q, c, rule, low, high in data["factors"]}
            figures.quotes = {number: Quote(*quote) for number, *quote in data["quotes"]}
            figures.quoted_at = dict(data["quoted_at"])
        return figures


def _bounded(factor: int) -> int:
    return min(max(factor, FACTOR_LEAST), FACTOR_MOST)
