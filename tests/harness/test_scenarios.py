"""Scenario files: what they come to, and every mistake with its place and what would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.behaviour import Break, Shift
from agents.distributions import Deterministic, Exponential, Lognormal, Uniform
from agents.model import AgentId
from router.config import load
from router.core.plan import DAY_MS, Plan
from router.errors import ConfigError
from router.harness import scenarios
from router.harness.scenarios import Loaded
from router.simulation.scenario import Mix

ROOT = Path(__file__).parents[2]
CENTRE = ROOT / "configs" / "quickstart"
HOUR_MS = 3_600_000
MINUTE_MS = 60_000

ONE = "duration: 1h\narrivals:\n- {name: a, section: support, channel: voice, "

ARRIVALS = """
arrivals:
  - {name: calls, section: support, channel: voice, per-hour: 60, handle-time: 4m}
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load(CENTRE)


def read(tmp_path: Path, plan: Plan, text: str) -> Loaded:
    path = tmp_path / "test.yaml"
    path.write_text(text, encoding="utf-8")
    return scenarios.load(path, plan)


def mistakes(tmp_path: Path, plan: Plan, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, plan, text)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_a_file_becomes_a_scenario(tmp_path: Path, plan: Plan) -> None:
    """Streams, rates per hour, distributions, mixes, behaviour by the last entry that says it, shifts of every day."""
    loaded = read(
        tmp_path,
        plan,
        """
description: A test
duration: 48h
warm-up: 1h
replications: 3
arrivals:
  - name: calls
    section: support
    channel: voice
    queue: support-gold
    priority: 2
    attributes: {language: {en: 70%, fr: 30%}, tier: gold}
    profile: {"08:00": 60, "18:00": 0}
    handle-time: {lognormal: {mean: 4m, cv: 1.2}}
    patience: {exponential: {mean: 3m}}
    transfer: {share: 5%, queue: billing, keep-place: false}
  - {name: mails, section: billing, channel: mail, per-hour: 6, handle-time: {uniform: {from: 1m, to: 3m}}}
agents:
  - who: everybody
    answer-delay: 3s
    no-answer: 2%
    shifts: [{at: "08:00-16:00", breaks: ["12:00-12:30"]}]
  - who: {pool: seniors}
    no-answer: 0%
  - who: [ben]
    wrap-up: 20s
    shifts: [{at: "22:00-06:00", breaks: ["02:00-02:30"]}]
""",
    )
    calls, mails = loaded.scenario.streams
    assert (loaded.replications, loaded.description, loaded.scenario.warm_up_ms) == (3, "A test", HOUR_MS)
    assert calls.profile.pieces == ((0, 0.0), (8 * HOUR_MS, 60 / HOUR_MS), (18 * HOUR_MS, 0.0))
    assert (calls.handle_time, calls.patience) == (
        Lognormal(mean=240_000.0, cv=1.2),
        Exponential(mean=180_000.0),
    )
    assert (calls.queue, calls.priority) == ("support-gold", 2)
    assert calls.attributes == (
        Mix(name="language", shares=(("en", 0.7), ("fr", 0.3))),
        Mix(name="tier", shares=(("gold", 1.0),)),
    )
    assert calls.transfer is not None
    assert (calls.transfer.chance, calls.transfer.keep_place) == (0.05, False)
    assert calls.transfer.handle_time == calls.handle_time
    assert mails.handle_time == Uniform(low=60_000.0, high=180_000.0)
    workers = {worker.agent_id: worker for worker in loaded.scenario.workers}
    assert workers[AgentId("ana")].behaviour.no_answer == 0.0
    assert workers[AgentId("dario")].behaviour.no_answer == 0.02
    assert workers[AgentId("ana")].behaviour.answer_delay == Deterministic(value=3_000.0)
    day = Shift(
        start_ms=8 * HOUR_MS,
        end_ms=16 * HOUR_MS,
        breaks=(Break(12 * HOUR_MS, 12 * HOUR_MS + 30 * MINUTE_MS),),
    )
    assert workers[AgentId("ana")].shifts[0] == day
    assert len(workers[AgentId("ana")].shifts) == 2
    # The night shift that began on the evening before is there at midnight.
    assert workers[AgentId("ben")].shifts[0] == Shift(
        start_ms=0, end_ms=6 * HOUR_MS, breaks=(Break(2 * HOUR_MS, 2 * HOUR_MS + 30 * MINUTE_MS),)
    )
    assert workers[AgentId("ben")].shifts[1].start_ms == 22 * HOUR_MS
    assert workers[AgentId("ben")].shifts[1].breaks == (
        Break(DAY_MS + 2 * HOUR_MS, DAY_MS + 2 * HOUR_MS + 30 * MINUTE_MS),
    )


