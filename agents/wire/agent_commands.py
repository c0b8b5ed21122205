"""What an agent may ask of the router, and how it says that it is connected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import JsonValue

from agents.wire.message import Command, Id, Message, Text


class AgentCommand(Command):
    """Something an agent says; which agent, the topic or path tells. ``session`` names the connection that speaks: a last will of an
    older session changes nothing.
    """

    session: Id | None = None


class SignIn(AgentCommand):
    """The agent is there; ``ready`` false: but does not take work yet. The reply holds its offers and work."""

    ready: bool = True
    reason: Text = ""


class Ready(AgentCommand):
    """The agent takes work."""


class NotReady(AgentCommand):
    """The agent takes no new work: a break, training."""

    reason: Text = ""


class Drain(AgentCommand):
    """The agent finishes what it holds and then goes offline."""


class SignOut(AgentCommand):
    """The agent leaves."""


class Heartbeat(AgentCommand):
    """The agent is still there."""


class Accept(AgentCommand):
    """The agent takes the offer."""

    offer_id: int


class Decline(AgentCommand):
    """The agent refuses the offer."""

    offer_id: int
    reason: Text = ""


class Fail(AgentCommand):
    """The offer could not reach the agent: busy, unreachable. Never the agent's fault."""

    offer_id: int
    reason: Text = ""


class Finish(AgentCommand):
    """The agent finished the contact."""

    interaction_id: Id


class WrapUpDone(AgentCommand):
    """The agent finished its after-contact work."""

    interaction_id: Id


class Transfer(AgentCommand):
    """The agent gives the interaction on: to ``queue``, or back to its own."""

    interaction_id: Id
    queue: Id | None = None
    priority: int | None = None
    requirement: JsonValue = None
    keep_place: bool = True
    to_people: bool = False


AGENT_COMMANDS: Final[Mapping[str, type[AgentCommand]]] = {
    "sign-in": SignIn,
    "ready": Ready,
    "not-ready": NotReady,
    "drain": Drain,
    "sign-out": SignOut,
    "heartbeat": Heartbeat,
    "accept": Accept,
    "decline": Decline,
    "fail": Fail,
    "finish": Finish,
    "wrap-up-done": WrapUpDone,
    "transfer": Transfer,
}
"""What agents may ask, by its name in topics and paths."""


class Connection(Message):
    """Retained on an agent's ``connection`` topic, and its last will: whether that session is there."""

    v: Literal[1] = 1
    session: Id
    is_connected: bool
