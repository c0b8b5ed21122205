"""The JSON Schema and the reference say what the models say, and their committed copies are up to date."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from router.cli.schema import kinds
from router.config import reference, yaml_source
from router.config.json_schema import schema_of, schema_text
from router.config.schema import CentreFile, SectionFile
from router.config.schema_agents import AgentsFile
from router.config.schema_rules import NeedMap
from router.policies import BUILT_IN
from tests.config.building import EVERYTHING, VALID

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "configs" / "schema"


def faults(schema: dict[str, Any], value: object) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema)
    return [str(error.message) for error in validator.iter_errors(value)]


def read(path: Path) -> object:
    document = yaml_source.read_file(path)
    assert document.problems == []
    return document.value


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_committed_schemas_are_up_to_date(kind: str) -> None:
    """``switchroom schema --out configs/schema`` changes nothing."""
    assert (SCHEMAS / f"{kind}.json").read_text(encoding="utf-8") == schema_text(kinds()[kind])
    jsonschema.Draft202012Validator.check_schema(schema_of(kinds()[kind]))


def test_shipped_configurations_fit_their_schemas() -> None:
    """An editor that follows the schemas marks nothing in what is shipped."""
    for centre in sorted(ROOT.glob("configs/*/centre.yaml")):
        assert faults(schema_of(CentreFile), read(centre)) == []
        for section in sorted(centre.parent.glob("sections/*.yaml")):
            assert faults(schema_of(SectionFile), read(section)) == []
        for roster in (*centre.parent.glob("agents.yaml"), *sorted(centre.parent.glob("agents/*.yaml"))):
            assert faults(schema_of(AgentsFile), read(roster)) == []


@pytest.mark.parametrize("text", [VALID, EVERYTHING, "x-free: [1]\nsections: {s: {}}"])
def test_what_loads_fits(text: str) -> None:
    """Whatever the models take, the schema takes."""
    assert faults(schema_of(CentreFile), yaml_source.read_text(text, "x").value) == []


@pytest.mark.parametrize(
    "text",
    [
        "sections: {s: {answer: {within: 20}}}",
        "sections: {s: {answer: {within: '10:30'}}}",
        "sections: {s: {answer: {share: 0.8}}}",
        "sections: {s: {needs: {french: 11}}}",
        "sections: {s: {needs: {french: 4, expires: 5}}}",
        "sections: {s: {intake: [{when: {chanel: voice}}]}}",
        "sections: {s: {ladder: [{after: 5s}]}}",
        "sections: {s: {ladder: [{after: 5s, do: [{relaxe: french}]}]}}",
        "agents: {a: {skills: {french: 0}}}",
        "agents: {a: {kind: bot}}",
        "channels: {voice: {when-agent-lost: drop}}",
        "order: {}",
        "ordr: strict",
    ],
)
def test_editors_see_mistakes(text: str) -> None:
    """What is wrong by itself (not by what other files say) is marked by the schema too."""
    assert faults(schema_of(CentreFile), yaml_source.read_text(text, "x").value) != []


def test_every_key_is_described() -> None:
    """There is no key in any file whose meaning is not told."""
    for model in (CentreFile, SectionFile, AgentsFile):
        schema = schema_of(model)
        for name, part in {"top": schema, **schema["$defs"]}.items():
            for key, value in part.get("properties", {}).items():
                assert value.get("description"), f"{name}: {key}"


def test_the_words_of_needs_are_its_keys() -> None:
    """The words that are no skills are exactly the model's own keys."""
    assert {str(field.alias) for field in NeedMap.model_fields.values()} == NeedMap.WORDS


def test_descriptions_name_the_policies_there_are() -> None:
    """A policy that is added has to be told of."""
    text = json.dumps(schema_of(CentreFile))
    for name in (*BUILT_IN.orders, *BUILT_IN.selection_names(), *BUILT_IN.terms, *BUILT_IN.choices()):
        assert re.search(rf"`{name}`|[{{ ]{name}:", text), name


def test_the_reference_is_up_to_date() -> None:
    """``python -m router.config.reference docs/configuration.md`` changes nothing, and all its links lead somewhere."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert text == reference.renewed(text)
    anchors = {
        re.sub(r"[^a-z0-9 _-]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.split("\n")
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
