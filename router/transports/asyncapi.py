"""The AsyncAPI 3.0 document of the MQTT side, made from the models of the wire: ``python -m router.transports.asyncapi`` prints it.

Operations are the router's: it receives commands and sends the rest.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterable
from typing import Any, Final, Literal, get_args

from pydantic.json_schema import models_json_schema

from agents import wire

_REPLIES: Final = get_args(get_args(wire.Reply)[0])
_AGENT_MESSAGES: Final = get_args(get_args(wire.AgentMessage)[0])
_SUBMITTER_MESSAGES: Final = get_args(get_args(wire.SubmitterMessage)[0])
_PARAMETERS: Final = {
    "prefix": "What the topics begin with; `switchroom` where nothing else is set.",
    "centre_id": "The centre.",
    "agent_id": "The agent: the topic says who speaks, so the broker's rules must let nobody else publish there.",
    "submitter_id": "The submitter, by a name of its own.",
    "section": "The section, or `-` for what belongs to none.",
}

Model = type[wire.Message]


class _Document:
    """Channels and operations as they are added, and the models they need."""

    def __init__(self) -> None:
        self.topics = wire.Topics("{centre_id}", "{prefix}")
        self.channels: dict[str, Any] = {}
        self.operations: dict[str, Any] = {}
        self.models: dict[str, Model] = {}

    def add(
        self,
        name: str,
        action: Literal["send", "receive"],
        address: str,
        models: Iterable[Model],
        summary: str,
        *,
        is_retained: bool = False,
        replies: str = "",
    ) -> None:
        """Add a channel and what the router does there; ``replies`` names the channel of the answers."""
        models = list(models)
        self.models |= {model.__name__: model for model in models}
        names = [model.__name__ for model in models]
        self.channels[name] = {
            "address": address,
            "description": summary,
            "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in names},
            "parameters": {
                each: {"description": meaning}
                for each, meaning in _PARAMETERS.items()
                if f"{{{each}}}" in address
            },
            "bindings": {"mqtt": {"bindingVersion": "0.2.0"}},
        }
        operation: dict[str, Any] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": summary,
            "messages": [{"$ref": f"#/channels/{name}/messages/{each}"} for each in names],
            "bindings": {"mqtt": {"qos": 1, "retain": is_retained, "bindingVersion": "0.2.0"}},
        }
        if replies:
            operation["reply"] = {
                "channel": {"$ref": f"#/channels/{replies}"},
                "messages": [{"$ref": f"#/channels/{replies}/messages/{each.__name__}"} for each in _REPLIES],
            }
        self.operations[f"{action}.{name}"] = operation


def document() -> dict[str, Any]:
    """Return the document as plain data."""
    made = _Document()
    topics = made.topics
    made.add(
        "agents.replies",
        "send",
        topics.replies("agents", "{agent_id}"),
        _REPLIES,
        "Answers to an agent's commands.",
    )
    made.add(
        "submitters.replies",
        "send",
        topics.replies("submitters", "{submitter_id}"),
        _REPLIES,
        "Answers to a submitter's commands.",
    )
    for verb, command in wire.AGENT_COMMANDS.items():
        address = topics.command("agents", "{agent_id}", verb)
        made.add(
            f"agents.{verb}", "receive", address, [command], _first_line(command), replies="agents.replies"
        )
    for verb, submitted in wire.SUBMITTER_COMMANDS.items():
        address = topics.command("submitters", "{submitter_id}", verb)
        made.add(
            f"submitters.{verb}",
            "receive",
            address,
            [submitted],
            _first_line(submitted),
            replies="submitters.replies",
        )
    made.add(
        "agents.inbox",
        "send",
        topics.inbox("agents", "{agent_id}"),
        _AGENT_MESSAGES,
        "What happens to the agent.",
    )
    made.add(
        "submitters.inbox",
        "send",
        topics.inbox("submitters", "{submitter_id}"),
        _SUBMITTER_MESSAGES,
        "What becomes of what was submitted.",
    )
    made.add(
        "agents.connection",
        "receive",
        topics.connection("{agent_id}"),
        [wire.Connection],
        "Whether the agent's session is there; also its last will.",
        is_retained=True,
    )
    made.add(
        "router.status",
        "send",
        topics.status,
        [wire.RouterStatus],
        "Whether the router is there; also its last will.",
        is_retained=True,
    )
    made.add(
        "router.dead-letters",
        "send",
        topics.dead_letters,
        [wire.DeadLetter],
        "Messages that could not be read, and why.",
    )
    made.add(
        "events",
        "send",
        topics.events("{section}"),
        [wire.Event],
        "What happened, where events are published.",
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "switchroom over MQTT",
            "version": f"v{wire.VERSION}",
            "description": f"JSON in UTF-8, QoS 1, at most {wire.BODY_MAX} bytes and {wire.DEPTH_MAX} brackets deep. MQTT 3.1.1 or 5.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": made.channels,
        "operations": made.operations,
        "components": {"messages": _messages(made.models), "schemas": _schemas(made.models)},
    }


def text() -> str:
    """Return the document as it is kept in ``docs/asyncapi.json``."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _messages(models: dict[str, Model]) -> dict[str, Any]:
    return {
        name: {
            "name": name,
            "summary": _first_line(model),
            "contentType": "application/json",
            "payload": {"$ref": f"#/components/schemas/{name}"},
        }
        for name, model in sorted(models.items())
    }


def _schemas(models: dict[str, Model]) -> dict[str, Any]:
    wanted: list[tuple[Model, Literal["validation", "serialization"]]] = [
        (model, "validation") for _, model in sorted(models.items())
    ]
    _, schema = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = schema["$defs"]
    return schemas


def _first_line(model: Model) -> str:
    """Return what the model's docstring says, on one line."""
    return " ".join((inspect.getdoc(model) or "").replace("``", "`").split())


if __name__ == "__main__":
    sys.stdout.write(text())
