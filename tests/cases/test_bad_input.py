"""Malformed cases: every mistake has its place, and says what would do; none is silently something else."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from router.config.yaml_source import read_file
from router.errors import ConfigError
from router.harness.cases import files, runner
from router.harness.cases.script import Case
from tests.cases.writing import CONFIGS, SMALL, mistakes, write

LINES = SMALL.count("\n")
"""What is written below the small centre begins on the line after these."""


@pytest.mark.parametrize(
    ("step", "place", "message"),
    [
        ("arive: call-1", "1:3: steps[0].arive", "unknown key 'arive' (did you mean 'arrive'?)"),
        ("sign-in: anna", "1:12: steps[0].sign-in", "unknown agent 'anna' (did you mean 'ana'?)"),
        (
            "not-ready: {anna: lunch}",
            "1:15: steps[0].not-ready.anna",
            "unknown agent 'anna' (did you mean 'ana'?)",
        ),
        (
            "not-ready: 5.5",
            "1:14: steps[0].not-ready",
            "expected a name, found the number 5.5 (put it in quotes: '5.5')",
        ),
        (
            "at: 5",
            "1:7: steps[0].at",
            "the duration 5 has no unit (write '5s' for seconds, '5m' for minutes)",
        ),
        (
            "at: 1:30",
            "1:7: steps[0].at",
            "'1:30' is not a duration (write '1m30s')",
        ),
        (
            "arrive: {a: {queue: dsek}}",
            "1:23: steps[0].arrive.a.queue",
            "unknown queue 'dsek' (did you mean 'desk'?)",
        ),
        (
            "arrive: {a: {section: dsek}}",
            "1:25: steps[0].arrive.a.section",
            "unknown section 'dsek' (did you mean 'desk'?)",
        ),
        (
            "arrive: {a: {queue: desk, channel: voic}}",
            "1:38: steps[0].arrive.a.channel",
            "unknown channel 'voic' (did you mean 'voice'?)",
        ),
        (
            "arrive: {a: {queue: desk, needs: {frensh: 2}}}",
            "1:37: steps[0].arrive.a.needs.frensh",
            "unknown skill 'frensh' (did you mean 'french'?)",
        ),
        (
            "arrive: {a: {queue: desk, prioriti: 2}}",
            "1:29: steps[0].arrive.a.prioriti",
            "unknown key 'prioriti' (did you mean 'priority'?)",
        ),
        ("accept: call-9", "1:11: steps[0].accept", "unknown work 'call-9' (no work arrives in this case)"),
        (
            "{sign-in: ana, ready: ana}",
            "1:3: steps[0]",
            "one thing happens in a step, this has 'sign-in', 'ready' (put a '-' before each)",
        ),
        (
            "at: 5s",
            "1:3: steps[0]",
            "a step in which nothing happens and nothing is expected (add 'expect', or remove it)",
        ),
        (
            "answer: done",
            "1:3: steps[0]",
            "an 'answer' without anything that happens (put it beside what it answers)",
        ),
        (
            "{arrive: {a: {queue: desk}}, expect: {offered: {b: ana}}}",
            "1:51: steps[0].expect.offered.b",
            "unknown work 'b' (there is 'a')",
        ),
        (
            "{arrive: {a: {queue: desk}}, expect: {offered: {a: anna}}}",
            "1:54: steps[0].expect.offered.a",
            "unknown agent 'anna' (did you mean 'ana'?)",
        ),
        (
            "{arrive: {a: {queue: desk}}, expect: {offered: {a: {too: ana}}}}",
            "1:55: steps[0].expect.offered.a.too",
            "unknown key 'too' (did you mean 'to'?)",
        ),
        (
            "{arrive: {a: {queue: desk}}, expect: {offred: {a: ana}}}",
            "1:41: steps[0].expect.offred",
            "unknown key 'offred' (did you mean 'offered'?)",
        ),
        (
            "{arrive: {a: {queue: desk}}, expect: {explain: {a: {ana: bussy}}}}",
            "1:60: steps[0].expect.explain.a.ana",
            "'bussy' is not one of offline",
        ),
        (
            "{arrive: {a: {queue: desk}}, expect: {explain: {a: {anna: offline}}}}",
            "1:55: steps[0].expect.explain.a.anna",
            "unknown agent 'anna' (did you mean 'ana'?)",
        ),
        (
            "{arrive: {a: {queue: desk}}, expect: {ended: {a: complete}}}",
            "1:52: steps[0].expect.ended.a",
            "'complete' is not one of completed",
        ),
        (
            "expect: {waiting: {dsek: []}}",
            "1:22: steps[0].expect.waiting.dsek",
            "unknown queue 'dsek' (did you mean 'desk'?)",
        ),
        (
            "{arrive: {a: {queue: desk}}, expect: {steps: {a: [esier]}}}",
            "1:53: steps[0].expect.steps.a[0]",
            "unknown step 'esier' (did you mean 'easier'?)",
        ),
        (
            "{arrive: {a: {queue: desk}}, expect: {steps: {a: {esier: 5s}}}}",
            "1:53: steps[0].expect.steps.a.esier",
            "unknown step 'esier' (did you mean 'easier'?)",
        ),
        (
            "expect: {presence: {ana: redy}}",
            "1:28: steps[0].expect.presence.ana",
            "'redy' is not one of offline, not-ready, ready, draining, paused (did you mean 'ready'?)",
        ),
        (
            "expect: {happened: [{offer-maed: {}}]}",
            "1:24: steps[0].expect.happened[0].offer-maed",
            "unknown kind of fact 'offer-maed' (did you mean 'offer-made'?)",
        ),
        (
            "expect: {happened: [{offer-made: {agnet: ana}}]}",
            "1:37: steps[0].expect.happened[0].offer-made.agnet",
            "offer-made has no 'agnet' (did you mean 'agent'?)",
        ),
        (
            "expect: {never: [{offer-ended: {how: expierd}}]}",
            "1:40: steps[0].expect.never[0].offer-ended.how",
            "the text 'expierd' is not one of accepted, declined, expired, rescinded, cancelled, failed; did you mean 'expired'?",
        ),
        (
            "expect: {never: [{offer-made: {choice: longest}}]}",
            "1:42: steps[0].expect.never[0].offer-made.choice",
            "the text 'longest' is not one of longest-idle",
        ),
        (
            "expect: {never: [{offer-made: {agent: anna}}]}",
            "1:41: steps[0].expect.never[0].offer-made.agent",
            "unknown agent 'anna' (did you mean 'ana'?)",
        ),
        (
            "expect: {never: [{offer-made: {tier: one}}]}",
            "1:40: steps[0].expect.never[0].offer-made.tier",
            "expected a whole number, found the text 'one'",
        ),
        (
            "expect: {never: [{offer-made: {}, offer-ended: {}}]}",
            "1:20: steps[0].expect.never[0]",
            "a fact has one kind",
        ),
        (
            "expect: {never: [{offer-made: {}, times: often}]}",
            "1:44: steps[0].expect.never[0].times",
            "expected how often, found the text 'often' (write 'times: 1')",
        ),
        (
            "expect: {never: [{pools-opened: {pools: [seniors]}}]}",
            "1:43: steps[0].expect.never[0].pools-opened.pools",
            "unknown pool 'seniors'",
        ),
        (
            "{arrive: {a: {queue: desk}}, expect: {order: [b]}}",
            "1:49: steps[0].expect.order[0]",
            "unknown work 'b' (there is 'a')",
        ),
        (
            "expect: {report: {dsek: {answered: 1}}}",
            "1:21: steps[0].expect.report.dsek",
            "unknown queue, section or 'centre' 'dsek' (did you mean 'desk'?)",
        ),
        (
            "expect: {report: {desk: {service-level: {answered / all: 1}}}}",
            "1:44: steps[0].expect.report.desk.service-level.answered / all",
            "unknown formula 'answered / all'",
        ),
        ("reload: nowhere.yaml", "1:11: steps[0].reload", "nowhere.yaml: there is no such file or folder"),
        (
            "reload: {override: {order: strickt}}",
            "1:30: steps[0].reload.override.order",
            "unknown order 'strickt' (did you mean 'strict'?)",
        ),
        (
            "sign-in:",
            "1:3: steps[0].sign-in",
            "has no value (give it one, or leave it out)",
        ),
    ],
)
def test_mistakes_in_a_step(tmp_path: Path, step: str, place: str, message: str) -> None:
    """Each has its file, line, column and path, and says what is wrong and what would do."""
    line, _, rest = place.partition(":")
    found = mistakes(tmp_path, SMALL + f"steps:\n- {step}\n")
    assert len(found) == 1, found
    assert found[0].startswith(f"case.yaml:{LINES + int(line) + 1}:{rest}: {message}"), found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "case.yaml:1:1: expected a mapping, found nothing"),
        ("- a", "case.yaml:1:1: expected a mapping, found a list"),
        (SMALL, "case.yaml:1:1: a case in which nothing happens (write 'steps', or 'check')"),
        (
            "check: {}\ncheck: {}",
            "case.yaml:2:1: check: the key 'check' stands here twice, first on line 1 (remove one)",
        ),
        ("centre: {", "case.yaml:2:1: not readable as YAML"),
        (
            "steps: [{sign-in: ana}]",
            "case.yaml:1:1: which centre this case is about is not said (put it into cases/ beside a centre.yaml, or",
        ),
        (
            "centre: elsewhere\nsteps: [{sign-in: ana}]",
            "case.yaml:1:9: centre: elsewhere: there is no such file or folder",
        ),
        (
            "centre: {sections: {desk: {needs: frensh}}, skills: [french]}\nsteps: [{sign-in: everybody}]",
            "case.yaml:1:35: centre.sections.desk.needs: unknown skill 'frensh' (did you mean 'french'?)",
        ),
        (
            SMALL
            + "override: {sections: {desk: {queues: {french: {needs: frensh}}}}}\nsteps: [{sign-in: ana}]",
            f"case.yaml:{LINES + 1}:55: override.sections.desk.queues.french.needs: unknown skill 'frensh' (did you mean 'french'?)",
        ),
        (
            "centre: {sections: {desk: {intake: [5, {queue: dsek}]}}}\ncheck: {problems: []}\nsteps: [{reload: {override: 5}}]",
            "case.yaml:3:29: steps[0].reload.override: expected a mapping, found the number 5",
        ),
        (
            SMALL + "override: {sectoins: {}}\nsteps: [{sign-in: ana}]",
            f"case.yaml:{LINES + 1}:12: override.sectoins: unknown key 'sectoins' (did you mean 'sections'?)",
        ),
        (
            SMALL + "copies: {anna: 5}\nsteps: [{sign-in: ana}]",
            f"case.yaml:{LINES + 1}:10: copies.anna: there is no agent 'anna'",
        ),
        (
            SMALL + "steps:\n- {at: 1m, sign-in: ana}\n- {at: 30s, sign-in: ben}\n",
            f"case.yaml:{LINES + 3}:8: steps[1].at: 30s is before the step above, at 1m (put the steps in the order of their times)",
        ),
        (
            SMALL
            + "steps: [{arrive: {call: {queue: desk, count: 2}}}]\nnever: [{offer-made: {interaction: call}}]",
            f"case.yaml:{LINES + 2}:36: never[0].offer-made.interaction: 'call' stands for several, a fact is about one",
        ),
        (
            "centre: {sections: {desk: {needs: frensh}}, skills: [french]}\ncheck: {problems: [x]}\nsteps: [{sign-in: everybody}]",
            "case.yaml:3:9: steps[0]: nothing can happen in a centre that is refused (remove 'steps')",
        ),
        (
            "centre: {sections: {a: {}, b: {}}, agents: {ana: {}}}\nsteps: [{arrive: call-1}]",
            "case.yaml:2:18: steps[0].arrive: in which section it arrives is not said (write {section: …}: a, b)",
        ),
    ],
)
def test_mistakes_in_a_case(tmp_path: Path, text: str, expected: str) -> None:
    """A case that is nothing, has no centre, or whose centre is wrong, is told where that is written."""
    found = mistakes(tmp_path, text)
    assert found
    assert found[0].startswith(expected), found


def test_places_are_right_behind_items_that_are_wrong(tmp_path: Path) -> None:
    """Of a list in an inline centre the second item is named as the second, although the first is no item at all."""
    found = mistakes(
        tmp_path, "centre: {sections: {desk: {intake: [5, {queue: dsek}]}}}\nsteps: [{sign-in: ana}]"
    )
    assert [each.split(": ")[:2] for each in found] == [
        ["case.yaml:1:37", "centre.sections.desk.intake[0]"],
        ["case.yaml:1:48", "centre.sections.desk.intake[1].queue"],
    ]


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    """Every mistake of a case is told, not only the first."""
    text = SMALL + "steps:\n- sign-in: anna\n- arrive: {a: {queue: dsek}}\n- accept: b\n"
    assert len(mistakes(tmp_path, text)) == 3


def test_mistakes_in_the_centre_beside_are_told_there(tmp_path: Path) -> None:
    """A case whose centre is wrong is not run; the problems are those of the centre's files."""
    (tmp_path / "centre.yaml").write_text("sections: {desk: {needs: 5}}", encoding="utf-8")
    path = write(tmp_path, "steps: [{sign-in: everybody}]")
    with pytest.raises(ConfigError, match=r"centre\.yaml:1:26: sections\.desk\.needs: expected a skill"):
        files.load(path)


