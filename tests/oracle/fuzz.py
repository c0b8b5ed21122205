"""Random histories en masse, without hypothesis: quicker where differences are to be found, not explained.

    python -m tests.oracle.fuzz --seed 1 --histories 1000 --steps 80

Every other history takes the engine's ways for large centres (`cramped`), and every third is of mostly plain work, for its
short ways (`calm`). Prints each failing history's seed and the
shortest history that still fails: steps dropped, plans made plainer. With `--reference` the reference plays the
engine's part; with `--coverage` it says what was reached how often.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from random import Random
from typing import Any, NamedTuple

from agents.model import Agent, Pool
from router.core.facts import InteractionEnded, PresenceChanged
from router.core.outcome import Outcome
from router.core.plan import AllOf, Channel, Plan, Queue, Section
from router.core.requirement import NO_REQUIREMENT
from router.core.selection_plan import DEFAULT_SELECTION
from router.core.signals import InteractionArrived, PlanReplaced
from tests.oracle.calm import calmed, plain_signal
from tests.oracle.cramped import cramped
from tests.oracle.duel import Difference, Duel, Makers, Step, engine_makers, reference_makers
from tests.oracle.plans import names_in, random_plan
from tests.oracle.signals import random_signal, random_time


class History(NamedTuple):
    """A plan and what happened under it."""

    plan: Plan
    steps: Sequence[Step]


class Failure(NamedTuple):
    """How a history fails: after how many steps, with what."""

    steps: int
    error: BaseException

    @property
    def where(self) -> str:
        """The kind of the failure, to tell one from another while histories are made shorter."""
        if isinstance(self.error, Difference):
            return self.error.kind
        last = traceback.extract_tb(self.error.__traceback__)[-1]
        return f"{type(self.error).__name__} at {last.filename}:{last.lineno}"


Watch = Callable[[Duel, Step, Outcome | None], None]


def play(history: History, makers: Makers, watch: Watch | None = None) -> Failure | None:
    """Play a history; say how it fails, if it does."""
    count = 0
    try:
        duel = Duel(history.plan, makers)
        for step in history.steps:
            count += 1
            outcome = duel.take(step)
            if watch is not None:
                watch(duel, step, outcome)
    except Exception as error:  # noqa: BLE001 - whatever the engine raises is a finding
        return Failure(count, error)
    return None


def random_history(
    seed: int, makers: Makers, steps: int, watch: Watch | None = None, *, calm: bool = False
) -> tuple[History, Failure | None]:
    """Make a history up while it is played, until it fails or is long enough; ``calm``: of mostly plain work."""
    rng = Random(seed)
    plan = random_plan(rng)
    if calm:
        plan = calmed(plan, rng)
    taken: list[Step] = []
    try:
        duel = Duel(plan, makers)
        while len(taken) < steps:
            taken.append(random_step(rng, duel, calm=calm))
            outcome = duel.take(taken[-1])
            if watch is not None:
                watch(duel, taken[-1], outcome)
    except Exception as error:  # noqa: BLE001 - whatever the engine raises is a finding
        return History(plan, taken), Failure(len(taken), error)
    return History(plan, taken), None


def random_step(rng: Random, duel: Duel, *, calm: bool = False) -> Step:
    """Make up what happens next."""
    state = duel.reference.state
    now = random_time(rng, state, duel.reference.next_deadline())
    restore = rng.random() < 0.05
    if calm and rng.random() < 0.75 and (signal := plain_signal(rng, state)) is not None:
        return Step(now, signal, restore)
    if rng.random() < 0.12:
        return Step(now, None, restore)
    return Step(now, random_signal(rng, state), restore)


# ── shorter ──────────────────────────────────────────────────────────────────────────────────────────────────────


def shortened(history: History, failure: Failure, makers: Makers) -> tuple[History, Failure]:
    """Return the shortest history found that fails in the same way."""
    history = History(history.plan, history.steps[: failure.steps])
    size = max(1, len(history.steps) // 2)
    while True:
        shorter = _first_failing(_without_steps(history, size), failure, makers)
        if shorter is not None:
            history, failure = shorter
        elif size == 1:
            break
        size = max(1, min(size, len(history.steps)) // (1 if shorter else 2))
    while (plainer := _first_failing(_plainer(history), failure, makers)) is not None:
        history, failure = plainer
    return history, failure


def _first_failing(
    candidates: Iterator[History], failure: Failure, makers: Makers
) -> tuple[History, Failure] | None:
    for candidate in candidates:
        found = play(candidate, makers)
        if found is not None and found.where == failure.where:
            return History(candidate.plan, candidate.steps[: found.steps]), found
    return None


def _without_steps(history: History, size: int) -> Iterator[History]:
    for start in range(0, len(history.steps), size):
        yield History(history.plan, [*history.steps[:start], *history.steps[start + size :]])


def _plainer(history: History) -> Iterator[History]:
    for plan in _plainer_plans(history.plan):
        yield History(plan, history.steps)
    for place, step in enumerate(history.steps):
        if isinstance(step.signal, PlanReplaced):
            for plan in _plainer_plans(step.signal.plan):
                plainer = step._replace(signal=PlanReplaced(plan))
                yield History(history.plan, [*history.steps[:place], plainer, *history.steps[place + 1 :]])
        if isinstance(step.signal, InteractionArrived):
            for name, value in InteractionArrived._field_defaults.items():
                if getattr(step.signal, name) != value:
                    plainer = step._replace(signal=step.signal._replace(**{name: value}))
                    yield History(
                        history.plan, [*history.steps[:place], plainer, *history.steps[place + 1 :]]
                    )
        if step.restore:
            plainer = step._replace(restore=False)
            yield History(history.plan, [*history.steps[:place], plainer, *history.steps[place + 1 :]])


def _plainer_plans(plan: Plan) -> Iterator[Plan]:
    for change in (
        {"limit": None},
        {"presence_ttl_ms": None},
        {"order": "age-offset"},
        {"selection": "oldest"},
    ):
        if any(getattr(plan, name) != value for name, value in change.items()):
            yield replace(plan, **change)
    yield from _smaller_plans(plan)
    for place in range(len(plan.agents)):
        yield replace(plan, agents=(*plan.agents[:place], *plan.agents[place + 1 :]))
    for place, agent in enumerate(plan.agents):
        empty: Any = ()
        for name in ("channel_max", "wrap_up", "costs", "channels", "tags", "skills", "queue_levels"):
            if getattr(agent, name):
                changed = replace(agent, **{name: empty})
                yield replace(plan, agents=(*plan.agents[:place], changed, *plan.agents[place + 1 :]))
    for place, channel in enumerate(plan.channels):
        if channel.interruptible_by:
            other = replace(channel, interruptible_by=())
            yield replace(plan, channels=(*plan.channels[:place], other, *plan.channels[place + 1 :]))
    for place, section in enumerate(plan.sections):
        for changed_section in _plainer_sections(section):
            yield replace(
                plan, sections=(*plan.sections[:place], changed_section, *plan.sections[place + 1 :])
            )


def _smaller_plans(plan: Plan) -> Iterator[Plan]:
    """Plans without one of the queues that nothing else in the plan mentions."""
    for place, section in enumerate(plan.sections):
        for gone in section.queues:
            rest = tuple(queue for queue in section.queues if queue is not gone)
            less = replace(section, queues=rest) if rest else None
            sections = (*plan.sections[:place], *([less] if less else []), *plan.sections[place + 1 :])
            smaller = replace(plan, sections=sections)
            if sections and gone.queue_id not in names_in(smaller):
                yield smaller


def _plainer_sections(section: Section) -> Iterator[Section]:
    if section.intake:
        yield replace(section, intake=(), refuse_unmatched=False)
    if section.limit is not None:
        yield replace(section, limit=None)
    for place, queue in enumerate(section.queues):
        for changed in _plainer_queues(queue):
            yield replace(section, queues=(*section.queues[:place], changed, *section.queues[place + 1 :]))


def _plainer_queues(queue: Queue) -> Iterator[Queue]:
    plain: dict[str, Any] = {
        "requirement": NO_REQUIREMENT,
        "tiers": (),
        "score": (),
        "choice": None,
        "limit": None,
        "priority": 0,
        "selection": DEFAULT_SELECTION,
    }
    for name, value in plain.items():
        if getattr(queue, name) != value:
            yield replace(queue, **{name: value})
    for place, step in enumerate(queue.ladder):
        yield replace(queue, ladder=(*queue.ladder[:place], *queue.ladder[place + 1 :]))
        if step.guard != AllOf() or step.repeat_ms is not None:
            once = replace(step, guard=AllOf(), repeat_ms=None, times=None)
            yield replace(queue, ladder=(*queue.ladder[:place], once, *queue.ladder[place + 1 :]))
        for gone in range(len(step.operations) if len(step.operations) > 1 else 0):
            less = replace(step, operations=(*step.operations[:gone], *step.operations[gone + 1 :]))
            yield replace(queue, ladder=(*queue.ladder[:place], less, *queue.ladder[place + 1 :]))


# ── what was reached ─────────────────────────────────────────────────────────────────────────────────────────────


class Coverage:
    """Counts the facts, effects, refusals and deadlines that histories reached."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def watch(self, duel: Duel, step: Step, outcome: Outcome | None) -> None:
        """Count what a step brought."""
        kind = "advance" if step.signal is None else type(step.signal).__name__
        self.counts[f"signal {kind} {duel.refused_with or 'taken'}"] += 1
        for deadline, count in duel.reference.fired.items():
            self.counts[f"deadline {deadline:02}"] += count
        duel.reference.fired.clear()
        if outcome is None:
            return
        if outcome.answer:
            self.counts[f"answer {outcome.answer}"] += 1
        for fact in outcome.facts:
            told = fact._asdict()
            names = ["cause", "how", "scope", "caught_up"]
            if isinstance(fact, InteractionEnded | PresenceChanged):
                names.append("reason")
            details = [str(told[name]) for name in names if name in told]
            self.counts[" ".join(["fact", type(fact).__name__, *details])] += 1
        for effect in outcome.effects:
            self.counts[f"effect {type(effect).__name__} {getattr(effect, 'reason', '')}"] += 1

    def __str__(self) -> str:
        return "\n".join(f"{count:8}  {name}" for name, count in sorted(self.counts.items()))


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fuzzer; 1 where a history failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seed", type=int, default=None, help="of the first history; the others count up from it"
    )
    parser.add_argument("--histories", type=int, default=200)
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--failures", type=int, default=3, help="stop after so many")
    parser.add_argument("--reference", action="store_true", help="the reference against itself")
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--cramped", action="store_true", help="the engine's ways for large centres only")
    parser.add_argument("--calm", action="store_true", help="mostly plain work only")
    options = parser.parse_args(arguments)
    makers = reference_makers() if options.reference else engine_makers()
    seed = options.seed if options.seed is not None else Random().randrange(2**31)
    coverage = Coverage()
    failures = 0
    began = time.perf_counter()
    played = 0
    print(f"seed {seed}, {options.histories} histories of {options.steps} steps")  # noqa: T201
    for number in range(options.histories):
        large, calm = options.cramped or number % 2 == 1, options.calm or number % 3 == 2
        with cramped(on=large):
            history, failure = random_history(seed + number, makers, options.steps, coverage.watch, calm=calm)
            shown = "" if failure is None else report(*shortened(history, failure, makers))
        played += len(history.steps)
        if failure is not None:
            failures += 1
            also = (" --cramped" if large else "") + (" --calm" if calm else "")
            print(f"\n=== --seed {seed + number} --histories 1{also} fails at step {failure.steps}")  # noqa: T201
            print(shown)  # noqa: T201
            if failures >= options.failures:
                break
    took = time.perf_counter() - began
    print(f"{failures} failures; {played} steps in {took:.1f} s, seed {seed}")  # noqa: T201
    if options.coverage:
        print(coverage)  # noqa: T201
    return 1 if failures else 0


