"""Runs a case: moment by moment, until the first at which something is not as it is expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from router.core.facts import Fact
from router.errors import Problem
from router.harness.cases.comparing import Comparing
from router.harness.cases.comparing_past import never
from router.harness.cases.difference import Difference
from router.harness.cases.script import Case, Moment
from router.harness.cases.world import Missing, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What was not as it was expected, and everything that helps to see why.

    ``at_ms`` is the moment, None before anything happened. ``why`` is the engine's explanation, ``story`` all facts about
    the work in question.
    """

    difference: Difference
    at_ms: int | None = None
    why: str = ""
    story: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a case: it passed where there is no failure."""

    case: Case
    failures: tuple[Failure, ...] = ()
    facts: Sequence[Fact] = field(default=())

    @property
    def has_passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures


def run(case: Case) -> Result:
    """Run a case. All that differs at one moment is told; what would come after it is not looked at."""
    checked = tuple(Failure(difference=each) for each in _check(case))
    if checked or case.plan is None:
        return Result(case=case, failures=checked)
    world = World(case.plan, short_abandon_ms=case.short_abandon_ms)
    comparing = Comparing(world, case.groups)
    for moment in case.moments:
        world.pass_time(moment.at_ms)
        differences = tuple(_act(world, moment)) or tuple(comparing.differences(moment))
        if differences:
            return _failed(case, world, comparing, differences)
    return _failed(case, world, comparing, tuple(never(world, case.never)))


def _failed(case: Case, world: World, comparing: Comparing, differences: Sequence[Difference]) -> Result:
    failures = tuple(_failure(world, comparing, each) for each in differences)
    return Result(case=case, failures=failures, facts=world.facts)


def _failure(world: World, comparing: Comparing, difference: Difference) -> Failure:
    why = comparing.explain(difference.about) if difference.about else None
    story = tuple(
        fact
        for fact in world.facts
        if difference.about and getattr(fact, "interaction_id", "") == difference.about
    )
    return Failure(difference=difference, at_ms=world.now, why="" if why is None else why.text(), story=story)


def _act(world: World, moment: Moment) -> Iterator[Difference]:
    """Let happen what happens, and yield what the sender was told otherwise than it is expected."""
    for act in moment.acts:
        what = f"{act.verb.replace('_', '-')} {act.name}"
        about = act.name if world.interaction(act.name) is not None else ""
        try:
            code, state = world.act(act)
        except Missing as error:
            yield Difference(place=act.place, what=what, expected="that it can happen", found=str(error))
            return
        wanted = moment.answer
        told = f"{code}, state {state}" if state else code
        if wanted is None:
            if world.refusal:
                expected = "that it is taken ('answer' would say otherwise)"
                found = f"{told}: {world.refusal}"
                yield Difference(place=act.place, what=what, expected=expected, found=found, about=about)
            continue
        place = moment.place / "answer"
        if wanted.code != code or (wanted.state is not None and wanted.state != state):
            expected = wanted.code if wanted.state is None else f"{wanted.code}, state {wanted.state}"
            yield Difference(place=place, what=f"{what}: answer", expected=expected, found=told, about=about)


def _check(case: Case) -> Iterator[Difference]:
    """What `switchroom check` says of the centre, against what the case says."""
    if case.check is None:
        return
    for key, wanted, found in (
        ("problems", case.check.problems, case.problems),
        ("warnings", case.check.warnings, case.warnings),
    ):
        if wanted is None or _all_said(wanted, found):
            continue
        yield Difference(
            place=case.place / "check" / key,
            what=f"what 'switchroom check' says: {key}",
            expected="\n".join(wanted) or "none",
            found="\n".join(str(problem) for problem in found) or "none",
        )


def _all_said(wanted: Sequence[str], found: Sequence[Problem]) -> bool:
    if len(wanted) != len(found):
        return False
    return all(text in str(problem) for text, problem in zip(wanted, found, strict=True))
