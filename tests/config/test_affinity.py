"""How work is written that is kept for certain agents, and what is wrong with some."""

from __future__ import annotations

import pytest

from router import config
from router.core.affinity_plan import AgentWindow
from router.errors import ConfigError

CENTRE = """
channels: [chat]
MEMORY
sections: {desk: {SETTINGS, queues: {own: {OWN}, other: {}}}}
agents: {ana: {}}
"""


def centre(settings: str, own: str = "", memory: str = "") -> str:
    """Return a centre whose section and first queue say this."""
    return CENTRE.replace("SETTINGS", settings).replace("OWN", own).replace("MEMORY", memory)


def test_windows_are_the_sections_unless_the_queue_says_otherwise() -> None:
    """Key by key; what neither says is the default."""
    written = centre("last-agent: {within: 2m}", "last-agent: {even-absent: true}, preferred: {within: 0s}")
    own, other = config.load_text(written).sections[0].queues
    assert (own.last_agent, own.preferred) == (AgentWindow(ms=120_000, even_absent=True), AgentWindow(ms=0))
    assert (other.last_agent, other.preferred) == (AgentWindow(ms=120_000), AgentWindow(ms=30_000))


def test_last_agents_are_kept_for_only_where_that_is_written() -> None:
    """An empty mapping switches it on for half a minute; the memory is of a week and 100,000 customers."""
    plan = config.load_text(centre("needs: {}", "last-agent: {}"))
    own, other = plan.sections[0].queues
    assert (own.last_agent.ms, other.last_agent.ms) == (30_000, 0)
    assert (plan.customer_memory_ms, plan.customer_memory_max) == (7 * 86_400_000, 100_000)
    said = config.load_text(centre("last-agent: {}", memory="customer-memory: {for: 1h, most: 5}"))
    assert (said.customer_memory_ms, said.customer_memory_max) == (3_600_000, 5)


@pytest.mark.parametrize(
    ("settings", "memory", "said"),
    [
        ("last-agent: 2m", "", "sections.desk.last-agent: expected a mapping, found the text '2m'"),
        ("preferred: {within: -1s}", "", "sections.desk.preferred.within: "),
        ("preferred: {even-absent: maybe}", "", "sections.desk.preferred.even-absent: expected"),
        ("preferred: {for: 2m}", "", "sections.desk.preferred.for: unknown key 'for'"),
        ("last-agent: {}", "customer-memory: {most: -1}", "customer-memory.most: -1 is not in 0..10000000"),
        ("last-agent: {}", "customer-memory: {for: soon}", "customer-memory.for: "),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(settings: str, memory: str, said: str) -> None:
    """Each with its key, and what was expected."""
    with pytest.raises(ConfigError) as caught:
        config.load_text(centre(settings, memory=memory))
    assert any(said in str(problem) for problem in caught.value.problems), str(caught.value)
