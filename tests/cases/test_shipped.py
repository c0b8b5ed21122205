"""The cases that are shipped: all pass, and what they say they show is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from router import cli
from router.config.documents import Model
from router.config.json_schema import schema_of
from router.config.yaml_source import read_file
from router.core.explain import CODES
from router.harness.cases import files, models, models_expected, reference
from router.harness.cases.models import CaseFile
from router.harness.cases.script import Case
from tests.cases.writing import CONFIGS, ROOT

SHIPPED = files.find(CONFIGS)
REGRESSIONS = range(1, 31)


def shown() -> list[tuple[Case, str]]:
    return [(case, each) for case in map(files.load, SHIPPED) for each in case.shows]


def test_all_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """``switchroom test configs`` passes, whatever the folder it is run in."""
    code = cli.run(["test", str(CONFIGS)])
    out, err = capsys.readouterr()
    assert (code, err) == (0, ""), out
    assert out.split("\n")[-2] == f"{len(SHIPPED)} passed, 0 failed"


def test_paragraphs_are_there() -> None:
    """Each paragraph of semantics.md that a case names is there, and each with rules of its own has a case."""
    text = (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")
    there = {f"§{number}" for number in re.findall(r"^## (\d+)\.", text, flags=re.MULTILINE)}
    named = {each for _, each in shown() if each.startswith("§")}
    assert named <= there
    assert there - named == {"§10"}  # the fine print of the others


def test_every_regression_has_a_case_or_is_listed() -> None:
    """Each of the 30 regressions has a case of that number, or stands in the README among those not yet possible; never both."""
    cases = {int(each.removeprefix("regression ")) for _, each in shown() if each.startswith("regression ")}
    text = (CONFIGS / "regressions" / "README.md").read_text(encoding="utf-8")
    _, _, missing = text.partition("## Not yet possible")
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", missing, flags=re.MULTILINE)}
    assert cases | listed == set(REGRESSIONS)
    assert cases & listed == set()
    for case, each in shown():
        if each.startswith("regression "):
            assert case.name.startswith(f"{int(each.removeprefix('regression ')):02}-")
            assert f"`{case.name}`" in text


def test_every_reason_code_is_reached() -> None:
    """Every reason code that explanations have is expected by a case."""
    texts = "".join(path.read_text(encoding="utf-8") for path in SHIPPED)
    assert [code for code in CODES if not re.search(rf"[:{{] ?{code}\b", texts)] == []


def test_every_case_describes_itself() -> None:
    """A case that is shipped says what it shows, to people, and by paragraph or number."""
    for case in map(files.load, SHIPPED):
        assert case.description, case.title
        assert case.shows, case.title


def test_cases_fit_their_schema() -> None:
    """An editor that follows the schema marks nothing in a case that is shipped."""
    validator = jsonschema.Draft202012Validator(schema_of(CaseFile))
    for path in SHIPPED:
        assert [error.message for error in validator.iter_errors(read_file(path).value)] == [], path


@pytest.mark.parametrize(
    "case",
    [
        {"steps": [{"at": 5}]},
        {"steps": [{"arive": "x"}]},
        {"steps": [{"expect": {"offerd": {}}}]},
        {"steps": [{"expect": {"happened": [{"offer-maed": {}}]}}]},
        {"steps": [{"expect": {"happened": [{"offer-ended": {"how": "expierd"}}]}}]},
        {"steps": [{"expect": {"explain": {"a": {"ana": "bussy"}}}}]},
        {"override": {"sectoins": {}}},
    ],
)
def test_editors_see_mistakes(case: dict[str, Any]) -> None:
    """What is wrong by itself is marked by the schema too."""
    assert list(jsonschema.Draft202012Validator(schema_of(CaseFile)).iter_errors(case)) != []


def test_every_key_is_described() -> None:
    """There is no key of a case whose meaning is not told."""
    schema = schema_of(CaseFile)
    for name, part in {"top": schema, **schema["$defs"]}.items():
        for key, value in part.get("properties", {}).items():
            assert value.get("description"), f"{name}: {key}"
    json.dumps(schema)


def test_nothing_else_calls_itself_a_case() -> None:
    """Every yaml file in a folder ``cases`` is found."""
    assert sorted(Path(CONFIGS).rglob("cases/*.yaml")) == SHIPPED


def test_the_reference_is_up_to_date() -> None:
    """``python -m router.harness.cases.reference docs/cases.md`` changes nothing."""
    text = (ROOT / "docs" / "cases.md").read_text(encoding="utf-8")
    assert text == reference.renewed(text)


def test_the_reference_has_every_mapping() -> None:
    """Every mapping that may stand in a case, and is not the centre's, has a table of its own."""
    written = {
        name
        for module in (models, models_expected)
        for name, part in vars(module).items()
        if isinstance(part, type) and issubclass(part, Model) and part.__module__ == module.__name__
    }
    assert {model.__name__ for _, model in reference.PARTS} == written