def test_days_of_the_week(tmp_path: Path, plan: Plan) -> None:
    """Profiles, batches and shifts of some days of the week, and what people do of the automated agents' work."""
    loaded = read(
        tmp_path,
        plan,
        """
duration: 14d
arrivals:
  - name: calls
    section: support
    channel: voice
    week: {mon-fri: {"08:00": 60, "18:00": 6}, "sat, sun": {"00:00": 3}}
    batches: [{at: "02:00", size: 40, days: tue}, {at: "01:00", size: 9}]
    handle-time: 2s
    hand-over: {share: 10%, handle-time: 4m, queue: billing}
agents:
  - {who: ana, shifts: [{at: "22:00-06:00", days: fri-mon}]}
""",
    )
    (calls,) = loaded.scenario.streams
    assert calls.profile.period_ms == 7 * DAY_MS
    assert calls.profile.pieces[:4] == (
        (0, 6 / HOUR_MS),
        (8 * HOUR_MS, 60 / HOUR_MS),
        (18 * HOUR_MS, 6 / HOUR_MS),
        (DAY_MS, 6 / HOUR_MS),
    )
    assert calls.profile.pieces[-2:] == ((5 * DAY_MS, 3 / HOUR_MS), (6 * DAY_MS, 3 / HOUR_MS))
    assert len(calls.batches) == 8
    assert [(batch.at_ms, batch.size) for batch in calls.batches][1:3] == [
        (DAY_MS + HOUR_MS, 9),
        (DAY_MS + 2 * HOUR_MS, 40),
    ]
    assert calls.hand_over is not None
    assert (calls.hand_over.chance, calls.hand_over.queue) == (0.1, "billing")
    assert calls.hand_over.handle_time == Deterministic(value=240_000.0)
    ana = next(worker for worker in loaded.scenario.workers if worker.agent_id == "ana")
    begins = [shift.start_ms for shift in ana.shifts]
    # The first is the rest of the Sunday's before; then Monday, Friday, Saturday, Sunday and so on.
    assert begins[:4] == [0, 22 * HOUR_MS, 4 * DAY_MS + 22 * HOUR_MS, 5 * DAY_MS + 22 * HOUR_MS]
    assert len(begins) == 9


def test_a_batch_at_the_end_of_a_day(tmp_path: Path, plan: Plan) -> None:
    """A batch at 24:00 comes when the next day begins, a Sunday's when the week begins again."""
    text = """
duration: 14d
arrivals:
- {name: a, section: support, channel: voice, handle-time: 4m, batches: [{at: "24:00", size: 3, days: sat-sun}]}
"""
    (stream,) = read(tmp_path, plan, text).scenario.streams
    assert [(batch.at_ms, batch.size) for batch in stream.batches] == [(0, 3), (6 * DAY_MS, 3)]


