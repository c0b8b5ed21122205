"""``switchroom test PATH``: run the cases of a centre, tests of its configuration, in virtual time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from router.cli import CONFIG_INVALID, ERROR, OK, print_problems

if TYPE_CHECKING:
    from router.harness.cases.junit import Timed
    from router.harness.cases.script import Case, Unreadable


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("-k", "word", metavar="WORD", help="Only cases that have this in their name.")
@click.option("--list", "only_list", is_flag=True, help="Print the cases and what they show; run none.")
@click.option("-v", "--verbose", is_flag=True, help="Print everything that happened in each case, too.")
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML to this file."
)
@click.pass_context
def command(
    ctx: click.Context,
    path: Path,
    *,
    word: str | None,
    only_list: bool,
    verbose: bool,
    junit: Path | None,
) -> None:
    """Run the case at PATH, or all cases below it: every file in a folder cases/.

    The last line is "N passed, M failed". Exit 0 if all passed, 1 if not, 3 if a case or its centre is not written as it must be.
    The format: docs/cases.md.
    """
    from router.harness.cases import files, report

    paths = files.find(path)
    cases = [case for case in map(files.read, paths) if word is None or word in case.title]
    if not cases:
        raise click.UsageError(f"none of the {len(paths)} cases has {word!r} in its name (--list shows them)")
    if only_list:
        for case in cases:
            click.echo(report.listed(case))
        ctx.exit(OK)
    timed = [_run(case, verbose=verbose) for case in cases]
    if junit is not None:
        from router.harness.cases.junit import junit_text

        junit.write_text(junit_text(timed), encoding="utf-8")
    ctx.exit(_tell(timed))


def _run(case: Case | Unreadable, *, verbose: bool) -> Timed:
    """Run a case and say at once what is wrong with it."""
    import time

    from router.harness.cases import report, runner
    from router.harness.cases.junit import Timed
    from router.harness.cases.script import Unreadable

    began = time.perf_counter()
    if isinstance(case, Unreadable):
        click.echo(f"MALFORMED {case.title}")
        print_problems(case.error.problems)
        return Timed(case, 0.0)
    result = runner.run(case)
    if verbose:
        for line in report.story(result):
            click.echo(line)
    if not result.has_passed:
        for line in report.failed(result):
            click.echo(line)
    return Timed(result, time.perf_counter() - began)


def _tell(timed: list[Timed]) -> int:
    """Print how it ended; returns the exit code."""
    from router.harness.cases import report
    from router.harness.cases.script import Unreadable

    passed = sum(1 for each in timed if not isinstance(each.result, Unreadable) and each.result.has_passed)
    malformed = sum(1 for each in timed if isinstance(each.result, Unreadable))
    if malformed:
        click.echo(f"{malformed} of those that failed cannot be read: a case, or its centre, is malformed")
    click.echo(report.verdict(passed, len(timed) - passed))
    if malformed:
        return CONFIG_INVALID
    return OK if passed == len(timed) else ERROR
