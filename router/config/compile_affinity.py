"""Windows of favoured agents as they are written, to the plan's."""

from __future__ import annotations

from typing import Final

from router.config.compile_parts import default
from router.config.schema_affinity import WindowMap
from router.core.affinity_plan import AgentWindow

ORDINARY_MS: Final = 30_000


def agent_window(base: AgentWindow, written: WindowMap | None) -> AgentWindow:
    """Return what is written, and what ``base`` says where nothing is."""
    if written is None:
        return base
    return AgentWindow(
        ms=default(written.within, base.ms or ORDINARY_MS),
        even_absent=default(written.even_absent, base.even_absent),
    )
