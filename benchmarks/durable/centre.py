"""The centre of the durable benchmark: one queue, one channel, agents who all can do its work and need no wrap-up; and the
names that its customers and messages have.
"""

from pathlib import Path

CENTRE = "bench"
SUBMITTER = "street"
ATTRIBUTES = {"language": "french", "tier": "gold", "amount": 12.5}
EXAMPLE = 9_999_999
"""The number of the interaction whose messages are recorded for the bare loop."""


def write_centre(folder: Path, agents: int) -> Path:
    """Write the files and return their folder."""
    root = folder / "centre"
    (root / "sections").mkdir(parents=True)
    (root / "centre.yaml").write_text(
        f"centre: {CENTRE}\nskills: [french]\nchannels:\n  chat: {{cost: 100}}\npresence-ttl: 1h\n"
        "offers:\n  timeout: 1h\nwrap-up: none\n"
    )
    (root / "sections" / "main.yaml").write_text("queues:\n  all:\n    needs: {french: 1}\n")
    people = "".join(f"  {name}: {{skills: {{french: 5}}}}\n" for name in agent_names(agents))
    (root / "agents.yaml").write_text(f"agents:\n{people}")
    return root


def agent_names(agents: int) -> list[str]:
    """Return the names of the agents, all of the same length."""
    return [f"agent-{number:04d}" for number in range(agents)]


def call_id(number: int) -> str:
    """Return an interaction's id; all have the same length."""
    return f"call-{number:07d}"