SOURCES = [
    path
    for path in sorted(CONFIGS.rglob("cases/*.yaml"))
    if "twelve-days" not in path.name and "hundred" not in path.name
]
"""What is damaged below; two that take long are left out."""


def test_damaged_texts_never_crash(tmp_path: Path, rng: random.Random) -> None:
    """Whatever is cut, doubled or exchanged in the lines of a case that was well: it runs, or has an error with a place."""
    for _ in range(300):
        source = rng.choice(SOURCES)
        run_or_refuse(
            tmp_path, source, "\n".join(damaged(source.read_text(encoding="utf-8").split("\n"), rng))
        )


def test_damaged_values_never_crash(tmp_path: Path, rng: random.Random) -> None:
    """Whatever stands instead of a value, or is left out, in a case that was well: it runs, or has an error with a place."""
    for _ in range(300):
        source = rng.choice(SOURCES)
        value: Any = read_file(source).value
        for _ in range(rng.randint(1, 2)):
            value = exchanged(value, rng)
        run_or_refuse(tmp_path, source, json.dumps(value, ensure_ascii=False))


def run_or_refuse(folder: Path, source: Path, text: str) -> None:
    path = write(folder, text.replace("../../regressions", str(CONFIGS / "regressions")))
    path.parent.parent.joinpath("centre.yaml").write_text(
        (CONFIGS / "regressions" / "centre.yaml").read_text()
    )
    path.parent.parent.joinpath("agents.yaml").write_text(
        (CONFIGS / "regressions" / "agents.yaml").read_text()
    )
    case = files.read(path)
    if isinstance(case, Case):
        runner.run(case)
    else:
        assert case.error.problems
        assert [each for each in case.error.problems if not each.file or not each.line] == [], (source, text)


