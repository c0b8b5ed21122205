"""The router as the transports of the daemon see it: while it drains, nothing new comes in; at debug, what comes in is logged."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable
from typing import Final

from structlog.typing import FilteringBoundLogger

from router.core.centre import Centre
from router.core.explain import Explanation
from router.core.plan import Plan
from router.core.signals import InteractionArrived, Signal
from router.errors import SignalError
from router.ports import EffectSink, FactSink
from router.service import Router

RETRY: Final = "it is being stopped; send it again when it is back"


class Gate:
    """Stands before a router; a ``router.ports.Front``."""

    def __init__(self, router: Router, log: FilteringBoundLogger) -> None:
        self._router = router
        self._log = log
        self._is_debug = log.is_enabled_for(10)
        self.is_draining = False
        """While it is, new interactions are refused (``draining``); everything else goes on."""

    def why_not_ready(self) -> str:
        """Say why no new interactions are taken; nothing while they are."""
        if self._router.over is not None:
            return f"the router has stopped: {self._router.over}"
        return "the router is being stopped" if self.is_draining else ""

    @property
    def mailbox_depth(self) -> int:
        """How many signals wait to be taken."""
        return self._router.mailbox_depth

    @property
    def centre(self) -> Centre:
        """The state of the engine, to be read within one turn of the event loop, never changed."""
        return self._router.centre

    @property
    def plan(self) -> Plan:
        """The plan under which decisions are made."""
        return self._router.plan

    def now(self) -> int:
        """Return the time in milliseconds."""
        return self._router.now()

    def post(self, signal: Signal) -> Future[str]:
        """Send a signal; see ``Router.post``. Raises ``SignalError`` (``draining``) for a new interaction while draining."""
        if self.is_draining and isinstance(signal, InteractionArrived):
            raise SignalError("draining", f"the router takes no new interactions: {RETRY}")
        if self._is_debug:
            self._log.debug("signal.received", signal=type(signal).__name__, **signal._asdict())
        return self._router.post(signal)

    def explain(self, interaction_id: str) -> Explanation:
        """Say where an interaction is, who could take it, and why the others cannot."""
        return self._router.explain(interaction_id)

    def on_fact(self, sink: FactSink) -> Callable[[], None]:
        """Have ``sink`` called with every fact once it is kept."""
        return self._router.on_fact(sink)

    def on_effect(self, sink: EffectSink) -> Callable[[], None]:
        """Have ``sink`` called with everything the world is asked to do."""
        return self._router.on_effect(sink)
