"""Every expectation: met, it passes; not met, it fails at its place with what was expected and found."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.harness.cases import report
from router.harness.cases.models_expected import ExpectMap
from tests.cases.writing import SMALL, run

STORY = (
    SMALL
    + """
steps:
  - sign-in: ana
  - at: 1s
    arrive: {call-1: {queue: desk}, call-2: {queue: desk}, call-3: {queue: french}, later: {queue: desk, not-before: 1h}}
  - at: 5s
    accept: call-1
  - at: 10s
    arrive: {call-4: {queue: desk}}
  - at: 20s
    abandon: call-4
  - at: 40s
    sign-in: ben
  - at: 50s
    expect: {EXPECT}
"""
)

EXPECTATIONS = [
    ("offered: {call-2: ben}", "offered: {call-2: ana}", "offered to ben"),
    ("offered: {call-2: ben}", "offered: {call-3: ana}", "waiting in french"),
    ("offered: {call-2: {at: 40s}}", "offered: {call-2: {at: 41s}}", "40s"),
    ("offered: {call-2: {tier: 1}}", "offered: {call-2: {tier: 2}}", "1"),
    ("offered: {call-2: {score: 0}}", "offered: {call-2: {score: 1}}", "0"),
    ("offered: {call-2: {choice: longest-idle}}", "offered: {call-2: {choice: random}}", "longest-idle"),
    ("offered: {call-2: {because: only candidate}}", "offered: {call-2: {because: tier}}", "only candidate"),
    ("offered: {call-2: {decision: 2}}", "offered: {call-2: {decision: 3}}", "2"),
    ("offered: {call-2: {until: 1m}}", "offered: {call-2: {until: 2m}}", "1m"),
    ("assigned: {call-1: ana}", "assigned: {call-1: ben}", "assigned to ana"),
    ("assigned: {call-1: {wait: 4s}}", "assigned: {call-1: {wait: 5s}}", "4s"),
    ("assigned: {call-1: ana}", "assigned: {call-4: ana}", "ended: abandoned"),
    ("waiting: {french: [call-3]}", "waiting: {french: []}", "call-3"),
    ("waiting: {desk: []}", "waiting: {desk: [call-2]}", "nothing"),
    ("order: [call-3]", "order: [call-3, call-2]", "call-3"),
    ("scheduled: {later: 1h}", "scheduled: {later: 2h}", "1h"),
    ("scheduled: {later: 1h}", "scheduled: {call-1: 1h}", "assigned to ana"),
    ("ended: {call-4: abandoned}", "ended: {call-4: completed}", "abandoned"),
    ("ended: {call-4: abandoned}", "ended: {call-1: completed}", "assigned to ana"),
    ("ended: {call-4: {at: 20s}}", "ended: {call-4: {at: 21s}}", "20s"),
    ("ended: {call-4: {wait: 10s}}", "ended: {call-4: {wait: 9s}}", "10s"),
    ("ended: {call-4: {how: abandoned}}", "ended: {call-4: {reason: x}}", "nothing"),
    ("ended: {call-4: {how: abandoned}}", "ended: {call-4: {agent: ana}}", "nobody"),
    ("presence: {ana: ready}", "presence: {ana: not-ready}", "ready"),
    ("presence: {ana: ready}", "presence: {ana: paused}", "ready"),
    ("presence: {ana: {is: ready}}", "presence: {ana: {is: ready, reason: lunch}}", "nothing"),
    ("units: {ana: 100}", "units: {ana: 0}", "100"),
    ("priority: {call-2: 2}", "priority: {call-2: 0}", "2"),
    ("asked: {call-3: french >= 4}", "asked: {call-3: anybody}", "french >= 4"),
    ("steps: {call-2: [easier]}", "steps: {call-2: []}", "easier"),
    ("steps: {call-2: {easier: 31s}}", "steps: {call-2: {easier: 30s}}", "31s"),
    (
        "steps: {call-2: {easier: {caught-up: false}}}",
        "steps: {call-2: {easier: {caught-up: true}}}",
        "false",
    ),
    ("steps: {call-3: []}", "steps: {call-3: [easier]}", "nothing"),
    ("explain: {call-3: {ana: requirement}}", "explain: {call-3: {ana: offline}}", "requirement: no french"),
    (
        "explain: {call-3: {ana: {code: requirement, detail: no french}}}",
        "explain: {call-3: {ana: {code: requirement, detail: no english}}}",
        "no french",
    ),
    ("decided: {call-1: {ben: offline}}", "decided: {call-1: {ben: can-take}}", "offline: not signed in"),
    ("decided: {call-2: {ana: capacity}}", "decided: {call-3: {ana: capacity}}", "nothing has been decided"),
    ("missing: {call-3: french >= 4}", "missing: {call-3: []}", "french >= 4"),
    ("unmet: {call-3: [french >= 4]}", "unmet: {call-3: french >= 5}", "french >= 4"),
    ("next-change: {call-2: 1m}", "next-change: {call-1: 1m}", "never"),
    ("estimate: {call-3: {position: 1}}", "estimate: {call-3: {position: 2}}", "1"),
    ("estimate: {call-3: {why: 'off'}}", "estimate: {call-3: {method: queue-length}}", "unknown"),
    ("estimate: {call-2: {position: 0}}", "estimate: {call-2: {p50: 0s}}", "unknown"),
    ("if-it-arrived: {desk: {known: 0}}", "if-it-arrived: {french: {position: 1}}", "2"),
    ("count: {waiting: 1}", "count: {waiting: 2}", "1"),
    ("count: {offered: 1}", "count: {offered: 0}", "1"),
    ("count: {assigned: 1}", "count: {assigned: 0}", "1"),
    ("count: {ended: 1}", "count: {ended: 0}", "1"),
    ("count: {agents-offered: 1}", "count: {agents-offered: 2}", "1"),
    (
        "happened: [{offer-made: {interaction: call-1, agent: ana, at: 1s}}]",
        "happened: [{offer-made: {interaction: call-1, agent: ana, at: 2s}}]",
        "has not happened; alike are",
    ),
    (
        "happened: [{offer-made: {agent: ana}}, {offer-made: {agent: ben}}]",
        "happened: [{offer-made: {agent: ben}}, {offer-made: {agent: ana}}]",
        "has happened, but not after",
    ),
    (
        "happened: [{offer-made: {}, times: 2}]",
        "happened: [{offer-made: {}, times: 1}]",
        "2 times",
    ),
    (
        "happened: [{offer-ended: {how: expired}, times: 0}]",
        "happened: [{work-held: {}}]",
        "has not happened",
    ),
    (
        "never: [{offer-ended: {how: expired}}]",
        "never: [{offer-ended: {how: accepted}}]",
        "5s  offer-ended {offer: 1, interaction: call-1, agent: ana, how: accepted}",
    ),
    ("report: {desk: {answered: 1}}", "report: {desk: {answered: 2}}", "1"),
    ("report: {french: {waiting: 1}}", "report: {centre: {waiting: 1}}", "2"),
    (
        "report: {desk: {service-level: {answered_within / answered: 1}}}",
        "report: {desk: {service-level: {answered_within / offered: 1}}}",
        "0.333",
    ),
    (
        "report: {french: {arrived: 1}}",
        "report: {french: {service-level: {answered_within / answered: 1}}}",
        "none",
    ),
]


@pytest.mark.parametrize(("met", "unmet", "found"), EXPECTATIONS)
def test_expectations(tmp_path: Path, met: str, unmet: str, found: str) -> None:
    """What is so passes; what is not so fails at the moment and the place where it is written, with what was found."""
    assert run(tmp_path, STORY.replace("{EXPECT}", "{" + met + "}")).failures == ()
    result = run(tmp_path, STORY.replace("{EXPECT}", "{" + unmet + "}"))
    assert not result.has_passed
    failure = result.failures[0]
    assert failure.at_ms == 50_000
    assert failure.difference.found.startswith(found)
    line, _ = failure.difference.place.document.place(failure.difference.place.steps, key=True)
    assert line == STORY.split("\n").index("    expect: {EXPECT}") + 1


def test_every_expectation_is_tried() -> None:
    """No key of ``expect`` is left out above."""
    tried = {unmet.partition(":")[0].replace("-", "_") for _, unmet, _ in EXPECTATIONS}
    assert tried == set(ExpectMap.model_fields)


def test_a_group_stands_for_all_of_it(tmp_path: Path) -> None:
    """What is expected of copies, or of counted work, is expected of each."""
    text = (
        SMALL
        + "copies: {ana: 2}\nsteps:\n- sign-in: ana\n- arrive: {call: {queue: desk, count: 3}}\n  expect: EXPECT\n"
    )
    assert run(
        tmp_path, text.replace("EXPECT", "{presence: {ana: ready}, waiting: {desk: [call-3]}}")
    ).has_passed
    result = run(tmp_path, text.replace("EXPECT", "{offered: {call: ana}}"))
    assert [(each.difference.what, each.difference.found) for each in result.failures] == [
        ("call-3", "waiting in desk")
    ]
    result = run(tmp_path, text.replace("EXPECT", "{waiting: {desk: [call]}}"))
    assert result.failures[0].difference.expected == "call-1, call-2, call-3"


def test_all_that_differs_at_one_moment_is_told(tmp_path: Path) -> None:
    """Everything that is otherwise at the first moment with a difference is told, and nothing of later ones."""
    text = (
        SMALL
        + "steps:\n- arrive: {call-1: {queue: desk}}\n  expect: {priority: {call-1: 1}, waiting: {desk: []}}\n"
        + "- at: 1s\n  expect: {order: []}\n"
    )
    assert [each.difference.what for each in run(tmp_path, text).failures] == [
        "waiting in desk",
        "priority of call-1",
    ]


def test_never_holds_for_the_whole_case(tmp_path: Path) -> None:
    """What a case says must never happen is looked for in all that happened, when all is over."""
    text = SMALL + "steps:\n- arrive: {call-1: {queue: desk}}\n- at: 1m\n  expect: {count: {waiting: 1}}\n"
    assert run(tmp_path, text + "never: [{offer-made: {}}]").has_passed
    result = run(tmp_path, text + "never: [{notice-sent: {target: supervisors}}]")
    assert result.failures[0].difference.found.startswith("30s  notice-sent")


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("accept: call-1", "call-1 has never been offered to anybody"),
        ("finish: call-1", "nobody has ever been connected to call-1"),
        ("complete: call-1", "illegal-state, state queued: interaction 'call-1' is queued, not assigned"),
        ("{abandon: call-1, answer: unchanged}", "done"),
        ("{complete: call-1, answer: done}", "illegal-state, state queued"),
        ("{complete: call-1, answer: {code: illegal-state, state: offered}}", "illegal-state, state queued"),
    ],
)
def test_what_cannot_happen_fails(tmp_path: Path, step: str, found: str) -> None:
    """What the engine refuses, what cannot be, and an answer that is another one, fail the case where they are written."""
    lines = step[1:-1].replace(", answer", "\n  answer") if step.startswith("{") else step
    text = SMALL + "steps:\n- arrive: {call-1: {queue: desk}}\n- at: 1s\n  " + lines
    result = run(tmp_path, text)
    assert [each.difference.found for each in result.failures] == [found]


def test_an_expected_refusal_passes(tmp_path: Path) -> None:
    """An error that is expected is none."""
    text = (
        SMALL
        + "steps:\n- arrive: {call-1: {queue: desk}}\n- complete: call-1\n  answer: {code: illegal-state, state: queued}\n"
    )
    assert run(tmp_path, text).has_passed


def test_failures_bring_the_explanation(tmp_path: Path) -> None:
    """A failure about work has the engine's explanation of it, and everything that happened to it."""
    text = (
        SMALL
        + "steps:\n- arrive: {call-1: {queue: french}, call-2: {queue: desk}}\n  expect: {offered: {call-1: ana}}\n"
    )
    failure = run(tmp_path, text).failures[0]
    assert "nobody in the roster meets french >= 4" in failure.why
    assert {getattr(fact, "interaction_id", "") for fact in failure.story} == {"call-1"}


