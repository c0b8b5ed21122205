"""The page that holds quoted waits against what came of them, made by one command:

    python -m router.harness.estimate_table --out docs/estimates-measured.md

Centres of several sizes and loads run in virtual time under the shipped engine, which announces an estimate to everybody
who begins to wait. A quote counts once it is known how it turned out: answered, or left after the quoted time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agents.behaviour import Worker
from router.core.estimate_plan import EstimateRules
from router.core.facts import Fact, InteractionAssigned, InteractionEnded, WaitEstimated
from router.core.names import InteractionId, QueueId
from router.core.wait_formula import Pace, plain_wait_ms, wait_us
from router.harness import theory_models as models
from router.harness.theory_models import HANDLE_MS, WARM_UP_MS, Case
from router.simulation.scenario import Scenario
from router.simulation.world import World

CUSTOMERS: Final = 20_000
SEED: Final = 20_260_101
_COMMAND: Final = "python -m router.harness.estimate_table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A centre and its traffic, and what an oracle would know of it; ``patience_ms`` None: nobody leaves."""

    name: str
    case: Case
    servers: int
    patience_ms: float | None = None


@dataclass(slots=True)
class Tally:
    """How the quotes of one queue turned out after the warm-up.

    The last three are sums over the answered, in milliseconds: what they waited, and what plain queue length and queue length with
    abandonment say of their positions to whom knows the true rates.
    """

    of_50: int = 0
    within_50: int = 0
    of_90: int = 0
    within_90: int = 0
    answered: int = 0
    waited_ms: int = 0
    plain_ms: int = 0
    staying_ms: int = 0


@dataclass(slots=True)
class _Reading:
    """The facts of one run, read as they come."""

    setting: Setting
    tallies: dict[QueueId, Tally] = field(default_factory=dict)
    quotes: dict[InteractionId, WaitEstimated] = field(default_factory=dict)

    def take(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            match fact:
                case WaitEstimated() if fact.at >= WARM_UP_MS:
                    self.quotes[fact.interaction_id] = fact
                case InteractionAssigned() if fact.interaction_id in self.quotes:
                    self._answered(self.quotes.pop(fact.interaction_id), fact.at)
                case InteractionEnded() if fact.interaction_id in self.quotes:
                    self._left(self.quotes.pop(fact.interaction_id), fact.at)
                case _:
                    pass

    def _answered(self, quote: WaitEstimated, at: int) -> None:
        tally = self.tallies.setdefault(quote.queue, Tally())
        took = at - quote.at
        tally.of_50 += 1
        tally.within_50 += took <= quote.p50_ms
        tally.of_90 += 1
        tally.within_90 += took <= quote.p90_ms
        setting = self.setting
        patience = setting.patience_ms
        pace = Pace(
            units=100 * setting.servers,
            services=1,
            work=100 * HANDLE_MS,
            left=0 if patience is None else 1,
            waited=0 if patience is None else round(patience),
        )
        tally.answered += 1
        tally.waited_ms += took
        tally.plain_ms += plain_wait_ms(pace, quote.position - 1)
        tally.staying_ms += wait_us(pace, quote.position - 1)[0] // 1_000

    def _left(self, quote: WaitEstimated, at: int) -> None:
        tally = self.tallies.setdefault(quote.queue, Tally())
        tally.of_50 += at - quote.at > quote.p50_ms
        tally.of_90 += at - quote.at > quote.p90_ms


def settings() -> list[Setting]:
    """Return every setting of the page, in its order."""
    return [
        Setting(name="5 agents, load 0.9, nobody leaves", case=models.delay(5, 4.5), servers=5),
        Setting(name="50 agents, load 0.95, nobody leaves", case=models.delay(50, 47.5), servers=50),
        _leaving(5, 1.0, 300_000),
        _leaving(10, 1.2, 300_000),
        _leaving(30, 1.2, 180_000),
        _leaving(100, 1.4, 300_000),
        Setting(name="5 agents, two priorities, load 0.9", case=models.priorities(5, 2.0, 2.5), servers=5),
        Setting(
            name="7 agents, two skills and both, load 0.86",
            case=models.skills([2.7, 3.3], [(2, "a"), (2, "ab"), (3, "b")]),
            servers=7,
        ),
    ]


def _leaving(servers: int, load: float, patience_ms: int) -> Setting:
    name = f"{servers} agents, load {load:g}, patience {patience_ms // 60_000} min"
    case = models.patience(servers, servers * load, float(patience_ms))
    return Setting(name=name, case=case, servers=servers, patience_ms=patience_ms)


def measure(setting: Setting, *, seed: int | str, customers: int) -> dict[QueueId, Tally]:
    """Run the setting with about so many customers and return how its quotes turned out, by queue."""
    case = setting.case
    plan = replace(case.plan, estimates=EstimateRules(announce=True))
    scenario = Scenario(
        name=case.name,
        duration_ms=WARM_UP_MS + round(customers / case.per_ms),
        warm_up_ms=WARM_UP_MS,
        streams=case.streams,
        workers=tuple(Worker(agent_id=agent.agent_id) for agent in plan.agents),
    )
    reading = _Reading(setting)
    World(plan, scenario, seed=seed, sink=reading.take).run()
    return reading.tallies


def page(arguments: Sequence[str], seed: int, customers: int) -> str:
    """Return the page."""
    return "\n".join([*_head(arguments, seed, customers), *_rows(seed, customers), ""])


def _head(arguments: Sequence[str], seed: int, customers: int) -> Iterator[str]:
    yield "# Quoted waits, and what came of them"
    yield ""
    yield f"Made by `{' '.join([_COMMAND, *arguments])}`; do not edit."
    yield ""
    yield (
        f"Handle times are exponential with a mean of {HANDLE_MS // 60_000} minutes, arrivals Poisson;"
        f" about {customers:,} customers each under seed {seed},"
        f" after a warm-up of {WARM_UP_MS // HANDLE_MS} mean handle times. *Within p50* and *p90*: the share that was answered within"
        " what was quoted when the wait began, of those of whom it is known; 0.5 and 0.9 are promised. The last two columns"
        " are the bare formulae, told the true rates and never corrected: by how much the sum of their mean waits misses what"
        " those who were answered waited."
    )
    yield ""
    yield "| centre | queue | known | within p50 | within p90 | mean wait | with abandonment | plain queue length |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|"


def _rows(seed: int, customers: int) -> Iterator[str]:
    for setting in settings():
        for queue, tally in sorted(measure(setting, seed=seed, customers=customers).items()):
            yield (
                f"| {setting.name} | {queue} | {tally.of_90:,} "
                f"| {tally.within_50 / tally.of_50:.3f} | {tally.within_90 / tally.of_90:.3f} "
                f"| {tally.waited_ms / tally.answered / 1000:.0f} s | {tally.staying_ms / tally.waited_ms - 1:+.0%} "
                f"| {tally.plain_ms / tally.waited_ms - 1:+.0%} |"
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog=_COMMAND, description="Hold quoted waits against what came of them."
    )
    parser.add_argument("--out", type=Path, help="write the page there instead of printing it")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(given)
    if options.customers < 1:
        parser.error(f"--customers: found {options.customers}, expected at least 1")
    text = page(given, options.seed, options.customers)
    if options.out is None:
        sys.stdout.write(text)
    else:
        options.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
