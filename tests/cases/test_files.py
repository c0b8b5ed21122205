"""Where cases stand, and the centre that each is about: beside it, elsewhere, inline, overridden, with copies."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from router.errors import ConfigError
from router.harness.cases import files, runner
from router.harness.cases.script import Case, Unreadable
from tests.cases.writing import CONFIGS, SMALL, mistakes, write

ONE = "steps: [{arrive: {call-1: {section: SECTION}}, expect: {waiting: {QUEUE: [call-1]}}}]"


def names(path: Path) -> list[str]:
    return [found.relative_to(path).as_posix() for found in files.find(path)]


def test_cases_stand_in_folders_of_that_name(tmp_path: Path) -> None:
    """All yaml files below a folder ``cases`` are cases, in the order of their names; others are none."""
    for name in (
        "b/cases/z.yaml",
        "b/cases/deep/a.yml",
        "a/cases/x.yaml",
        "a/centre.yaml",
        "a/cases/.hidden.yaml",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert names(tmp_path) == ["a/cases/x.yaml", "b/cases/deep/a.yml", "b/cases/z.yaml"]
    assert names(tmp_path / "b" / "cases") == ["deep/a.yml", "z.yaml"]
    assert files.find(tmp_path / "a" / "centre.yaml") == [tmp_path / "a" / "centre.yaml"]


@pytest.mark.parametrize("name", ["empty", "nowhere"])
def test_no_case_is_an_error(tmp_path: Path, name: str) -> None:
    """A path without any case is told, not passed over."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"there is no (case here|such file or folder)"):
        files.find(tmp_path / name)


def test_a_case_is_about_the_centre_beside_it() -> None:
    """In ``cases/`` beside a ``centre.yaml`` a case need not say which centre it is about."""
    case = files.load(CONFIGS / "quickstart" / "cases" / "longest-waiting-call-first.yaml")
    assert case.plan is not None
    assert case.title == "quickstart/longest-waiting-call-first"
    assert case.plan.centre_id == "quickstart"
    assert case.shows == ("§4", "§5")


def test_the_centre_is_found_from_any_folder(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The centre beside is found too where the command is given in the folder of the cases; its files are named from there."""
    write(beside, "steps: [{sign-in: ana}]")
    monkeypatch.chdir(beside / "cases")
    assert files.load(Path("case.yaml")).title == "centre/case"
    (beside / "centre.yaml").write_text("sections: 5", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^\.\./centre\.yaml:1:11: sections: expected a mapping"):
        files.load(Path("case.yaml"))


def test_a_case_may_name_its_centre(tmp_path: Path) -> None:
    """``centre: PATH`` is from the case's own folder; a folder or a file."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "small.yaml").write_text(
        "sections: {desk: {}}\nagents: {ana: {}}", encoding="utf-8"
    )
    text = "centre: ../other/small.yaml\n" + ONE.replace("SECTION", "desk").replace("QUEUE", "desk")
    assert runner.run(files.load(write(tmp_path, text))).has_passed


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A folder with a copy of the quickstart, without its cases."""
    shutil.copytree(CONFIGS / "quickstart", tmp_path / "centre", ignore=shutil.ignore_patterns("cases"))
    return tmp_path / "centre"


def test_overrides_reach_into_every_file(beside: Path) -> None:
    """What a case says otherwise goes on top of the centre's file, a section's own file, and the roster."""
    text = """
override:
  order: strict
  sections:
    support: {queues: {support: {priority: 9}}, offers: {timeout: 7s}}
    extra: {}
  agents:
    ana: {capacity: 200}
    zoe: {}
steps: [{arrive: {call-1: {section: extra}, call-2: {section: support}}, expect: {order: [call-2, call-1]}}]
"""
    case = files.load(write(beside, text))
    assert case.plan is not None
    assert case.plan.order == "strict"
    agents = {str(agent.agent_id): agent for agent in case.plan.agents}
    assert [agents[name].capacity for name in ("ana", "ben", "zoe")] == [200, 100, 100]
    assert agents["ana"].name == "Ana"
    priorities = {
        str(queue.queue_id): queue.priority for section in case.plan.sections for queue in section.queues
    }
    assert priorities == {"billing": 0, "extra": 0, "support": 9, "support-gold": 0}
    assert runner.run(case).has_passed


@pytest.mark.parametrize(
    ("override", "word", "expected"),
    [
        (
            "{sections: {support: {queues: {support: {needs: {netwrok: 3}}}}}}",
            "netwrok",
            "override.sections.support.queues.support.needs.netwrok: unknown skill 'netwrok' (did you mean 'network'?)",
        ),
        (
            "{sections: {support: {queus: {}}}}",
            "queus",
            "override.sections.support.queus: unknown key 'queus' (did you mean 'queues'?)",
        ),
        (
            "{agents: {ana: {skills: {network: 11}}}}",
            "11",
            "override.agents.ana.skills.network: 11 is not in 1..10",
        ),
        (
            "{selection: newest}",
            "newest",
            (
                "override.selection: unknown selection 'newest' (there is 'oldest', 'own-first', 'delay-ratio', "
                "'slack', 'weighted', 'gcmu', 'queue-ratio', 'predicted-wait')"
            ),
        ),
    ],
)
def test_mistakes_in_an_override_are_told_there(
    beside: Path, override: str, word: str, expected: str
) -> None:
    """A mistake that an override brings is placed in the case, whichever file it goes into."""
    text = f"override: {override}\nsteps: [{{sign-in: ana}}]"
    assert mistakes(beside, text) == [f"case.yaml:1:{text.index(word) + 1}: {expected}"]


def test_mistakes_that_an_override_causes_elsewhere_are_told_there(beside: Path) -> None:
    """Where an override makes what the centre's own file says wrong, that file is named."""
    found = mistakes(beside, "override: {skills: [french]}\nsteps: [{sign-in: ana}]")
    assert any("agents.yaml:" in each and "unknown skill 'network'" in each for each in found)


def test_copies_are_agents_like_the_one(tmp_path: Path) -> None:
    """``copies: {ana: 3}`` puts three like her in her place; her name stands for all of them."""
    case = files.load(write(tmp_path, SMALL + "copies: {ana: 3}\nsteps: [{sign-in: ana}]"))
    assert case.plan is not None
    assert [agent.agent_id for agent in case.plan.agents] == ["ana-1", "ana-2", "ana-3", "ben"]
    assert case.groups == {"ana": ("ana-1", "ana-2", "ana-3")}
    assert [act.name for act in case.moments[0].acts] == ["ana-1", "ana-2", "ana-3"]


def test_mistakes_of_copies_are_told_once_where_they_are_written(tmp_path: Path) -> None:
    """What is wrong with an agent who is copied is placed at the agent."""
    text = "centre: {skills: [french], sections: {desk: {}}, agents: {ana: {skills: {frensh: 1}}}}\ncopies: {ana: 2}\n"
    assert mistakes(tmp_path, text + "steps: [{sign-in: ana}]") == [
        "case.yaml:1:74: centre.agents.ana.skills.frensh: unknown skill 'frensh' (did you mean 'french'?)"
    ]


def test_what_cannot_be_read_is_kept_apart(tmp_path: Path) -> None:
    """Reading returns a case, or what is wrong with it."""
    assert isinstance(files.read(write(tmp_path, SMALL + "steps: [{sign-in: ana}]")), Case)
    assert isinstance(files.read(write(tmp_path, SMALL + "steps: [{sign-in: anna}]")), Unreadable)
