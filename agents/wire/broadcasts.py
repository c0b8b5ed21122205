"""What the router says to whoever listens: its own state, events, and messages that could not be read."""

from __future__ import annotations

from typing import Any, Literal

from agents.wire.message import Message, Moment
from agents.wire.replies import Problem


class DeadLetter(Message):
    """A message that could not be read: where it came, why not, how long it was and how it began."""

    topic: str
    problem: Problem
    length: int
    start: str


class RouterStatus(Message):
    """Retained on the router's ``status`` topic, and its last will. ``epoch`` is another for each start of the daemon; later
    ones sort later.
    """

    v: Literal[1] = 1
    state: Literal["running", "draining", "gone"]
    epoch: str


class Event(Message):
    """Something that happened, as a CloudEvent (1.0, structured). ``sequence`` goes up by one: a gap is a loss. ``subject`` is the
    interaction, else the agent, else the plan it is about; ``section`` is null where it belongs to none. Times in ``data`` are
    milliseconds since 1970.
    """

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: Moment
    datacontenttype: Literal["application/json"] = "application/json"
    sequence: int
    section: str | None = None
    data: dict[str, Any]
