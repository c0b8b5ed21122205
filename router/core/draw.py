"""Random numbers that depend on nothing but a seed and a counter."""

from __future__ import annotations

from typing import Final

_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15


def draw(seed: int, counter: int) -> int:
    """Return the 64-bit number of this seed and counter (splitmix64; Steele, Lea & Flood 2014)."""
    value = (seed + counter * _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
