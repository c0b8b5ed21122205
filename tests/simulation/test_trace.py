"""A real export in place of the generator: what each kind of dirt is called, what becomes of the rest, and
that the counts add up.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from router.cli.centre_from_trace import command as centre_from_trace_command
from router.config.files import load, load_text
from router.errors import ConfigError
from router.harness.trace_centre import staffing
from router.harness.trace_mapping import load_mapping
from router.harness.trace_run import as_json, result_lines, simulate_trace
from router.simulation.columns import TraceMapping
from router.simulation.trace import Trace
from router.simulation.traffic import Stop

QUICKSTART = Path(__file__).parents[2] / "configs" / "quickstart"
SAMPLE = QUICKSTART / "traces" / "sample.csv"
MAPPING = QUICKSTART / "traces" / "mapping.yaml"

UNUSED = [
    "row 8: unreadable-time: column 'opened': '02/03/2026 09:05' is not '%Y-%m-%d %H:%M'",
    "row 9: duplicate: id 'T1' is that of row 2",
    "row 10: unknown-value: the centre has no section 'suport' (did you mean 'support'?)",
    "row 11: unknown-value: priority: column 'urgency' has '9', which the mapping doesn't know (there is '1', '2', '3', '4')",
    "row 12: missing-value: column 'opened' is empty",
    "row 13: bad-row: has 4 cells, the header 9",
    "row 14: disorder: arrives 23h55m before a row above it; rows are sorted within 1h",
    "row 15: bad-number: column 'moves': 'some' is no number from 0 to 999",
    "row 16: bad-id: 'not an id' is no id: 1 to 64 of letters, digits, '_', '.', ':', '-'",
    "row 17: no-such-time: column 'opened': '2026-03-29 02:30' never was in Europe/Paris: the clock was set forward",
]

ONE_AGENT = """
centre: one
skills: [talk]
channels: {voice: {cost: 100}}
order: strict
sections:
  desk: {needs: {talk: 1}}
agents:
  ana: {skills: {talk: 5}}
"""

PLAIN = """
arrival: {column: at, format: "%Y-%m-%dT%H:%M%z"}
id: {column: id}
section: desk
channel: voice
priority: {column: priority, values: {"1": 3, "4": 0}}
handle-time: {column: minutes, unit: 1m, assumed: 5m}
"""


def written(folder: Path, text: str, mapping: str = PLAIN) -> tuple[Path, TraceMapping]:
    (folder / "trace.csv").write_text(text, encoding="utf-8")
    (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    return folder / "trace.csv", load_mapping(folder / "mapping.yaml")


def test_every_kind_of_dirt_is_named_and_the_counts_add_up() -> None:
    """Each row is used or named with why not."""
    trace = Trace(SAMPLE, load_mapping(MAPPING), load(QUICKSTART))
    tickets = list(trace.tickets())
    report = trace.report
    assert [str(each) for each in report.named] == UNUSED
    assert report.rows == report.used + report.unused.total() == 17
    assert report.used == len(tickets) == 7


def test_rows_are_sorted_and_gaps_and_assumptions_noted() -> None:
    """T4 comes a minute after T3 in the file and arrived before it."""
    trace = Trace(SAMPLE, load_mapping(MAPPING), load(QUICKSTART))
    order = [ticket.interaction_id for ticket in trace.tickets()]
    assert order == ["T1", "T2", "T4", "T3", "T5", "T6", "T17"]
    assert (trace.report.out_of_order, trace.report.gap_count) == (1, 1)
    assert trace.report.assumed["handle time: 'done' is empty, so lognormal, mean 360 s, cv 1.2"] == 1
    assert trace.report.assumed["handle time: longer than 2h, so lognormal, mean 360 s, cv 1.2"] == 1
    assert trace.report.assumed["queue: 'team' is empty, so 'last_team'"] == 1


def test_reassignments_become_transfers() -> None:
    """T3 goes to billing, T6 twice back into its own queue and then billing; all are answered as often."""
    result = simulate_trace(load(QUICKSTART), SAMPLE, load_mapping(MAPPING))
    assert (result.report.passed_on, result.report.transfers) == (2, 3)
    assert result.figures.flow.transferred_in == 3
    assert result.run.customers == 7
    assert result.run.left_over == 0
    assert result.figures.flow.answered == 10
    assert "rows 17: 7 used, 10 not" in result_lines(result)[0]
    assert as_json(result)["trace"]["used"] == 7


def test_a_handle_time_is_shared_among_those_who_had_the_work(tmp_path: Path) -> None:
    """Two stops and ten minutes: the parts make up the whole."""
    from router.simulation.trace import trace_customers

    text = "at,id,priority,minutes,queue,last,count\n2026-01-01T00:00+0000,a,1,10,x,y,2\n"
    more = "queue: {column: queue}\ntransfers: {last: last, count: count}\n"
    path, mapping = written(tmp_path, text, PLAIN + more)
    ((at, _, handle_ms, patience, stops),) = trace_customers(Trace(path, mapping), 0, 1)
    assert at == 1_767_225_600_000
    assert patience is None
    assert stops == (Stop(None, 200_000), Stop("y", 200_000))  # type: ignore[arg-type]
    assert handle_ms == 200_000


@pytest.mark.parametrize(("rule", "at"), [("first", 1_792_888_200_000), ("second", 1_792_891_800_000)])
def test_a_time_that_was_twice_is_what_the_mapping_says(tmp_path: Path, rule: str, at: int) -> None:
    """02:30 on the night the clock was set back, first in summer time; and it is counted."""
    zone = f'format: "%Y-%m-%dT%H:%M", zone: Europe/Paris, ambiguous: {rule}'
    text = "at,id,priority,minutes\n2026-10-25T02:30,a,1,10\n"
    path, mapping = written(tmp_path, text, PLAIN.replace('format: "%Y-%m-%dT%H:%M%z"', zone))
    trace = Trace(path, mapping)
    assert [ticket.at for ticket in trace.tickets()] == [at]
    assert trace.report.assumed == {f"at: was twice as the clock was set back, so the {rule}": 1}


def test_a_time_that_is_read_twice_is_counted_once(tmp_path: Path) -> None:
    """Where the handle time is counted from the arrival, an ambiguous arrival is still one thing that was assumed."""
    mapping_text = """