STRANGE: list[Any] = [
    0,
    5,
    -1,
    1.5,
    True,
    None,
    "",
    "x",
    "5s",
    "ana",
    "call-1",
    "10:30",
    [],
    {},
    ["ana"],
    {"call-1": "ana"},
    "é",
]


def exchanged(value: Any, rng: random.Random) -> Any:
    """Return the value with something strange, or nothing, at a random place."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            return {(f"{each}x" if each == key else each): part for each, part in value.items()}
        if rng.random() < 0.1:
            return {each: part for each, part in value.items() if each != key}
        return {**value, key: exchanged(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.85:
        index = rng.randrange(len(value))
        return [exchanged(part, rng) if number == index else part for number, part in enumerate(value)]
    return rng.choice(STRANGE)


def damaged(lines: list[str], rng: random.Random) -> list[str]:
    """Return the lines with some damage."""
    lines = list(lines)
    for _ in range(rng.randint(1, 3)):
        index = rng.randrange(len(lines))
        words = lines[index].split(" ")
        match rng.randrange(6):
            case 0:
                del lines[index]
            case 1:
                lines.insert(index, lines[rng.randrange(len(lines))])
            case 2:
                lines[index] = lines[index].replace(":", "", 1)
            case 3:
                words[rng.randrange(len(words))] = rng.choice(
                    ["5", "true", "[]", "{}", "x", "1.5", "[a, b]", "0s", "~"]
                )
                lines[index] = " ".join(words)
            case 4:
                lines[index] = "  " + lines[index]
            case _:
                position = rng.randrange(len(lines[index]) + 1)
                lines[index] = lines[index][:position] + rng.choice("abx{}[],: -5") + lines[index][position:]
        lines = lines or [""]
    return lines
