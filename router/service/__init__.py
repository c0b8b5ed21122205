"""The async shell: one writer per centre between a program and the engine. ``Router`` is what programs use."""

from __future__ import annotations

from router.service.clock import SystemClock, sleep_until
from router.service.handles import AgentHandle, InteractionHandle, Offer
from router.service.router import Router
from router.service.subscription import LagError, Subscription
from router.service.writer import Reply, Writer

__all__ = [
    "AgentHandle",
    "InteractionHandle",
    "LagError",
    "Offer",
    "Reply",
    "Router",
    "Subscription",
    "SystemClock",
    "Writer",
    "sleep_until",
]