arrival: {column: at, format: "%Y-%m-%dT%H:%M", zone: Europe/Paris}
id: {column: id}
section: desk
channel: voice
handle-time: {from: at, to: done, assumed: {exponential: {mean: 5m}}}
"""
    path, mapping = written(tmp_path, "at,id,done\n2026-10-25T02:30,a,2026-10-25T03:10\n", mapping_text)
    trace = Trace(path, mapping)
    assert len(list(trace.tickets())) == 1
    assert trace.report.assumed == {"at: was twice as the clock was set back, so the first": 1}


def test_priorities_decide(tmp_path: Path) -> None:
    """One agent, one busy minute: the urgent work that came last is next."""
    text = "at,id,priority,minutes\n" + "".join(
        f"2026-01-01T00:0{minute}+0000,id{minute},{1 if minute == 5 else 4},10\n" for minute in range(6)
    )
    path, mapping = written(tmp_path, text)
    waits = dict(simulate_trace(load_text(ONE_AGENT), path, mapping).waits)
    assert waits[3].mean_ms == 5 * 60_000
    assert waits[0].max_ms == (50 - 4) * 60_000


def test_a_file_without_the_columns_says_which(tmp_path: Path) -> None:
    """All of them at once, with what there is."""
    path, mapping = written(tmp_path, "at,id,prio,minutes\n")
    with pytest.raises(ConfigError, match=r"trace\.csv:1: there is no column 'priority'"):
        list(Trace(path, mapping).tickets())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"trace\.csv:1: the file is empty \(its first row has to name the columns\)"),
        ("at,id,priority,minutes\n", r"trace\.csv:1: there is no row below the header"),
        (
            "at,id,priority,minutes\nnow,a,1,5\n",
            r"trace\.csv: no row can be used; the first: row 2: unreadable-time",
        ),
    ],
)
def test_an_export_with_nothing_in_it_says_so(tmp_path: Path, text: str, said: str) -> None:
    """Empty, nothing but a header, or nothing that can be used: each in its own words."""
    path, mapping = written(tmp_path, text)
    with pytest.raises(ConfigError, match=said):
        simulate_trace(load_text(ONE_AGENT), path, mapping)


def test_a_broken_archive_is_an_error_not_a_short_trace(tmp_path: Path) -> None:
    """Half a .gz can't be told from a short one but by its end."""
    import gzip

    path = tmp_path / "half.csv.gz"
    path.write_bytes(gzip.compress(SAMPLE.read_bytes())[:-20])
    with pytest.raises(ConfigError, match="can't be read on"):
        list(Trace(path, load_mapping(MAPPING)).tickets())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("%M%z", "%M"), "mapping.yaml:2:10: arrival: times as '%Y-%m-%dT%H:%M' have no zone"),
        (("unit: 1m", "from: at"), "'from' and 'to' go together"),
        (("unit: 1m", "units: 1m"), "units"),
        (("section: desk", "section: desk\ntransfers: {last: x}"), "transfers need queues to go to"),
    ],
)
def test_a_mapping_that_says_nonsense_is_refused(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    """With file, line and column."""
    with pytest.raises(ConfigError) as caught:
        written(tmp_path, "", PLAIN.replace(*change))
    assert message in str(caught.value)
    assert "mapping.yaml:" in str(caught.value)


def test_a_centre_is_made_from_the_groups(tmp_path: Path) -> None:
    """It holds together and the trace runs through it; an existing folder is left alone."""
    text = "at,id,priority,minutes,group\n" + "".join(
        f"2026-01-01T{hour:02}:{minute:02}+0000,{hour}-{minute},1,9,{'big' if minute % 9 else 'small'}\n"
        for hour in range(8)
        for minute in range(0, 60, 3)
    )
    path, mapping = written(tmp_path, text, PLAIN + 'queue: {column: group, name: "group-{}"}\n')
    out = tmp_path / "centre"
    args = [str(path), "--mapping", str(tmp_path / "mapping.yaml"), "--out", str(out)]
    first = CliRunner().invoke(centre_from_trace_command, args)
    assert first.exit_code == 0, first.output
    plan = load(out)
    assert [queue.queue_id for queue in plan.sections[0].queues] == ["group-big", "group-small"]
    assert simulate_trace(plan, path, mapping).run.left_over == 0
    assert CliRunner().invoke(centre_from_trace_command, args).exit_code == 2


def test_staffing_is_the_least_that_keeps_waiting_rare() -> None:
    """Square root first, then Erlang C."""
    assert staffing(0.0) == 1
    assert staffing(8.63) == 13
