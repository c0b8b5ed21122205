"""The model with simpy as a bare timer: the quickest simpy program we could write, and hardly simpy any more.

There is no process and no store: an arrival is one timeout per type with a callback, a service one timeout
with a callback, idle agents stand in a deque per first skill and per second skill (an agent taken from one is
skipped in the other by a stamp), waiting calls in a deque per type. What remains is what simpy's event loop
costs; nobody models like this, but it says where simpy ends.
"""

from collections import deque

import simpy
from simpy.events import Event, Timeout

from benchmarks.six_types.model import AGENTS, ARRIVALS_PER_MIN, HANDLE_MEAN_MIN, TYPES, Draws, Result, Tally

SHARED_DRAWS = True


def run(customers: int, seed: int) -> Result:
    """Simulate until `customers` have been served."""
    env, draws, tally = simpy.Environment(), Draws(seed), Tally()
    first, second = [agent.first for agent in AGENTS], [agent.second for agent in AGENTS]
    # An agent's stamp grows whenever they become busy; entries with an older stamp are stale.
    stamps = [0] * len(AGENTS)
    by_first: list[deque[tuple[int, int]]] = [deque() for _ in range(TYPES)]
    by_second: list[deque[tuple[int, int]]] = [deque() for _ in range(TYPES)]
    for agent in AGENTS:
        by_first[agent.first].append((agent.number, 0))
        by_second[agent.second].append((agent.number, 0))
    waiting: list[deque[float]] = [deque() for _ in range(TYPES)]
    gap_draws = [draws.gap_stream(kind).expovariate for kind in range(TYPES)]
    handle_draw, handle_rate = draws.handle_stream().expovariate, 1.0 / HANDLE_MEAN_MIN
    waits, answered = tally.waits, tally.answered
    done = env.event()
    left = customers

    def start(number: int, kind: int, wait: float) -> None:
        service = Timeout(env, handle_draw(handle_rate), (number, kind, wait))
        service.callbacks.append(finish)

    def arrive(event: Event) -> None:
        kind = event._value
        tally.arrived += 1
        for queues in (by_first, by_second):
            idle = queues[kind]
            while idle:
                number, stamp = idle.popleft()
                if stamps[number] == stamp:
                    stamps[number] = stamp + 1
                    start(number, kind, 0.0)
                    break
            else:
                continue
            break
        else:
            waiting[kind].append(env.now)
        Timeout(env, gap_draws[kind](ARRIVALS_PER_MIN), kind).callbacks.append(arrive)

    def finish(event: Event) -> None:
        nonlocal left
        number, kind, wait = event._value
        waits[kind] += wait
        answered[kind] += 1
        one, two = first[number], second[number]
        if waiting[one]:
            start(number, one, env.now - waiting[one].popleft())
        elif waiting[two]:
            start(number, two, env.now - waiting[two].popleft())
        else:
            stamp = stamps[number]
            by_first[one].append((number, stamp))
            by_second[two].append((number, stamp))
        left -= 1
        if not left:
            done.succeed()

    for kind in range(TYPES):
        Timeout(env, gap_draws[kind](ARRIVALS_PER_MIN), kind).callbacks.append(arrive)
    env.run(until=done)
    return tally.result()


if __name__ == "__main__":
    from benchmarks.six_types.alone import alone

    alone(run)
