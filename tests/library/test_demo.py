"""The demo: its traffic, its lines, its books, and its exit codes."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from router import InvariantError, Plan, load
from router.core.engine import Engine
from router.core.outcome import Outcome
from router.core.plan import AllOf, AnyOf, IntakeRule, Match, NotOf
from router.core.signals import InteractionArrived, Signal
from router.harness.demo import Settings, Verdict, find_centre, run
from router.harness.demo.books import Books
from router.harness.demo.commentary import Line
from router.harness.demo.wishes import Wish, wish
from router.testing import ManualClock, a_plan, a_section, an_agent

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART = ROOT / "configs" / "quickstart"


@pytest.fixture(scope="module")
def quickstart() -> Plan:
    return load(QUICKSTART)


async def played(
    plan: Plan, settings: Settings, stop: asyncio.Event | None = None
) -> tuple[Verdict, list[Line]]:
    """Play the demo in virtual time: the clock goes on whenever everybody waits."""
    clock, lines = ManualClock(), list[Line]()
    demo = asyncio.create_task(run(plan, settings, lines.append, stop or asyncio.Event(), clock=clock))
    while not demo.done():
        for _ in range(30):
            await asyncio.sleep(0)
        if not demo.done():
            due = clock.next_timer()
            clock.step(due if due is not None else clock.now() + 1)
    return await demo, lines


async def test_ten_minutes_of_quickstart_lose_nothing(quickstart: Plan, seed: int) -> None:
    """Every interaction is accounted for, whatever the seed."""
    verdict, lines = await played(quickstart, Settings(seconds=60, speed=10, seed=seed))
    assert verdict.is_clean, verdict.sentences()
    figures = verdict.figures()
    ends = (
        "answered",
        "abandoned",
        "diverted",
        "expired",
        "refused",
        "cancelled",
        "failed",
        "waiting",
        "lost",
    )
    assert verdict.offered == sum(figures[name] for name in ends)
    assert verdict.answered > 50
    events = {line.event.partition(" ")[0] for line in lines}
    assert {"offered", "answered", "waits", "step", "abandoned"} <= events
    assert all(0 <= line.at_ms <= 620_000 for line in lines)


async def test_the_same_seed_is_the_same_day(quickstart: Plan) -> None:
    """Line for line; another seed is another day."""
    first, again, other = [await played(quickstart, Settings(seconds=20, seed=n)) for n in (7, 7, 8)]
    assert first == again
    assert first[1] != other[1]


async def test_told_to_stop_it_ends_with_a_verdict(quickstart: Plan) -> None:
    """Also one that would go on for ever."""
    stop = asyncio.Event()
    stop.set()
    verdict, _ = await played(quickstart, Settings(seconds=None, seed=1), stop)
    assert verdict.is_clean
    assert verdict.seconds <= 1.1


async def test_a_centre_without_agents_only_keeps_people_waiting() -> None:
    """Nobody answers, and the lines say why."""
    verdict, lines = await played(a_plan(), Settings(seconds=20, seed=1))
    assert (verdict.answered, verdict.lost) == (0, 0)
    assert verdict.abandoned > 0
    assert {line.detail for line in lines if line.event == "waits"} == {"support: nobody is signed in"}


class Forgetful(Engine):
    """An engine with a bug: it says it took an arrival and has forgotten it."""

    __slots__ = ()

    def handle(self, signal: Signal, now: int) -> Outcome:
        """Take everything but arrivals."""
        if isinstance(signal, InteractionArrived):
            self.advance(now)
            return Outcome([], [], "queued")
        return super().handle(signal, now)


async def test_what_the_router_forgets_is_lost_in_the_books(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict does not take the router's word."""
    monkeypatch.setattr("router.service.router.Engine", Forgetful)
    monkeypatch.setattr(
        "router.service.router.Router.interaction", lambda self, name: self._directory.interaction(name)
    )
    verdict, _ = await played(a_plan(an_agent("ana")), Settings(seconds=20, seed=1))
    assert verdict.lost == verdict.offered > 0
    assert not verdict.is_clean


