"""Engine and reference side by side: the same signals to both, the same outcomes from both, and the books after each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from router.core.outcome import Outcome
from router.core.plan import Plan
from router.core.signals import InteractionArrived, Signal
from router.errors import SignalError
from tests.oracle.books import Books
from tests.oracle.reference import ReferenceRouter
from tests.oracle.reference_broadcast import named_work
from tests.oracle.reference_matching import can_take


class Subject(Protocol):
    """What is held equal to the reference."""

    def handle(self, signal: Signal, now: int) -> Outcome: ...

    def advance(self, now: int) -> Outcome: ...

    def next_deadline(self) -> int | None: ...

    def snapshot(self) -> Mapping[str, Any]: ...


class Makers(NamedTuple):
    """How a subject is made, and made again from its snapshot."""

    make: Callable[[Plan], Subject]
    restore: Callable[[Plan, Any], Subject]
    plan_problems: Callable[[Plan], list[str]]
    """What makes a plan impossible is the subject's to say; the reference only believes it."""


class Step(NamedTuple):
    """One thing that happens: a signal at `now`, or only time; `restore`: the subject is made again before."""

    now: int
    signal: Signal | None
    restore: bool = False


class ReferenceAsSubject(ReferenceRouter):
    """The reference in the engine's place, to try the tests themselves."""

    def snapshot(self) -> Mapping[str, Any]:
        """Give nothing: it is not made again."""
        return {}


def engine_makers() -> Makers:
    """The engine as it ships."""
    from router.core.engine import Engine
    from router.core.plan_check import plan_problems
    from router.policies import BUILT_IN

    return Makers(
        make=lambda plan: Engine(plan, BUILT_IN, now=0),
        restore=lambda plan, data: Engine.restore(plan, BUILT_IN, data),
        plan_problems=lambda plan: plan_problems(plan, BUILT_IN),
    )


def reference_makers() -> Makers:
    """The reference against itself; it cannot be made again, so `restore` is a new one that nobody asks for."""
    problems = engine_makers().plan_problems
    return Makers(
        make=lambda plan: ReferenceAsSubject(plan, plan_problems=problems),
        restore=lambda plan, data: ReferenceAsSubject(plan, plan_problems=problems),
        plan_problems=problems,
    )


Told = tuple[Any, ...]


class Difference(AssertionError):
    """Engine and reference differ. ``kind`` tells one difference from another while a history is made shorter."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


def told(outcome: Outcome) -> Told:
    """Return an outcome as plain data: facts and effects by type and fields, in order."""
    return (
        [(type(fact).__name__, *fact) for fact in outcome.facts],
        [(type(effect).__name__, *effect) for effect in outcome.effects],
        outcome.answer,
    )


class Duel:
    """One history of one centre, decided twice. `take` raises AssertionError at the first difference."""

    def __init__(self, plan: Plan, makers: Makers) -> None:
        self.makers = makers
        self.reference = ReferenceRouter(plan, plan_problems=makers.plan_problems)
        self.subject = makers.make(plan)
        self.books = Books(plan)
        self.refused_with: str = ""

    def take(self, step: Step) -> Outcome | None:
        """Let both take the step, compare, and check the books; None where both refused it."""
        if step.restore:
            self._restore()
        expected, expected_error = _outcome_of(self.reference, step)
        actual, actual_error = _outcome_of(self.subject, step)
        if expected_error != actual_error:
            kind = f"refused {actual_error}, not {expected_error}"
            raise Difference(kind, f"{step}: refused as {actual_error}, by the reference as {expected_error}")
        if expected is not None and actual is not None:
            _compare(step, told(expected), told(actual))
        self._compare_deadlines(step)
        self.refused_with = expected_error[0] if expected_error else ""
        if actual is not None:
            self._check_books(step, actual)
        self._check_nobody_waits_in_vain()
        return expected

    def _restore(self) -> None:
        data = json.loads(json.dumps(self.subject.snapshot()))
        if data:
            self.subject = self.makers.restore(self.reference.state.plan, data)

    def _compare_deadlines(self, step: Step) -> None:
        expected, actual = self.reference.next_deadline(), self.subject.next_deadline()
        if expected is not None:
            assert actual is not None, f"{step}: the next deadline is {expected}, not never"
            assert actual <= expected, f"{step}: the next deadline is {expected}, not {actual}"

    def _check_books(self, step: Step, outcome: Outcome) -> None:
        known = (
            isinstance(step.signal, InteractionArrived) and step.signal.interaction_id in self.books.entries
        )
        before = self.books.submitted.total()
        self.books.enter(step.signal, outcome.facts, outcome.answer, step.now)
        if known and isinstance(step.signal, InteractionArrived):
            work = [
                w
                for w in self.reference.state.works
                if w.arrival.interaction_id == step.signal.interaction_id
            ]
            if len(work) == 1:
                assert self.books.submitted.total() == before, f"{step}: the same arrival counted twice"

    def _check_nobody_waits_in_vain(self) -> None:
        state = self.reference.state
        for person in state.people.values():
            for work in named_work(state):
                assert not can_take(state, person, work), (
                    f"{person.agent_id} could take {work.interaction_id}"
                )


def _outcome_of(
    router: Subject | ReferenceRouter, step: Step
) -> tuple[Outcome | None, tuple[str, str] | None]:
    try:
        outcome = router.advance(step.now) if step.signal is None else router.handle(step.signal, step.now)
    except SignalError as error:
        return None, (error.code, error.state)
    return outcome, None


def _compare(step: Step, expected: Told, actual: Told) -> None:
    for name, theirs, ours in zip(("facts", "effects"), expected[:2], actual[:2], strict=True):
        if theirs == ours:
            continue
        place = next(
            (n for n, pair in enumerate(zip(theirs, ours, strict=False)) if pair[0] != pair[1]),
            min(len(theirs), len(ours)),
        )
        lines = [f"  {'!' if n >= place else ' '} {one}" for n, one in enumerate(theirs)]
        lines += ["the engine:", *(f"  {'!' if n >= place else ' '} {one}" for n, one in enumerate(ours))]
        first = [told[place][0] if place < len(told) else "nothing" for told in (theirs, ours)]
        message = "\n".join([f"{name} differ after {step}", "the reference:", *lines])
        raise Difference(f"{name}: {first}", message)
    if expected[2] != actual[2]:
        raise Difference("answer", f"{step}: answered {actual[2]!r}, by the reference {expected[2]!r}")
