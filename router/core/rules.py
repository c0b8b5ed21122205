"""Which rules this engine decides by, as a number: it goes up with every change after which the same signals may be decided otherwise."""

from __future__ import annotations

from typing import Final

RULES: Final = 1
"""Kept with every journal record: one that was written under other rules is not replayed."""
