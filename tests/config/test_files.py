"""A centre in a folder: what is found where, and what is wrong in all files at once."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest

from router import config
from router.config.files import examine
from router.errors import ConfigError
from tests.config.building import VALID

CONFIGS = Path(__file__).parents[2] / "configs"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return folder


def said(path: Path) -> list[str]:
    problems, _ = config.check(path)
    return [str(problem).removeprefix(f"{path}{os.sep}") for problem in problems]


def warned(text: str, tmp_path: Path) -> list[str]:
    path = tmp_path / "c.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    problems, warnings = config.check(path)
    assert problems == []
    return [str(warning).removeprefix(f"{path}:") for warning in warnings]


def test_the_quickstart_is_fine() -> None:
    """What is shipped has two sections, a dozen agents, and neither problems nor warnings."""
    examined = examine(CONFIGS / "quickstart")
    assert (examined.problems, examined.warnings) == ([], [])
    assert examined.plan is not None
    assert (
        examined.plan.centre_id,
        [section.section_id for section in examined.plan.sections],
        len(examined.plan.agents),
    ) == ("quickstart", ["billing", "support"], 12)


def test_a_folder_its_centre_file_and_one_text_say_the_same(tmp_path: Path) -> None:
    """Sections and agents may stand in the centre's file or in files of their own, in rosters of any number."""
    files = {
        "centre.yaml": "skills: [a]\nsections: {one: {needs: {a: 3}}}\nagents: {x: {skills: {a: 5}}}",
        "sections/two.yaml": "needs: {a: 4}",
        "sections/three.yml": "section: third\nneeds: {a: 2}",
        "sections/notes.txt": "not yaml: [",
        "sections/.two.yaml": "not yaml: [",
        "agents.yaml": "agents: {y: {skills: {a: 4}}}",
        "agents/team.yaml": "agents: {z: {skills: {a: 3}}}",
    }
    folder = write(tmp_path / "shop", files)
    plan = config.load(folder)
    assert [section.section_id for section in plan.sections] == ["one", "third", "two"]
    assert [agent.agent_id for agent in plan.agents] == ["x", "y", "z"]
    assert plan.centre_id == "shop"
    assert plan == config.load(folder / "centre.yaml") == config.load(str(folder))
    text = """\
    centre: shop
    skills: [a]
    sections: {one: {needs: {a: 3}}, third: {needs: {a: 2}}, two: {needs: {a: 4}}}
    agents: {x: {skills: {a: 5}}, y: {skills: {a: 4}}, z: {skills: {a: 3}}}
    """
    assert plan == config.load_text(dedent(text))


def test_all_files_say_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    """Problems of every kind come from every file, in the order centre, sections, rosters."""
    files = {
        "centre.yaml": "skills: [a, b]\nordr: strict\npools: {p: {skills: {c: 1}}}\n",
        "sections/one.yaml": "queues: {q: {needs: {d: 1}}, r: {}}\nladder: [{after: 5, do: [move-to: tow]}]\n",
        "sections/two.yaml": "queues: {q: {}}\ndefault-queue: r\n",
        "agents.yaml": "agents:\n  x: {skills: {a: 11}}\n  y: {skils: {b: 1}}\n",
        "agents/more.yaml": "agents:\n  x: {channels: [fax]}\n",
    }
    folder = write(tmp_path, files)
    assert [
        "centre.yaml:2:1: ordr: unknown key 'ordr' (did you mean 'order'?)",
        "centre.yaml:3:22: pools.p.skills.c: unknown skill 'c' (there is 'a', 'b')",
        "sections/one.yaml:1:22: queues.q.needs.d: unknown skill 'd' (there is 'a', 'b')",
        (
            "sections/one.yaml:2:18: ladder[0].after: the duration 5 has no unit"
            " (write '5s' for seconds, '5m' for minutes)"
        ),
        "sections/one.yaml:2:35: ladder[0].do[0].move-to: unknown queue or section 'tow' (did you mean 'two'?)",
        (
            f"sections/two.yaml:1:10: queues.q: queue 'q' is in {folder}/sections/one.yaml:1 already"
            " (ids are unique in a centre)"
        ),
        "sections/two.yaml:2:16: default-queue: queue 'r' belongs to section 'one' (name a queue of 'two': 'q')",
        "agents.yaml:2:19: agents.x.skills.a: 11 is not in 1..10",
        "agents.yaml:3:7: agents.y.skils: unknown key 'skils' (did you mean 'skills'?)",
        (
            f"agents/more.yaml:2:3: agents.x: agent 'x' is in {folder}/agents.yaml:2 already"
            " (ids are unique in a centre)"
        ),
    ] == [line for line in said(folder) if "fax" not in line]


