"""The model in simpy tuned by hand: a process per call as simpy has it, but a dispatcher of our own instead
of a store.

Idle agents stand in a deque per first skill and per second skill (an agent taken from one is skipped in the
other by a stamp), and waiting calls in a deque per type, each with the event that hands them their agent. No
filter is called and nothing is searched.
"""

from collections import deque
from collections.abc import Generator
from typing import Any

import simpy

from benchmarks.six_types.model import AGENTS, TYPES, Draws, Result, Tally

SHARED_DRAWS = True


class Dispatcher:
    """Who is idle and who waits, and who gets whom."""

    def __init__(self) -> None:
        self.first = [agent.first for agent in AGENTS]
        self.second = [agent.second for agent in AGENTS]
        # An agent's stamp grows whenever they become busy; entries with an older stamp are stale.
        self.stamps = [0] * len(AGENTS)
        self.by_first: list[deque[tuple[int, int]]] = [deque() for _ in range(TYPES)]
        self.by_second: list[deque[tuple[int, int]]] = [deque() for _ in range(TYPES)]
        self.waiting: list[deque[simpy.Event]] = [deque() for _ in range(TYPES)]
        for agent in AGENTS:
            self.release(agent.number)

    def take(self, kind: int) -> int | None:
        """Return the free agent for a call of this type, now busy, or None."""
        stamps = self.stamps
        for idle in (self.by_first[kind], self.by_second[kind]):
            while idle:
                number, stamp = idle.popleft()
                if stamps[number] == stamp:
                    stamps[number] = stamp + 1
                    return number
        return None

    def release(self, number: int) -> None:
        """Give a freed agent their next call, or let them idle."""
        one, two = self.first[number], self.second[number]
        if self.waiting[one]:
            self.waiting[one].popleft().succeed(number)
        elif self.waiting[two]:
            self.waiting[two].popleft().succeed(number)
        else:
            stamp = self.stamps[number]
            self.by_first[one].append((number, stamp))
            self.by_second[two].append((number, stamp))


def run(customers: int, seed: int) -> Result:
    """Simulate until `customers` have been served."""
    env, draws, tally, dispatcher = simpy.Environment(), Draws(seed), Tally(), Dispatcher()
    take, release, handle_min = dispatcher.take, dispatcher.release, draws.handle_min
    done = env.event()
    left = customers

    def call(kind: int) -> Generator[simpy.Event, Any, None]:
        nonlocal left
        wait = 0.0
        agent: int | None = take(kind)
        if agent is None:
            arrived = env.now
            turn = env.event()
            dispatcher.waiting[kind].append(turn)
            agent = yield turn
            wait = env.now - arrived
        yield env.timeout(handle_min())
        tally.waits[kind] += wait
        tally.answered[kind] += 1
        release(agent)
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
