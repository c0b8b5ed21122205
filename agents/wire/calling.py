"""Messages about calling: announcements to a customer who waits, and calling back one who rather does something else."""

from __future__ import annotations

from typing import Literal

from agents.wire.message import Command, Id, Message, Moment, Text


class Callback(Command):
    """The customer who waits rather is called back under ``number``, not before and not after these times: it keeps its place, and cannot
    abandon any more.
    """

    interaction_id: Id
    number: Text
    not_before: Moment | None = None
    not_after: Moment | None = None


class Reached(Command):
    """The customer who was being dialled has answered."""

    interaction_id: Id


class NotReached(Command):
    """The customer who was being dialled was not reached: busy, nobody there."""

    interaction_id: Id
    reason: Text = ""


class Announcement(Message):
    """Say ``text``, or play what it names, to ``target``: the customer, or somebody that the submitter knows."""

    type: Literal["announcement"] = "announcement"
    interaction_id: str
    target: str
    text: str


class CallbackOffer(Message):
    """Ask the customer whether to be called back; the answer is the command ``callback``."""

    type: Literal["callback-offer"] = "callback-offer"
    interaction_id: str
    text: str


class Dial(Message):
    """Call the customer until ``until`` at the most, and say ``reached`` or ``not-reached``. The agent is connected, or held meanwhile."""

    type: Literal["dial"] = "dial"
    interaction_id: str
    number: str
    agent_id: str
    attempt: int
    until: Moment


class StopDial(Message):
    """Call the customer no more."""

    type: Literal["stop-dial"] = "stop-dial"
    interaction_id: str