def test_sections_are_unique_across_files(tmp_path: Path) -> None:
    """A section's id is its own, wherever it is written."""
    folder = write(
        tmp_path,
        {
            "centre.yaml": "sections: {a: {}}",
            "sections/a.yaml": "{}",
            "sections/b.yaml": "priority: 1\nsection: a",
            "sections/odd name.yaml": "priority: 1",
        },
    )
    assert [
        f"sections/a.yaml:1:1: section 'a' is in {folder}/centre.yaml:1 already (ids are unique in a centre)",
        (
            f"sections/b.yaml:2:10: section: section 'a' is in {folder}/centre.yaml:1 already"
            " (ids are unique in a centre)"
        ),
        "sections/odd name.yaml:1:1: the file's name 'odd name' is not a name (write 'section: NAME' in it)",
    ] == said(folder)


def test_an_unreadable_file_hides_no_mistakes_and_invents_none(tmp_path: Path) -> None:
    """Where one file is broken, the others are still looked at, but nobody says that its names are unknown."""
    folder = write(
        tmp_path,
        {
            "centre.yaml": "skills: [a]",
            "sections/one.yaml": "queues: {q: {needs: {a: 1",
            "sections/two.yaml": "ladder: [{after: 1s, do: [move-to: q]}]\nneeds: {b: 1}",
        },
    )
    first, second = said(folder)
    assert first.startswith("sections/one.yaml:2:1: not readable as YAML: ")
    assert first.endswith("that starts on line 1 (a bracket, brace or quote is not closed)")
    assert second == "sections/two.yaml:2:9: needs.b: unknown skill 'b' (there is 'a')"


def test_paths_that_are_no_centre(tmp_path: Path) -> None:
    """A path that leads nowhere, or to a folder of centres, is one problem that says what there is."""
    folder = write(tmp_path, {"shop/centre.yaml": "sections: {s: {}}", "one.yaml": "sections: {s: {}}"})
    assert config.load(folder / "one.yaml").centre_id == "one"
    with pytest.raises(ConfigError) as caught:
        config.load(folder)
    assert f"{folder}: there is no centre.yaml in this folder (below it there is shop)" == str(caught.value)
    with pytest.raises(ConfigError, match="there is no such file or folder"):
        config.load(folder / "nope")


