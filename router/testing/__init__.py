"""For tests of programs that use the router: a manual clock, a router under it, a driver of the bare engine, and plans in a line."""

from __future__ import annotations

from router.testing.builders import a_plan, a_queue, a_section, an_agent, needs
from router.testing.clock import START, Duration, ManualClock, in_ms
from router.testing.driver import EngineDriver
from router.testing.router import TestRouter

__all__ = [
    "START",
    "Duration",
    "EngineDriver",
    "ManualClock",
    "TestRouter",
    "a_plan",
    "a_queue",
    "a_section",
    "an_agent",
    "in_ms",
    "needs",
]