async def test_a_router_that_stops_ends_the_demo_with_its_error(
    quickstart: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with a verdict, and not with a hang."""
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    monkeypatch.setattr(Engine, "advance", lambda self, now: 1 / 0)
    with pytest.raises(InvariantError, match="division by zero"):
        await played(quickstart, Settings(seconds=20, seed=1))


# ── the books ────────────────────────────────────────────────────────────────────────────────────────────────────


def verdict_of(*written: Callable[[Books], object]) -> dict[str, int | float]:
    """The figures that are not 0, after an interaction was submitted and this was written down."""
    books = Books()
    books.submitted("c")
    for write in written:
        write(books)
    figures = books.verdict(seed=0, seconds=0, speed=0).figures()
    return {name: figure for name, figure in figures.items() if figure}


def test_each_interaction_is_counted_once() -> None:
    """Answered stays answered, what nobody saw an end of is lost unless it hung up at the close."""
    assert verdict_of() == {"offered": 1, "lost": 1}
    assert verdict_of(lambda b: setattr(b.cases["c"], "waits_at_close", True)) == {"offered": 1, "waiting": 1}
    assert verdict_of(lambda b: b.ended("c", "diverted")) == {"offered": 1, "diverted": 1}
    assert verdict_of(lambda b: b.connected("c", "ana")) == {"offered": 1, "answered": 1}
    assert verdict_of(
        lambda b: b.connected("c", "ana"),
        lambda b: b.let_go("c", "ana", is_over=False),
        lambda b: b.connected("c", "ben"),
        lambda b: b.let_go("c", "ben", is_over=True),
    ) == {"offered": 1, "answered": 1}


def test_a_second_connection_is_seen() -> None:
    """While another agent has it, after it was over, and after it was abandoned."""
    twice = {"offered": 1, "answered": 1, "assigned_twice": 1}
    connect = [lambda b: b.connected("c", "ana"), lambda b: b.connected("c", "ben")]
    assert verdict_of(*connect) == twice
    assert verdict_of(connect[0], lambda b: b.let_go("c", "ana", is_over=True), connect[1]) == twice
    assert verdict_of(lambda b: b.ended("c", "abandoned"), connect[0]) == twice
    kept = verdict_of(
        connect[0], lambda b: b.let_go("c", "ana", is_over=True), lambda b: b.kept("c", "ana"), connect[1]
    )
    assert kept == twice


def test_the_verdict_says_whether_all_is_well() -> None:
    """In words, with the sum."""
    books = Books()
    for name in ("a", "b"):
        books.submitted(name)
        books.connected(name, "ana")
        books.let_go(name, "ana", is_over=True)
    books.submitted("c")
    books.ended("c", "abandoned")
    assert books.verdict(seed=7, seconds=20.04, speed=10).sentences() == [
        "20.0 s (200 s of the centre's time), seed 7: 3 offered = 2 answered + 1 abandoned",
        "lost 0, assigned twice 0: as it should be, by the books of the customers and agents themselves",
    ]
    books.submitted("d")
    assert "1 LOST" in books.verdict(seed=7, seconds=1, speed=1).sentences()[0]
    assert "BUG" in books.verdict(seed=7, seconds=1, speed=1).sentences()[1]


# ── the customers ────────────────────────────────────────────────────────────────────────────────────────────────


def test_customers_fit_the_rules_of_the_centre(quickstart: Plan, rng: Random) -> None:
    """Every rule of every section gets some, all channels are used, and the plan decides what exists."""
    wishes = [wish(quickstart, rng) for _ in range(400)]
    assert {each.section for each in wishes} == {"support", "billing"}
    assert {each.channel for each in wishes} == {"voice", "chat", "mail"}
    wanted = {(name, value) for each in wishes for name, value in each.attributes.items()}
    assert wanted == {("tier", "gold"), ("language", "fr"), ("topic", "refund")}
    assert all(each.patience_ms >= 0 for each in wishes)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (Match(field="attributes.n", op=">", value=3), {"attributes": {"n": 4}}),
        (Match(field="attributes.n", op="<", value=3), {"attributes": {"n": 2}}),
        (Match(field="attributes.n", op="in", value=("a",)), {"attributes": {"n": "a"}}),
        (Match(field="attributes.n", op="exists", value=True), {"attributes": {"n": "yes"}}),
        (Match(field="attributes.n", op="exists", value=False), {}),
        (Match(field="attributes.n", op="!=", value=3), {}),
        (Match(field="customer", op="prefix", value="vip-"), {"customer": "vip-"}),
        (Match(field="priority", op=">=", value=2), {"priority": 2}),
        (Match(field="channel", op="==", value="fax"), {}),
        (AnyOf(of=(Match(field="attributes.n", op="==", value="a"),)), {"attributes": {"n": "a"}}),
        (NotOf(of=Match(field="attributes.n", op="==", value="a")), {}),
        (AllOf(of=(Match(field="channel", op="==", value="voice"),)), {}),
    ],
)
def test_a_condition_is_met_where_it_can_be(
    when: Match | AllOf | AnyOf | NotOf, expected: dict[str, object]
) -> None:
    """One of each kind."""
    plain = a_section()
    section = replace(plain, intake=(IntakeRule(name="r", when=when),), refuse_unmatched=True)
    made = wish(a_plan(sections=[section]), Random(1))
    assert made == replace(Wish("support", "voice", patience_ms=made.patience_ms), **expected)  # type: ignore[arg-type]


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────


def demo(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "router.cli", "demo", "--over", "library", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )


def test_the_command_ends_with_one_json_object() -> None:
    """Exit 0, lines before it without colours, nothing on stderr."""
    answer = demo("--seconds", "1", "--speed", "100", "--seed", "3", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    *lines, last = answer.stdout.splitlines()
    figures = json.loads(last)
    assert {
        "offered",
        "answered",
        "abandoned",
        "diverted",
        "waiting",
        "lost",
        "assigned_twice",
    } <= figures.keys()
    assert (figures["lost"], figures["assigned_twice"], figures["seed"], figures["speed"]) == (0, 0, 3, 100)
    assert figures["offered"] > 0
    assert any("offered to" in line for line in lines)
    assert "\x1b" not in answer.stdout


def test_the_command_finds_quickstart_from_anywhere(tmp_path: Path) -> None:
    """And ends with a sentence where no JSON is asked for."""
    answer = demo("--seconds", "0.2", "--speed", "100", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(
        "quickstart: 2 sections, 12 agents; for 0.2 s, in 100 times real time, over library, seed "
    )
    assert "lost 0, assigned twice 0: as it should be" in answer.stdout


def test_a_centre_that_is_not_there_is_named() -> None:
    """Exit 3 and what would do; a folder that is no centre says so too."""
    answer = demo("nowhere")
    assert answer.returncode == 3
    assert "there is no centre at nowhere: name a folder with a centre.yaml" in answer.stderr
    assert demo("tests").returncode == 3
    assert find_centre("nowhere") is None


@pytest.mark.parametrize(
    "arguments", [("--seconds", "0"), ("--speed", "0"), ("--speed", "1e9"), ("--seed", "x")]
)
def test_wrong_use_is_exit_2(arguments: tuple[str, str]) -> None:
    """Numbers that make no sense."""
    assert demo(*arguments).returncode == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_kept_running_it_ends_with_a_verdict_when_told(number: signal.Signals) -> None:
    """Ctrl-C and a service manager's signal are the same."""
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "router.cli",
            "demo",
            "--over",
            "library",
            "--keep",
            "--json",
            "--speed",
            "50",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "answered by" in line:
                break
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out.splitlines()[-1])["answered"] >= 1


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    """As in `switchroom demo | head -3`."""
    answer = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m router.cli demo --keep --speed 100 | head -3"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )
    assert len(answer.stdout.splitlines()) == 3
    assert "Traceback" not in answer.stderr