def test_two_hundred_sections(tmp_path: Path) -> None:
    """A large centre is read like a small one."""
    section = """\
    intake:
      - {when: {attributes.tier: gold}, queue: %s-gold, priority: 3}
    answer: {within: 20s, share: 80%%}
    tiers: [team]
    queues:
      %s:
        needs: {billing: 3, any: [french >= 4, {english: 2, opens: 30s}]}
        ladder:
          - {after: 30s, do: [{relax: french}, {raise-priority: 2}]}
          - {when: {queue-length: 20}, do: [move-to: %s-gold]}
      %s-gold: {limit: {max-waiting: 10, overflow: %s}}
    """
    centre = VALID.split("sections:", maxsplit=1)[0] + "agents:" + VALID.split("agents:")[1]
    files = {"centre.yaml": centre.replace("  bosses: {members: [ana]}\n", "")}
    files |= {
        f"sections/s{number:03}.yaml": dedent(section) % ((f"s{number:03}",) * 5) for number in range(200)
    }
    examined = examine(write(tmp_path, files))
    assert (examined.problems, examined.warnings) == ([], [])
    assert examined.plan is not None
    assert sum(len(one.queues) for one in examined.plan.sections) == 400


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "order: strict\nsections: {s: {}}\nagents: {a: {}}",
            (
                "1:8: order: under order 'strict' work of low priority may wait for ever"
                " ('age-offset' lets nothing starve)"
            ),
        ),
        ("sections: {s: {}}", "1:1: the centre has no agent (write them in agents.yaml or under 'agents')"),
        (
            "skills: [x, y]\nsections: {s: {needs: {x: 5}}}\nagents: {a: {skills: {x: 4, y: 1}}}",
            "2:12: sections.s: nobody meets what queue 's' needs: x >= 5 (it waits until its ladder relaxes it)",
        ),
        (
            "skills: [x, y]\nsections: {s: {intake: [{needs: {x: 5}}]}}\nagents: {a: {skills: {x: 4, y: 1}}}",
            "2:33: sections.s.intake[0].needs: nobody meets what rule 'rule-1' needs: x >= 5",
        ),
        (
            "skills: [x, y]\nsections: {s: {}}\nagents: {a: {skills: {x: 4}}}",
            "1:13: skills[1]: nobody has the skill 'y'",
        ),
        (
            "pools: {p: {}}\nsections: {s: {}}\nagents: {a: {}}",
            "1:9: pools.p: pool 'p' is in no tier, need or ladder",
        ),
        (
            "selection: gcmu\nsections: {s: {selection: {cost-slope: 2}, queues: {q: {selection: {weight: 2}}}}}\nagents: {a: {}}",
            "2:69: sections.s.queues.q.selection.weight: selection 'gcmu' does not read this (it is read under 'weighted')",
        ),
        (
            "sections: {s: {selection: {handle-time: 2m}}}\nagents: {a: {}}",
            (
                "1:28: sections.s.selection.handle-time: selection 'oldest' does not read this (it is read under 'gcmu' and"
                " 'predicted-wait')"
            ),
        ),
        (
            "sections: {s: {}}\nagents: {a: {channels: [voice], capacity: 50}}",
            "2:25: agents.a.channels[0]: voice costs 100, more than the capacity of 50",
        ),
        (
            "sections: {s: {intake: [{priority: 1}, {priority: 2}]}}\nagents: {a: {}}",
            "1:40: sections.s.intake[1]: never read: rule 'rule-1' above holds for everything",
        ),
        (
            "sections: {s: {ladder: [{after: 1s, do: [end: x]}, {after: 2s, do: [notify: y]}]}}\nagents: {a: {}}",
            "1:52: sections.s.ladder[1]: never reached: step 'after-1s' above ends the interaction before",
        ),
        (
            (
                "sections: {s: {time-to-live: 2s, ladder: [{after: 2s, do: [notify: x]}, {after: 3s, do: [notify: y]}]}}\n"
                "agents: {a: {}}"
            ),
            "1:73: sections.s.ladder[1]: never reached: time-to-live ends the interaction after 2 s (the step comes later)",
        ),
        (
            "sections: {s: {time-to-live: 2s, needs: {any: [x, {y: 1, opens: 9s}]}}}\nagents: {a: {skills: {x: 1, y: 1}}}",
            (
                "1:12: sections.s: queue 's': what it needs changes after 9 s, but time-to-live ends the interaction after 2 s"
                " (only work that brings an earlier arrival time gets there)"
            ),
        ),
        (
            (
                "sections:\n  a: {ladder: [{after: 1s, do: [move-to: b]}]}\n  b: {ladder: [{after: 1s, do: [move-to: a]}]}\n"
                "agents: {a: {}}"
            ),
            (
                "3:42: sections.b.ladder[0].do[0].move-to: ladders move in a circle: a → b → a"
                " (each step is taken once, so the way ends there)"
            ),
        ),
    ],
)
def test_what_is_legal_but_probably_not_meant(text: str, warning: str, tmp_path: Path) -> None:
    """Warnings have a place as well, and hinder nothing."""
    assert [warning] == warned(text, tmp_path)


def test_relaxing_needs_are_no_reason_to_warn(tmp_path: Path) -> None:
    """Needs that expire or open later are looked at as wide as they get."""
    text = """\
    skills: [x]
    sections:
      s: {needs: [{x: 9, expires: 5s}, {any: [x >= 8, {x: 2, opens: 9s}]}, {x: 10, weight: 1}, {not: {x: 9}}]}
    agents: {a: {skills: {x: 4}}}
    """
    assert warned(text, tmp_path) == []