WEEK = """
duration: 1h
arrivals:
- {name: a, section: support, channel: voice, handle-time: 4m, """


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'week: {mon-sat: {"00:00": 1}}}',
            "nothing is said of sun",
        ),
        ('week: {mon-sun: {"00:00": 1}, tue: {"00:00": 1}}}', "tue is there twice"),
        ('week: {mon-sunday: {"00:00": 1}}}', "'sunday' is not a day (the days are mon, tue"),
        ("batches: [{at: 02:00, size: 0}]}", "0"),
        ("batches: [{at: 02:00, size: 3, days: [mon]}]}", "names no days (write 'mon-fri'"),
        ("batches: [{at: 02:00, size: 3, days: mon-fri, days: sat}]}", "days"),
        (
            "per-hour: 3, transfer: {share: 3%}, hand-over: {share: 3%, handle-time: 4m}}",
            "'hand-over' and 'transfer' do not go together",
        ),
        (
            "per-hour: 3, hand-over: {share: 3%, handle-time: 4m, queue: billling}}",
            "there is no queue 'billling'",
        ),
    ],
)
def test_mistakes_about_the_week(tmp_path: Path, plan: Plan, text: str, expected: str) -> None:
    """Days that are missing, doubled or none, empty batches and two ways to go on are each named with their place."""
    found = mistakes(tmp_path, plan, WEEK + text)
    assert any(expected in line and line.startswith("test.yaml:4:") for line in found), found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "arrivals: []",
            ["test.yaml:1:1: 'duration' is missing", "test.yaml:1:11: arrivals: must not be empty"],
        ),
        (
            "duration: 1h\nduraton: 2h" + ARRIVALS,
            ["test.yaml:2:1: duraton: unknown key 'duraton' (did you mean 'duration'?)"],
        ),
        (
            "duration: 1h\nwarm-up: 2h" + ARRIVALS,
            [
                "test.yaml:2:10: warm-up: found 7200000 ms, expected at least 0 and less than the duration, 3600000 ms"
            ],
        ),
        (
            "duration: 1h\narrivals:\n- {name: a, section: suport, channel: voise, per-hour: 6, handle-time: 4m}",
            [
                "test.yaml:3:22: arrivals[0].section: there is no section 'suport' (did you mean 'support'?)",
                "test.yaml:3:39: arrivals[0].channel: there is no channel 'voise' (did you mean 'voice'?)",
            ],
        ),
        (
            ONE + "handle-time: {exponential: {mean: 0s}}}",
            ["test.yaml:3:81: arrivals[0].handle-time.exponential.mean: '0s' must be longer than nothing"],
        ),
        (
            ONE + "per-hour: 6, handle-time: {gamma: 4m}}",
            [
                (
                    "test.yaml:3:74: arrivals[0].handle-time.gamma: unknown key 'gamma' "
                    "(there is 'exponential', 'lognormal', 'uniform')"
                )
            ],
        ),
        (
            ONE + "per-hour: 6, handle-time: {lognormal: {mean: 4m, cv: -1}}}",
            ["test.yaml:3:100: arrivals[0].handle-time.lognormal.cv: -1 is not above 0.0"],
        ),
        (
            ONE + "per-hour: 6, handle-time: {uniform: {from: 4m, to: 3m}}}",
            ["test.yaml:3:83: arrivals[0].handle-time.uniform: 'to' is less than 'from' (exchange them)"],
        ),
        (
            ONE + "handle-time: 4m}",
            [
                (
                    "test.yaml:3:3: arrivals[0]: arrivals have one of 'per-hour', 'profile' and 'week', or only 'batches' "
                    '(write per-hour: 60, or profile: {"08:00": 20, "18:00": 0})'
                )
            ],
        ),
        (
            ONE + 'profile: {"8": 3, "24:00": 4}, handle-time: 4m}',
            [
                "test.yaml:3:56: arrivals[0].profile: a piece that starts at 24:00 lasts no time ('00:00' is the first)",
                "test.yaml:3:57: arrivals[0].profile.8: '8' is not a time of day (write '08:30')",
            ],
        ),
        (
            ONE + "per-hour: 3, handle-time: 4m, attributes: {l: {en: 70%, fr: 20%}}}",
            ["test.yaml:3:93: arrivals[0].attributes.l: the shares sum to 90% (they must sum to 100%)"],
        ),
        (
            "duration: 1h" + ARRIVALS + "agents: [{who: anna}, {who: [ben, kym]}, {who: {pool: senior}}]",
            [
                "test.yaml:4:16: agents[0].who: there is no agent 'anna' (did you mean 'ana'?)",
                "test.yaml:4:35: agents[1].who[1]: there is no agent 'kym' (did you mean 'kim'?)",
                "test.yaml:4:55: agents[2].who.pool: there is no pool 'senior' (did you mean 'seniors'?)",
            ],
        ),
        (
            "duration: 24h"
            + ARRIVALS
            + 'agents: [{who: ana, shifts: [{at: "08:00-16:00"}, {at: "15:00-18:00"}]}]',
            [
                "test.yaml:4:29: agents[0].shifts: shift 2 (15:00-18:00) starts before shift 1 (08:00-16:00) has ended",
            ],
        ),
        (
            "duration: 24h"
            + ARRIVALS
            + 'agents: [{who: ana, shifts: [{at: "08:00-16:00", breaks: ["17:00-18:00"]}]}]',
            [
                "test.yaml:4:29: agents[0].shifts: shift 1 (08:00-16:00): the break 17:00-18:00 is outside the shift"
            ],
        ),
        (
            "duration: 24h" + ARRIVALS + "agents: [{who: ana, shifts: [{at: 08:00-25:00}]}]",
            [
                "test.yaml:4:35: agents[0].shifts[0].at: '25:00' is not a time of day (from '00:00' to '24:00')"
            ],
        ),
        (
            "duration: 24h\narrivals:\n"
            + 2 * "- {name: a, section: support, channel: voice, per-hour: 6, handle-time: 4m}\n",
            [
                (
                    "test.yaml:4:10: arrivals[1].name: the name 'a' is taken by an earlier stream "
                    "(names seed the streams' draws, give each its own)"
                )
            ],
        ),
        (
            "duration: 10:30" + ARRIVALS,
            ["test.yaml:1:11: duration: '10:30' is not a duration (write '10m30s')"],
        ),
    ],
)
def test_mistakes_say_where_and_what_would_do(
    tmp_path: Path, plan: Plan, text: str, expected: list[str]
) -> None:
    """Each mistake is one problem at its place."""
    assert mistakes(tmp_path, plan, text) == expected


def test_an_unknown_scenario_names_what_there_is() -> None:
    """Looking for a scenario that is not there says which ones are."""
    with pytest.raises(
        ConfigError,
        match=r"there is no scenario 'busy-our'.*did you mean 'busy-hour'\? there is 'busy-hour', 'ordinary-day'",
    ):
        scenarios.find(CENTRE, "busy-our")
    with pytest.raises(ConfigError, match="there is none; write"):
        scenarios.find(CENTRE / "sections", "x")


@pytest.mark.parametrize("name", scenarios.names(CENTRE))
def test_shipped_scenarios_are_fine(plan: Plan, name: str) -> None:
    """Those that come with the quickstart load."""
    loaded = scenarios.load(scenarios.find(CENTRE, name), plan)
    assert loaded.scenario.streams
    assert loaded.description
