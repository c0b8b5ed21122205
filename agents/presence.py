"""Presence: the four states an agent can be in, and the one table of legal moves between them."""

from __future__ import annotations

from typing import Literal

Presence = Literal["offline", "not-ready", "ready", "draining"]
PresenceEvent = Literal[
    "signed-in", "signed-in-not-ready", "ready", "not-ready", "draining", "signed-out", "lost"
]

SIGNED_IN: tuple[Presence, ...] = ("not-ready", "ready", "draining")

MOVES: dict[Presence, dict[PresenceEvent, Presence]] = {
    "offline": {
        "signed-in": "ready",
        "signed-in-not-ready": "not-ready",
        "signed-out": "offline",
        "lost": "offline",
    },
    "not-ready": {
        "signed-in": "ready",
        "signed-in-not-ready": "not-ready",
        "ready": "ready",
        "not-ready": "not-ready",
        "draining": "draining",
        "signed-out": "offline",
        "lost": "offline",
    },
    "ready": {
        "signed-in": "ready",
        "signed-in-not-ready": "not-ready",
        "ready": "ready",
        "not-ready": "not-ready",
        "draining": "draining",
        "signed-out": "offline",
        "lost": "offline",
    },
    "draining": {
        "signed-in": "ready",
        "signed-in-not-ready": "not-ready",
        "ready": "ready",
        "not-ready": "not-ready",
        "draining": "draining",
        "signed-out": "offline",
        "lost": "offline",
    },
}
"""``MOVES[presence][event]`` is the presence after the event; an event that is not there is illegal."""
