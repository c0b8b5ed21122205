"""The names of the MQTT topics."""

from __future__ import annotations

from typing import Literal, NamedTuple

from agents.wire.message import VERSION


class Sender(NamedTuple):
    """Who sent a command over MQTT, and which: ``kind`` is ``agents`` or ``submitters``."""

    kind: Literal["agents", "submitters"]
    name: str
    verb: str


class Topics:
    """The names of a centre's MQTT topics: ``{prefix}/v1/{centre}/…``. Ids are levels, so that a broker's rules can tell senders apart."""

    def __init__(self, centre: str, prefix: str = "switchroom") -> None:
        self.root = f"{prefix}/v{VERSION}/{centre}"
        self.status = f"{self.root}/router/status"
        """Retained: a ``RouterStatus``."""
        self.dead_letters = f"{self.root}/router/dead-letters"
        self.agent_commands = f"{self.root}/agents/+/commands/+"
        self.submitter_commands = f"{self.root}/submitters/+/commands/+"
        self.connections = f"{self.root}/agents/+/connection"

    def command(self, kind: Literal["agents", "submitters"], name: str, verb: str) -> str:
        """Where an agent or submitter sends commands."""
        return f"{self.root}/{kind}/{name}/commands/{verb}"

    def replies(self, kind: Literal["agents", "submitters"], name: str) -> str:
        """Where the router answers them."""
        return f"{self.root}/{kind}/{name}/replies"

    def inbox(self, kind: Literal["agents", "submitters"], name: str) -> str:
        """Where the router tells the agent or submitter what happens to them."""
        return f"{self.root}/{kind}/{name}/inbox"

    def connection(self, agent: str) -> str:
        """Retained, and the agent's last will: a ``Connection``."""
        return f"{self.root}/agents/{agent}/connection"

    def events(self, section: str) -> str:
        """Where events of a section appear; those that belong to none under ``-``."""
        return f"{self.root}/events/{section}"

    def sender(self, topic: str) -> Sender | None:
        """Return who sent a command, by the topic it came on; None for any other topic."""
        match topic.removeprefix(self.root).split("/"):
            case ["", "agents" | "submitters" as kind, name, "commands", verb]:
                return Sender("agents" if kind == "agents" else "submitters", name, verb)
            case _:
                return None

    def connected_agent(self, topic: str) -> str | None:
        """Return whose ``connection`` topic it is; None for any other topic."""
        match topic.removeprefix(self.root).split("/"):
            case ["", "agents", name, "connection"]:
                return name
            case _:
                return None
