"""What a submitter may ask of the router."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import Field, JsonValue

from agents.wire.calling import Callback, NotReached, Reached
from agents.wire.message import AttributeValue, Command, Id, Moment, Text


class Submit(Command):
    """Somebody wants something. ``interaction_id`` is the sender's, and the idempotency key: repeat with it until accepted."""

    interaction_id: Id
    section: Id
    channel: Id | None = Field(None, description="May be left out where the centre has one channel only.")
    attributes: dict[str, AttributeValue] = Field(default_factory=dict)
    queue: Id | None = None
    priority: int | None = None
    requirement: JsonValue = Field(
        None, description="What an agent must have, written as in a section's file."
    )
    customer: Text | None = None
    due_at: Moment | None = None
    not_before: Moment | None = None
    original_arrived_at: Moment | None = None
    expires_at: Moment | None = Field(
        None, description="Unless it is assigned by then, it ends as expired, with reason `time-to-live`."
    )
    position: int | None = Field(
        None,
        description="Where in its queue it asks to stand, from 1; honoured among work of equal priority, under order `strict` only.",
    )
    preferred: list[Id] = Field(
        default_factory=list,
        max_length=16,
        description="Agents it is kept for, for as long as its queue says; the first that can take it gets it.",
    )


class Cancel(Command):
    """Call the interaction off, in whatever state it is."""

    interaction_id: Id
    reason: Text = ""


class Abandon(Command):
    """The customer left before an answer."""

    interaction_id: Id


class Complete(Command):
    """The contact ended from the customer's side."""

    interaction_id: Id


class Ask(Command):
    """What became of the interaction? The reply's ``told`` says who has it or how it ended, with nothing of the reason and the agent at the
    end; null while it waits. For a submitter that was away: a broker that is killed may lose what it had acknowledged. Only who
    submitted the interaction hears of it.
    """

    interaction_id: Id


SUBMITTER_COMMANDS: Final[Mapping[str, type[Command]]] = {
    "submit": Submit,
    "cancel": Cancel,
    "abandon": Abandon,
    "complete": Complete,
    "callback": Callback,
    "reached": Reached,
    "not-reached": NotReached,
    "ask": Ask,
}
"""What submitters may ask, by its name in topics and paths."""
