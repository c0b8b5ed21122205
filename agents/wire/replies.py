"""What the router answers to a command: that it was carried out, or why not."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from agents.wire.inboxes import AgentState, SubmitterMessage
from agents.wire.message import Message


class Fault(Message):
    """One thing that is wrong in a message: where, as a JSON pointer, and what."""

    pointer: str
    detail: str


class Problem(Message):
    """Why something was refused (RFC 9457). ``code`` is stable and meant for programs, ``detail`` for people; ``state`` is the real
    state where a command came too late. ``retry_after_s``: the same may succeed then.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    state: str = ""
    retry_after_s: int | None = None
    errors: list[Fault] = Field(default_factory=list)


class Accepted(Message):
    """The command was carried out, and what it did is kept. ``answer``: queued, scheduled, refused or diverted for a submission, accepted
    for an accepted offer, unchanged where it was so already, callback for an abandon of what is to be called back, which goes on; else
    done. ``agent`` comes with a sign-in, ``told`` with an ``ask`` where there is something to tell.
    """

    type: Literal["accepted"] = "accepted"
    request: str | None = None
    answer: str
    interaction_id: str | None = None
    agent: AgentState | None = None
    told: SubmitterMessage | None = None


class Refused(Message):
    """The command was not carried out."""

    type: Literal["refused"] = "refused"
    request: str | None = None
    problem: Problem


Reply = Annotated[Accepted | Refused, Field(discriminator="type")]

REPLY: Final[TypeAdapter[Any]] = TypeAdapter(Reply)
