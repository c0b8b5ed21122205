"""The AsyncAPI document: committed as it is made, whole, and true of what the transport sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema

from agents import wire
from router.transports.asyncapi import document, text

KEPT = Path(__file__).parents[2] / "docs" / "asyncapi.json"


def found(whole: dict[str, Any], reference: str) -> Any:
    """Return what a reference points at."""
    here: Any = whole
    for step in reference.removeprefix("#/").split("/"):
        here = here[step.replace("~1", "/")]
    return here


def references(part: Any) -> list[str]:
    """Return every reference in a document."""
    match part:
        case dict():
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [each for value in part.values() for each in references(value)]
        case list():
            return [each for value in part for each in references(value)]
        case _:
            return []


def test_the_kept_document_is_the_one_that_is_made() -> None:
    """docs/asyncapi.json is what `python -m router.transports.asyncapi` prints."""
    assert KEPT.read_text(encoding="utf-8") == text()


def test_every_reference_leads_somewhere() -> None:
    """Channels, operations, messages and payloads hang together."""
    whole = document()
    assert whole["asyncapi"] == "3.0.0"
    assert len(references(whole)) > 100
    for reference in references(whole):
        assert isinstance(found(whole, reference), dict)


def test_every_channel_has_its_operation_messages_and_parameters() -> None:
    """Each channel is sent to or received from once, with the messages it has and every name in its address explained."""
    whole = document()
    used = [operation["channel"]["$ref"] for operation in whole["operations"].values()]
    assert sorted(used) == sorted(f"#/channels/{name}" for name in whole["channels"])
    for operation in whole["operations"].values():
        channel = found(whole, operation["channel"]["$ref"])
        assert operation["action"] in {"send", "receive"}
        assert {found(whole, each["$ref"])["$ref"] for each in operation["messages"]} == {
            each["$ref"] for each in channel["messages"].values()
        }
        names = {part[1:-1] for part in channel["address"].split("/") if part.startswith("{")}
        assert names == set(channel["parameters"])


def test_every_command_and_message_of_the_wire_is_there() -> None:
    """No command is left out, and every message has the schema of its payload."""
    whole = document()
    for kind, commands in (("agents", wire.AGENT_COMMANDS), ("submitters", wire.SUBMITTER_COMMANDS)):
        for verb, model in commands.items():
            channel = whole["channels"][f"{kind}.{verb}"]
            assert list(channel["messages"]) == [model.__name__]
            assert channel["address"].endswith(f"/commands/{verb}")
            assert whole["operations"][f"receive.{kind}.{verb}"]["reply"]
    for name, message in whole["components"]["messages"].items():
        assert found(whole, message["payload"]["$ref"])["title"] == name


def test_the_schemas_take_what_the_models_write() -> None:
    """A message that a model writes satisfies its schema, one with a field too much does not."""
    whole = document()
    refused = wire.Refused(
        problem=wire.Problem(type="t", title="t", status=409, detail="d", code="c"), request="1"
    )
    for message in (refused, wire.Connection(session="s", is_connected=True), wire.Accept(offer_id=1)):
        schema = {"$ref": f"#/components/schemas/{type(message).__name__}", "components": whole["components"]}
        validator = jsonschema.Draft202012Validator(schema)
        written = message.model_dump(mode="json")
        assert validator.is_valid(written)
        assert not validator.is_valid({**written, "x": 1})
