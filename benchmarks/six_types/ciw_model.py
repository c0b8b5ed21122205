"""The model in ciw 3.2: one node of 90 servers, six customer classes, and a Node subclass that knows skills.

ciw has no notion of which server may serve which customer: `server_priority_functions` orders servers but
excludes none, and a service discipline sees the waiting customers but not the server just freed. So skills
are given to it through the door it has for this, `node_class`, by overriding the two methods in which ciw
matches customers and servers. To be fair to ciw the subclass is quick: idle servers stand in deques per first
and per second skill and waiting customers in deques per class, so no list of servers or customers is searched
for a match (ciw's own `server_priority_functions` sorts all servers for each arrival, and its
`choose_next_customer` lists every customer present). Customer classes have priority classes of their own only
because ciw keeps a list of customers per priority class, and shorter lists are quicker to remove from. The
rest is ciw's own: its event loop, which looks for the next end of service through all servers after each
event, its individuals and its records, read with `get_all_records` as its documentation does.
"""

import random
from collections import deque
from typing import Any

import ciw

from benchmarks.six_types.model import AGENTS, ARRIVALS_PER_MIN, HANDLE_MEAN_MIN, TYPES, Draws, Result, Tally

SHARED_DRAWS = True


class Drawn(ciw.dists.Exponential):
    """ciw's exponential, drawing from a stream of its own; ciw copies distributions, and these must stay
    shared.
    """

    def __init__(self, rate: float, stream: random.Random) -> None:
        super().__init__(rate)
        self.draw = stream.expovariate

    def __deepcopy__(self, memo: dict[int, Any]) -> "Drawn":
        return self

    def sample(self, t: float | None = None, ind: Any = None) -> float:
        return self.draw(self.rate)


class SkilledNode(ciw.Node):
    """A node whose servers know two classes each."""

    def __init__(self, id_: int, simulation: ciw.Simulation) -> None:
        super().__init__(id_, simulation)
        self.by_first: list[deque[Any]] = [deque() for _ in range(TYPES)]
        self.by_second: list[deque[Any]] = [deque() for _ in range(TYPES)]
        self.waiting: list[deque[Any]] = [deque() for _ in range(TYPES)]
        for server, agent in zip(self.servers, AGENTS, strict=True):
            server.first, server.second, server.stamp = agent.first, agent.second, 0
            self.put_idle(server)

    def put_idle(self, server: Any) -> None:
        self.by_first[server.first].append((server, server.stamp))
        self.by_second[server.second].append((server, server.stamp))

    def take_idle(self, kind: int) -> Any:
        for queues in (self.by_first, self.by_second):
            idle = queues[kind]
            while idle:
                server, stamp = idle.popleft()
                if server.stamp == stamp:
                    server.stamp = stamp + 1
                    return server
        return None

    def begin(self, server: Any, individual: Any) -> None:
        self.attach_server(server, individual)
        individual.service_start_date = self.now
        individual.service_time = self.get_service_time(individual)
        individual.service_end_date = self.now + individual.service_time
        self.number_in_service += 1
        server.next_end_service_date = individual.service_end_date

    def begin_service_if_possible_accept(self, next_individual: Any) -> None:
        next_individual.arrival_date = self.now
        kind = next_individual.priority_class
        server = self.take_idle(kind)
        if server is None:
            self.waiting[kind].append(next_individual)
        else:
            self.begin(server, next_individual)

    def begin_service_if_possible_release(self, next_individual: Any, newly_free_server: Any) -> None:
        for kind in (newly_free_server.first, newly_free_server.second):
            if self.waiting[kind]:
                self.begin(newly_free_server, self.waiting[kind].popleft())
                return
        self.put_idle(newly_free_server)


def run(customers: int, seed: int) -> Result:
    """Simulate until `customers` have been served."""
    draws = Draws(seed)
    names = [f"Type {kind}" for kind in range(TYPES)]
    service = Drawn(1.0 / HANDLE_MEAN_MIN, draws.handle_stream())
    network = ciw.create_network(
        arrival_distributions={
            name: [Drawn(ARRIVALS_PER_MIN, draws.gap_stream(kind))] for kind, name in enumerate(names)
        },
        service_distributions={name: [service] for name in names},
        number_of_servers=[len(AGENTS)],
        priority_classes={name: kind for kind, name in enumerate(names)},
    )
    simulation = ciw.Simulation(network, node_class=SkilledNode)
    simulation.simulate_until_max_customers(customers)
    tally, kinds = Tally(), {name: kind for kind, name in enumerate(names)}
    tally.arrived = simulation.nodes[0].number_of_individuals
    for record in simulation.get_all_records():
        kind = kinds[record.customer_class]
        tally.waits[kind] += record.waiting_time
        tally.answered[kind] += 1
    return tally.result()


if __name__ == "__main__":
    from benchmarks.six_types.alone import alone

    alone(run)
