"""Spans of time for people."""

from __future__ import annotations


def span(ms: int) -> str:
    """Return a span of time for people, in two units at most: ``400 ms``, ``12 s``, ``3 m 20 s``, ``2 h 5 m``, ``4 d``."""
    if ms < 1_000:
        return f"{ms} ms"
    if ms < 59_950:
        return f"{round(ms / 1000, 1):g} s"
    seconds, minutes, hours = ((ms + unit // 2) // unit for unit in (1_000, 60_000, 3_600_000))
    if seconds < 3_600:
        return _two(seconds, 60, "m", "s")
    if minutes < 24 * 60:
        return _two(minutes, 60, "h", "m")
    return _two(hours, 24, "d", "h")


def _two(count: int, per_large: int, large: str, small: str) -> str:
    whole, rest = divmod(count, per_large)
    return f"{whole} {large} {rest} {small}" if rest else f"{whole} {large}"
