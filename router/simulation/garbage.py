"""Python's garbage collector while a world runs: it is let look rarely, and its settings are put back."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_COLLECT_AFTER: Final = 1_000_000
"""So many objects are made before the garbage collector looks at them, instead of the usual 700."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let the garbage collector look rarely: neither the engine nor the world makes reference cycles, so that all it could
    do is to look at everybody who is remembered, again and again; it took a seventh of the time of a run.
    """
    before = gc.get_threshold()
    if before[0]:
        gc.set_threshold(max(before[0], _COLLECT_AFTER), *before[1:])
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            # What the run made counts as old from now on. Without this the collector would look at it all at once, here.
            gc.freeze()
            gc.unfreeze()
        gc.set_threshold(*before)
