"""The model in simpy as its documentation teaches it: a process per call, and the idle agents in a
FilterStore.

A FilterStore hands out the item put in first that a request's filter accepts, which is the longest idle
agent, and looks through its requests in order, which is oldest call first. Two things have to be said to it:
an arriving call prefers agents who have its type first, so it asks for one of those only where the store has
one; and a freed agent prefers waiting calls of their first skill, so agents who find somebody waiting are put
back with the type they will take next.
"""

from collections.abc import Callable, Generator
from typing import Any

import simpy

from benchmarks.six_types.model import AGENTS, TYPES, Agent, Draws, Result, Tally

SHARED_DRAWS = True


class Free:
    """An agent in the store; `takes` is the one type they are free for, or None for both of their skills."""

    __slots__ = ("agent", "takes")

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.takes: int | None = None


def first_only(kind: int) -> Callable[[Free], bool]:
    return lambda free: free.takes is None and free.agent.first == kind


def either(kind: int) -> Callable[[Free], bool]:
    def accepts(free: Free) -> bool:
        if free.takes is not None:
            return free.takes == kind
        return free.agent.first == kind or free.agent.second == kind  # noqa: PLR1714 (quicker than a tuple)

    return accepts


FIRST = [first_only(kind) for kind in range(TYPES)]
EITHER = [either(kind) for kind in range(TYPES)]


def run(customers: int, seed: int) -> Result:
    """Simulate until `customers` have been served."""
    env, draws, tally = simpy.Environment(), Draws(seed), Tally()
    idle = simpy.FilterStore(env)
    idle.items.extend(Free(agent) for agent in AGENTS)
    waiting = [0] * TYPES
    done = env.event()
    handle_min = draws.handle_min
    left = customers

    def call(kind: int) -> Generator[simpy.Event, Any, None]:
        nonlocal left
        arrived = env.now
        fits = FIRST[kind]
        request = idle.get(fits if any(fits(free) for free in idle.items) else EITHER[kind])
        if request.triggered:
            free = yield request
        else:
            waiting[kind] += 1
            free = yield request
            waiting[kind] -= 1
        began = env.now
        yield env.timeout(handle_min())
        tally.waits[kind] += began - arrived
        tally.answered[kind] += 1
        agent = free.agent
        free.takes = agent.first if waiting[agent.first] else agent.second if waiting[agent.second] else None
        idle.put(free)
        left -= 1
        if not left:
            done.succeed()

    def source(kind: int) -> Generator[simpy.Event, Any, None]:
        for gap in draws.gaps(kind):
            yield env.timeout(gap)
            tally.arrived += 1
            env.process(call(kind))

    for kind in range(TYPES):
        env.process(source(kind))
    env.run(until=done)
    return tally.result()


if __name__ == "__main__":
    from benchmarks.six_types.alone import alone

    alone(run)
