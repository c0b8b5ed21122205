"""Commands that come twice: a broker repeats what it has no acknowledgement for, and senders what they have no reply to."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Literal, NamedTuple

from agents import wire
from agents.mqtt_terms import Received

REMEMBERED: Final = 10_000
"""So many replies are remembered, of all senders together; the oldest is forgotten first."""

Key = tuple[Literal["agents", "submitters"], str, str]
"""Who asked, and what they called the request."""


class _Done(NamedTuple):
    content: int
    reply: wire.Accepted


class _UnderWay(NamedTuple):
    content: int
    messages: list[Received]


class Repeats:
    """What was carried out under which request, and what is being carried out. Refused commands are not remembered: repeated, they may
    succeed. The content counts too: another command under an old request is a mistake of the sender.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._done: OrderedDict[Key, _Done] = OrderedDict()
        self._under_way: dict[Key, _UnderWay] = {}

    def __len__(self) -> int:
        """How many replies are remembered."""
        return len(self._done)

    def look(
        self, key: Key, message: Received
    ) -> wire.Accepted | Literal["new", "under way", "other content"]:
        """Return the reply that was given before, or what there is instead. A repeat of what is under way is kept with it; a new
        command is under way from now on.
        """
        content = hash((message.topic, message.payload))
        done = self._done.get(key)
        if done is not None:
            if done.content != content:
                return "other content"
            self._done.move_to_end(key)
            return done.reply
        under_way = self._under_way.get(key)
        if under_way is None:
            self._under_way[key] = _UnderWay(content, [message])
            return "new"
        if under_way.content != content:
            return "other content"
        under_way.messages.append(message)
        return "under way"

    def end(self, key: Key, reply: wire.Reply | None) -> list[Received]:
        """Note how a command that was under way ended; None: not at all. Return its messages, all of which that settles."""
        under_way = self._under_way.pop(key)
        if isinstance(reply, wire.Accepted):
            self._done[key] = _Done(under_way.content, reply)
            if len(self._done) > self._remembered:
                self._done.popitem(last=False)
        return under_way.messages
