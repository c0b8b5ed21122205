"""Exact comparison of ratios of whole numbers, without dividing."""

from __future__ import annotations

from collections.abc import Sequence

Ratio = tuple[int, int]
"""(numerator, denominator); the denominator is never negative, and 0 stands for more than anything else."""


def first_largest(ratios: Sequence[Ratio]) -> int:
    """Return the index of the largest, the first of equals; ``ratios`` is not empty. Endless ones are equal."""
    best = 0
    for index in range(1, len(ratios)):
        (over, under), (best_over, best_under) = ratios[index], ratios[best]
        if not under and not best_under:
            continue
        if over * best_under > best_over * under:
            best = index
    return best
