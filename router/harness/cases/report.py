"""What came of cases, for people: expected, found, where, and the explanation. Lines of text; nothing is printed here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from router.core.durations import duration_text
from router.core.facts import Fact
from router.harness.cases.patterns import line
from router.harness.cases.runner import Failure, Result
from router.harness.cases.script import Case, Unreadable

_STORY_MAX = 40
_WHY_MAX = 30


def failed(result: Result) -> Iterator[str]:
    """Yield the lines about a case that failed."""
    yield f"FAILED {result.case.title}" + (f": {result.case.description}" if result.case.description else "")
    yield from (f"  {each}" for each in _failures(result))


def details(result: Result) -> str:
    """Return all that failed as one text."""
    return "\n".join(_failures(result))


def story(result: Result) -> Iterator[str]:
    """Yield everything that happened in a case, in order."""
    yield f"{result.case.title}:"
    yield from (f"  {line(fact)}" for fact in result.facts)


def listed(case: Case | Unreadable) -> str:
    """Return a case's name, what it shows, and its description, on one line."""
    if isinstance(case, Unreadable):
        return f"{case.title}  (cannot be read)"
    return "  ".join(filter(None, (case.title, ", ".join(case.shows), case.description)))


def verdict(passed: int, failed: int) -> str:
    """Return the last line."""
    return f"{passed} passed, {failed} failed"


def _failures(result: Result) -> Iterator[str]:
    told: set[str] = set()
    for failure in result.failures:
        about = failure.difference.about
        yield from _failure(failure, with_story=about not in told)
        told.add(about)


def _failure(failure: Failure, *, with_story: bool) -> Iterator[str]:
    difference = failure.difference
    when = "" if failure.at_ms is None else f"at {duration_text(failure.at_ms)}, "
    line_number, column = difference.place.document.place(difference.place.steps, key=True)
    yield f"{difference.place.document.name}:{line_number}:{column}: {when}{difference.what}"
    yield from _block("expected", difference.expected)
    yield from _block("found", difference.found)
    if not with_story:
        return
    if failure.why:
        yield from _block("why", _shortened(failure.why))
    if failure.story:
        yield from _block("story", "\n".join(_facts(failure.story)))


def _shortened(why: str) -> str:
    """Leave out the middle of an explanation of very many agents."""
    lines = why.split("\n")
    gone = len(lines) - _WHY_MAX
    return why if gone <= 0 else "\n".join((*lines[: _WHY_MAX - 1], f"  … {gone} lines …", lines[-1]))


def _block(title: str, text: str) -> Iterator[str]:
    first, *others = text.split("\n")
    yield f"  {title:<9} {first}"
    yield from (f"  {'':<9} {each}" for each in others)


def _facts(facts: tuple[Fact, ...]) -> Iterable[str]:
    if len(facts) > _STORY_MAX:
        yield f"… {len(facts) - _STORY_MAX} before"
    yield from (line(fact) for fact in facts[-_STORY_MAX:])
