"""Durations in words: how people write them, ``1h30m``, for milliseconds."""

from __future__ import annotations

from typing import Final

UNITS_MS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}


def duration_text(ms: int) -> str:
    """Return the shortest way to write a duration: ``1h30m``."""
    text = ""
    for unit, length in UNITS_MS.items():
        count, ms = divmod(ms, length)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