def test_what_check_says(tmp_path: Path) -> None:
    """A case can be about what ``switchroom check`` says; more, less or other problems fail it."""
    text = "centre: {sections: {desk: {needs: frensh}}, skills: [french]}\ncheck: {problems: EXPECT}\n"
    assert run(tmp_path, text.replace("EXPECT", "[unknown skill 'frensh']")).has_passed
    for wrong in ("[]", "[unknown queue]", "[unknown skill 'frensh', another]"):
        result = run(tmp_path, text.replace("EXPECT", wrong))
        assert (
            "case.yaml:1:35: centre.sections.desk.needs: unknown skill 'frensh'"
            in result.failures[0].difference.found
        )


def test_silent_desktops_lose_their_lease(tmp_path: Path) -> None:
    """Desktops send heartbeats by themselves, until they are said to be silent."""
    steps = "- sign-in: [ana, ben]\n- at: 1h\n  silent: ana\n- at: 2h\n  expect: {presence: {ana: offline, ben: ready}}\n"
    text = SMALL + "override: {presence-ttl: 30s}\nsteps:\n" + steps
    assert run(tmp_path, text).has_passed


def test_desktops_have_been_there_before_a_lease_was_asked_for(tmp_path: Path) -> None:
    """A plan that asks for heartbeats, or for quicker ones, loses no agent whose desktop is not silent."""
    steps = (
        "- sign-in: [ana, ben]\n- silent: ana\n- at: 1h\n  reload: {override: {presence-ttl: 30s}}\n"
        "  expect: {presence: {ana: offline, ben: ready}}\n- at: 2h\n  reload: {override: {presence-ttl: 1s}}\n"
        "- at: 3h\n  expect: {presence: {ben: ready}}\n"
    )
    assert run(tmp_path, SMALL + "steps:\n" + steps.replace("3h", "2h1m")).has_passed