def report(history: History, failure: Failure) -> str:
    """Return a failing history for a reader: the plan, the steps, and what went wrong."""
    steps = [f"  {number}. {plainly(step)}" for number, step in enumerate(history.steps, start=1)]
    error = "".join(traceback.format_exception(failure.error)[-4:])
    return "\n".join([plainly(history.plan), *steps, error])


def plainly(part: object, indent: str = "") -> str:
    """Return a value as the source that makes it, without what is the default anyway."""
    deeper = indent + "    "
    match part:
        case Plan() | Section() | Queue():
            said = "".join(f"\n{deeper}{name}={plainly(value, deeper)}," for name, value in _said(part))
            return f"{type(part).__name__}({said}\n{indent})"
        case tuple() if hasattr(part, "_fields"):
            defaults = getattr(part, "_field_defaults", {})
            names = [n for n in part._fields if n not in defaults or defaults[n] != getattr(part, n)]
            said = ", ".join(f"{name}={plainly(getattr(part, name), deeper)}" for name in names)
            return f"{type(part).__name__}({said})"
        case tuple() if any(isinstance(one, Channel | Section | Queue | Pool | Agent) for one in part):
            return "(" + "".join(f"\n{deeper}{plainly(one, deeper)}," for one in part) + f"\n{indent})"
        case tuple():
            items = [plainly(one, deeper) for one in part]
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        case _ if is_dataclass(part):
            said = ", ".join(f"{name}={plainly(value, deeper)}" for name, value in _said(part))
            return f"{type(part).__name__}({said})"
        case _:
            return repr(part)


def _said(part: Any) -> Iterator[tuple[str, object]]:
    for one in fields(part):
        value = getattr(part, one.name)
        if one.default is MISSING or one.default != value:
            yield one.name, value


if __name__ == "__main__":
    sys.exit(main())
