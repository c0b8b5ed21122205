"""The engine's ways for large centres, taken by small ones: its thresholds made so low that they are always passed.

They decide how the engine looks for an agent and what it keeps in memory, never what it decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from router.core import demand, eligibility, line, needs, queueing, supply


@contextmanager
def cramped(*, on: bool = True) -> Iterator[None]:
    """Let every class that can be wide be wide, and every cache be full at once."""
    with ExitStack() as stack:
        if on:
            stack.enter_context(patch.object(eligibility, "NARROW_MAX", 0))
            stack.enter_context(patch.object(eligibility, "CANDIDATES_PER_CLASS", 0))
            stack.enter_context(patch.object(demand, "SLACK", 0))
            stack.enter_context(patch.object(supply, "SLACK", 0))
            stack.enter_context(patch.object(line, "BLOCK_MAX", 2))
            stack.enter_context(patch.object(queueing, "CLASSES_MAX", 2))
            stack.enter_context(patch.object(needs, "CACHE_MAX", 2))
        yield
