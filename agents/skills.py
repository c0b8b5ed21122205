"""Reading an agent's skills: the level at a skill, and the skill's place in the agent's order."""

from __future__ import annotations

from agents.model import Agent, SkillName


def levels(agent: Agent) -> dict[SkillName, int]:
    """Return the agent's level, 1..10, for each skill it has."""
    return {skill.name: skill.level for skill in agent.skills}


def places(agent: Agent) -> dict[SkillName, int]:
    """Return each skill's place in the agent's order; 1 is the first skill."""
    return {skill.name: place for place, skill in enumerate(agent.skills, start=1)}