def test_figures_know_queues_that_a_reload_brings(tmp_path: Path) -> None:
    """A queue that is new after a reload is counted against its own target."""
    steps = (
        "- reload: {override: {sections: {desk: {queues: {new: {answer: {within: 5m}}}}}}}\n"
        "- arrive: {call-1: {queue: new}}\n- at: 1m\n  sign-in: ana\n- accept: call-1\n"
        "  expect: {report: {new: {answered: 1, answered-within: 1}}}\n"
    )
    assert run(tmp_path, SMALL + "steps:\n" + steps).has_passed


def test_long_reports_are_shortened(tmp_path: Path) -> None:
    """Of very many agents, and of a very long story, only a part is shown, and how much is left out."""
    steps = "- sign-in: ben\n- arrive: {call-1: {queue: desk}}\n"
    steps += "".join(f"- at: {second}s\n  decline: call-1\n" for second in range(1, 31))
    steps += "  expect: {ended: {call-1: completed}, priority: {call-1: 5}}\n"
    result = run(tmp_path, SMALL + "copies: {ben: 100}\nsteps:\n" + steps)
    text = report.details(result)
    assert "… 74 lines …" in text
    assert "… 25 before" in text
    assert text.count("why ") == 1  # although two things differ
    assert text.count("\n") < 90
