"""Replications and their report: the same whatever runs it, as described, with intervals that are what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from router.cli import CONFIG_INVALID, OK, USAGE, run
from router.config import load
from router.harness import report_schema, scenarios
from router.harness.report import build, figure
from router.harness.report_text import lines
from router.harness.run import Job, replicate, seed_of
from router.simulation.theory import mean_interval

ROOT = Path(__file__).parents[2]
CENTRE = ROOT / "configs" / "quickstart"


def without_cost(report: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in report.items() if name != "cost"}


def a_report(processes: int, seed: int = 5) -> dict[str, Any]:
    plan = load(CENTRE)
    scenario = scenarios.load(scenarios.find(CENTRE, "busy-hour"), plan).scenario
    runs = replicate(Job(plan=plan, scenario=scenario), replications=3, seed=seed, processes=processes)
    report = build(plan, scenario, runs, seed=seed, command="again")
    document: dict[str, Any] = json.loads(report.model_dump_json(by_alias=True))
    return document


def test_the_number_of_processes_changes_nothing() -> None:
    """One process or two: the same document, but for what it cost."""
    one = a_report(1)
    assert without_cost(one) == without_cost(a_report(2))
    assert without_cost(one) != without_cost(a_report(1, seed=6))


def test_the_report_is_as_its_schema_says() -> None:
    """A report validates against the committed JSON Schema, and an unknown field would not."""
    schema = json.loads((ROOT / report_schema.SCHEMA_FILE).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    report = a_report(1)
    assert report["schema"] == "switchroom.report/1"
    jsonschema.validate(report, schema, cls=jsonschema.Draft202012Validator)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**report, "more": 1}, schema, cls=jsonschema.Draft202012Validator)


def test_schema_and_page_are_up_to_date() -> None:
    """``python -m router.harness.report_schema`` would change nothing."""
    assert report_schema.main(["--check", str(ROOT)]) == 0


def test_schema_and_page_are_written_where_they_are_missing(tmp_path: Path) -> None:
    """Writing makes what checking misses."""
    assert report_schema.main(["--check", str(tmp_path)]) == 1
    assert report_schema.main([str(tmp_path)]) == 0
    assert report_schema.main(["--check", str(tmp_path)]) == 0


def test_figures_are_means_with_intervals() -> None:
    """A figure is the mean of its values with a Student-t interval; missing values are left out."""
    interval = mean_interval([1.0, 2.0, 4.0], 0.95)
    assert figure([1, 2, None, 4]).mean == pytest.approx(interval.mean)
    assert figure([1, 2, None, 4]).half_width == pytest.approx(interval.half_width)
    assert (figure([3]).mean, figure([3]).half_width) == (3.0, None)
    assert (figure([None]).mean, figure([]).half_width) == (None, None)


def test_seeds_follow_from_one() -> None:
    """Replications have seeds of their own, the same ones again for the same seed."""
    seeds = [seed_of(1, number) for number in range(100)]
    assert seeds == [seed_of(1, number) for number in range(100)]
    assert len(set(seeds) | {seed_of(2, number) for number in range(100)}) == 200
    assert all(0 <= seed < 2**53 for seed in seeds)


def test_intervals_narrow_with_replications() -> None:
    """Four times the replications: about half the width."""
    plan = load(CENTRE)
    scenario = scenarios.load(scenarios.find(CENTRE, "busy-hour"), plan).scenario
    job = Job(plan=plan, scenario=scenario)
    few, many = (
        build(plan, scenario, replicate(job, replications=n, seed=1, processes=1), seed=1, command="")
        for n in (5, 20)
    )
    narrow, wide = many.total.offered.half_width, few.total.offered.half_width
    assert narrow is not None
    assert wide is not None
    assert narrow < wide


def test_the_text_has_what_people_ask_for() -> None:
    """Every section, queue and pool is there, with what repeats the run."""
    plan = load(CENTRE)
    scenario = scenarios.load(scenarios.find(CENTRE, "busy-hour"), plan).scenario
    runs = replicate(Job(plan=plan, scenario=scenario), replications=2, seed=1, processes=1)
    text = "\n".join(lines(build(plan, scenario, runs, seed=1, command="switchroom simulate this")))
    for word in (
        "support-gold",
        "billing",
        "seniors",
        "occupancy",
        "p99",
        "answered_within / (answered + abandoned)",
        "a second",
    ):
        assert word in text
    assert text.endswith("repeat with: switchroom simulate this")
    alone = "\n".join(lines(build(plan, scenario, runs[:1], seed=1, command="x")))
    assert "±" not in alone


def test_simulate_prints_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    """``switchroom simulate`` prints tables, or with ``--json`` the document; the command it names says the same again."""
    words = [
        "simulate",
        str(CENTRE),
        "--scenario",
        "busy-hour",
        "--replications",
        "2",
        "--seed",
        "3",
        "--processes",
        "1",
    ]
    assert run(words) == OK
    assert "2 replications of 2h 30m" in capsys.readouterr().out
    assert run([*words, "--json"]) == OK
    report = json.loads(capsys.readouterr().out)
    command = report["command"].split()
    assert command[:2] == ["switchroom", "simulate"]
    assert run([*command[1:], "--processes", "1", "--json"]) == OK
    assert without_cost(json.loads(capsys.readouterr().out)) == without_cost(report)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], USAGE, "say --scenario NAME (there is: busy-hour, ordinary-day)"),
        (["--scenario", "busy-our"], CONFIG_INVALID, "did you mean 'busy-hour'?"),
        (["--trace", "x.csv"], USAGE, "--trace and --mapping go together"),
        (["--scenario", "busy-hour", "--replications", "0"], USAGE, "0 is not in the range"),
        (["--trace", "x.csv", "--mapping", "y.yaml", "--replications", "3"], USAGE, "a trace happened once"),
    ],
)
def test_wrong_usage_says_what_would_do(
    capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    """Exit codes: 2 for wrong usage, 3 for what isn't there to be run."""
    assert run(["simulate", str(CENTRE), *words]) == code
    assert said in capsys.readouterr().err
