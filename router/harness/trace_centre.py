"""A centre made from an export's groups: one section, a queue and a skill per group, and as many agents as
their volume wants.

A group whose busy-hour load is under ``SMALL`` erlangs has no agents of its own: all such groups share a
team that knows each of them. The busy hours are the tenth of the clock hours with arrivals that have the
most. Each team gets load + √load agents (square-root staffing), and more until Erlang C says that at most
a share of the busy-hour work waits.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from router.core.names import SectionId
from router.errors import ConfigError, Problem
from router.simulation.columns import TraceMapping
from router.simulation.theory.delay import erlang_c
from router.simulation.trace import Trace, TraceReport

SMALL = 0.5
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Agents who know the same queues."""

    name: str
    section: SectionId
    queues: tuple[str, ...]
    load: float
    agents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A centre as files (path in its folder → text), and what they were made from."""

    files: dict[str, str]
    teams: tuple[Team, ...]
    report: TraceReport
    busy_hours: int


def staffing(load: float, waits: float = 0.2) -> int:
    """Return how many agents a load in erlangs wants, so that at most the share ``waits`` of the work has
    to wait.
    """
    agents = max(1, math.ceil(load + math.sqrt(load)))
    while load > 0.0 and erlang_c(agents, load) > waits:
        agents += 1
    return agents


def centre_from_trace(path: Path, mapping: TraceMapping, *, name: str, waits: float = 0.2) -> Generated:
    """Return a centre for the export; raises ``ConfigError`` where no row can be used."""
    trace = Trace(path, mapping)
    hours: Counter[int] = Counter()
    visits: dict[tuple[SectionId, str], Counter[int]] = {}
    work_ms: Counter[tuple[SectionId, str]] = Counter()
    channels: set[str] = set()
    assumed = mapping.handle_time.assumed.mean
    for ticket in trace.tickets():
        hour = ticket.at // _HOUR_MS
        hours[hour] += 1
        channels.add(ticket.channel)
        first = ticket.section if ticket.queue is None else ticket.queue
        part = (assumed if ticket.handle_ms is None else ticket.handle_ms) / (len(ticket.stops) + 1)
        for queue in map(str, (first, *(first if stop is None else stop for stop in ticket.stops))):
            key = (ticket.section, queue)
            visits.setdefault(key, Counter())[hour] += 1
            work_ms[key] += int(part)
    if not hours:
        raise trace.useless()
    owner: dict[str, SectionId] = {}
    for section, queue in visits:
        if owner.setdefault(queue, section) != section:
            text = f"queue {queue!r} is of the sections {owner[queue]!r} and {section!r}"
            raise ConfigError([Problem(str(path), 0, 0, "", text, "map the section to one name")])
    busy = {hour for hour, _ in hours.most_common(max(1, len(hours) // 10))}
    loads = {
        key: sum(count for hour, count in each.items() if hour in busy)
        / len(busy)
        * (work_ms[key] / each.total() / _HOUR_MS)
        for key, each in visits.items()
    }
    teams = _teams(loads, waits)
    return Generated(
        files=_files(name, teams, channels), teams=tuple(teams), report=trace.report, busy_hours=len(busy)
    )


def _teams(loads: dict[tuple[SectionId, str], float], waits: float) -> list[Team]:
    teams = [
        Team(name=queue, section=section, queues=(queue,), load=load, agents=staffing(load, waits))
        for (section, queue), load in sorted(loads.items(), key=lambda each: (-each[1], each[0]))
        if load >= SMALL
    ]
    for section in sorted({section for section, _ in loads}):
        small = sorted(queue for (own, queue), load in loads.items() if own == section and load < SMALL)
        if small:
            load = sum(loads[section, queue] for queue in small)
            agents = staffing(load, waits)
            teams.append(
                Team(
                    name=f"shared-{section}"[:50],
                    section=section,
                    queues=tuple(small),
                    load=load,
                    agents=agents,
                )
            )
    return teams


def _files(name: str, teams: list[Team], channels: set[str]) -> dict[str, str]:
    skills = sorted(queue for team in teams for queue in team.queues)
    centre = {
        "centre": name,
        "description": "Made from an export's groups by switchroom centre-from-trace",
        "skills": skills,
        "channels": {channel: {"cost": 100} for channel in sorted(channels)},
        "order": "strict",
    }
    files = {"centre.yaml": _yaml(centre)}
    for section in sorted({team.section for team in teams}):
        queues = sorted(queue for team in teams if team.section == section for queue in team.queues)
        default = next(team.queues[0] for team in teams if team.section == section)
        written = {
            "section": str(section),
            "default-queue": default,
            "answer": {"within": "15m", "share": "80%"},
            "choice": "longest-idle",
            "queues": {queue: {"needs": {queue: 1}} for queue in queues},
        }
        files[f"sections/{section.replace(':', '-')}.yaml"] = _yaml(written)
    agents = {
        f"{team.name[:50]}-a{number}": {"skills": dict.fromkeys(team.queues, 5), "tags": {"team": team.name}}
        for team in teams
        for number in range(1, team.agents + 1)
    }
    files["agents.yaml"] = _yaml({"agents": agents})
    return files


def _yaml(data: object) -> str:
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None)
    return text
