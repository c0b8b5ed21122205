"""Whose connection is whose: the current session of every agent that speaks over MQTT, and what the end of one means."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Callable
from typing import Final

from agents import wire
from agents.model import AgentId
from router.core.signals import AgentLost
from router.errors import OverloadedError, RouterError, SignalError
from router.ports import Front

RETRY_S: Final = 0.2
REASON: Final = "connection-lost"


class Sessions:
    """An agent is lost when the session that ended is its current one: the one it said it had, last. The end of an older one, a last will
    that comes late, changes nothing; nor does the end of one nobody has heard of: a lease is there for that. Holds agents of the plan only.
    """

    def __init__(self, front: Front) -> None:
        self._front = front
        self._current: dict[str, str | None] = {}

    def speaks(self, agent: str) -> bool:
        """Whether the agent has been heard over MQTT since the router's start."""
        return agent in self._current

    def heard(self, agent: str, session: str | None, *, is_new: bool) -> bool:
        """Note that the agent speaks. ``is_new``: its word begins a session; else it only tells one where none is known.

        False, and nothing noted, where the centre has no such agent.
        """
        known = self._current.get(agent)
        if known is not None and not is_new:
            return True
        if agent not in self._current:
            try:
                self._front.centre.agent(AgentId(agent))
            except SignalError:
                return False
        if session is not None or known is None:
            self._current[agent] = session
        return True

    def told(self, agent: str, connection: wire.Connection, done: Callable[[], None]) -> bool:
        """Take what an agent's ``connection`` topic says; ``done`` is called once what follows is kept.

        False, and ``done`` not called, where the centre has no such agent.
        """
        if connection.is_connected:
            if not self.heard(agent, connection.session, is_new=True):
                return False
            done()
        else:
            if not self.heard(agent, None, is_new=False):
                return False
            self._lose(agent, connection.session, done)
        return True

    def _lose(self, agent: str, session: str, done: Callable[[], None]) -> None:
        if self._current.get(agent) != session:
            done()
            return
        try:
            future = self._front.post(AgentLost(AgentId(agent), REASON))
        except OverloadedError:  # nobody repeats a last will: so we do
            asyncio.get_running_loop().call_later(RETRY_S, self._lose, agent, session, done)
            return
        except RouterError:
            return  # the router has ended; the broker keeps the message for the next one

        def kept(future: Future[str]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            if error is None or (isinstance(error, SignalError) and error.code != "closed"):
                done()

        future.add_done_callback(kept)
