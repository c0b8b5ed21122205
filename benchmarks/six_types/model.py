"""The six-type model every entrant simulates: its numbers, its random streams, and the result they all give.

Six call types arrive in Poisson streams of 1.40 per minute each; handle times are exponential with a mean of
10 minutes; 90 agents know two types each, 15 having each type as their first skill, with second skills spread
evenly: 3 agents for each of the 30 ordered pairs. An arriving call takes a free agent of its first-skill
agents, the longest idle, else of its second-skill agents, the longest idle, else waits. A freed agent takes
the oldest waiting call of their first skill, else of their second, else is idle.

All entrants draw from the same streams in the same order (per type its gaps between arrivals; handle times in
the order in which service starts), so with one seed they simulate the same customers, and correct ones agree
wait by wait.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

TYPES = 6
ARRIVALS_PER_MIN = 1.40
HANDLE_MEAN_MIN = 10.0
AGENTS_PER_PAIR = 3
SEED = 20_240_607


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent: number from 0, and the two types they serve."""

    number: int
    first: int
    second: int


# Pair by pair in turn, so that equal agents are not neighbours; everybody is idle at the start, the lowest number for longest.
AGENTS = tuple(
    Agent(number, first, second)
    for number, (first, second) in enumerate(list(permutations(range(TYPES), 2)) * AGENTS_PER_PAIR)
)


@dataclass(frozen=True, slots=True)
class Result:
    """What an entrant reports: waits are of the answered, in seconds; `events` are arrivals plus completed
    services.
    """

    answered: int
    mean_wait_s: float
    per_type_wait: tuple[float, ...]
    per_type_answered: tuple[int, ...]
    events: int


class Draws:
    """The random streams of one run, in minutes: one of gaps per type, and one of handle times."""

    def __init__(self, seed: int) -> None:
        self._gaps = [random.Random(f"{seed} gaps {kind}") for kind in range(TYPES)]
        self._handle = random.Random(f"{seed} handle")

    def gap_stream(self, kind: int) -> random.Random:
        return self._gaps[kind]

    def handle_stream(self) -> random.Random:
        return self._handle

    def gaps(self, kind: int) -> Iterator[float]:
        draw = self._gaps[kind].expovariate
        while True:
            yield draw(ARRIVALS_PER_MIN)

    def handle_min(self) -> float:
        return self._handle.expovariate(1.0 / HANDLE_MEAN_MIN)


class Tally:
    """Streaming sums of waits, in minutes, by type."""

    def __init__(self) -> None:
        self.waits = [0.0] * TYPES
        self.answered = [0] * TYPES
        self.arrived = 0

    def result(self) -> Result:
        answered = sum(self.answered)
        return Result(
            answered=answered,
            mean_wait_s=60.0 * sum(self.waits) / answered,
            per_type_wait=tuple(
                60.0 * w / n if n else 0.0 for w, n in zip(self.waits, self.answered, strict=True)
            ),
            per_type_answered=tuple(self.answered),
            events=self.arrived + answered,
        )
