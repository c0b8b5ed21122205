"""The model with the shipped engine: the plan says it all (one queue per type that asks for its skill,
agents with two skills in order, `own-first` selection, `first-skill` score, longest idle, connected
without an offer), the world carries it, and every fact is counted by the same figures that a simulation
reports. Nothing is left out for speed: decisions can be explained while it runs.

The clock's unit is a microsecond instead of a millisecond, so that waits agree with the other entrants' to
six digits.
"""

from collections.abc import Iterator
from itertools import accumulate, chain, count, islice

from agents.behaviour import Worker
from agents.distributions import BLOCK, Exponential, whole_ms
from agents.model import Agent, AgentId, ChannelId, Pool, PoolId, Skill, SkillName, WrapUp
from benchmarks.six_types.model import AGENTS, ARRIVALS_PER_MIN, HANDLE_MEAN_MIN, TYPES, Draws, Result
from router.core.engine import Engine
from router.core.facts import InteractionEnded
from router.core.names import CentreId, InteractionId, QueueId, SectionId
from router.core.plan import Channel, OfferRules, Plan, Queue, Section
from router.core.requirement import All, SkillTerm
from router.core.signals import InteractionArrived, InteractionCancelled
from router.policies import BUILT_IN
from router.simulation.scenario import Scenario
from router.simulation.traffic import Customer
from router.simulation.world import World
from router.telemetry.kpis import Kpis

SHARED_DRAWS = True

TICKS_PER_MIN = 60_000_000
TICKS_PER_S = 1_000_000
VOICE, SECTION = ChannelId("voice"), SectionId("centre")
KINDS = [f"type-{kind}" for kind in range(TYPES)]


def plan() -> Plan:
    """The centre. Agents' ids sort like their numbers, which breaks ties between those idle equally long."""
    return Plan(
        version="1",
        centre_id=CentreId("six-types"),
        channels=(Channel(channel_id=VOICE),),
        sections=(
            Section(
                section_id=SECTION,
                queues=tuple(
                    Queue(
                        queue_id=QueueId(kind),
                        section_id=SECTION,
                        requirement=All(of=(SkillTerm(skill=SkillName(kind)),)),
                        score=(("first-skill", 1000),),
                        choice="longest-idle",
                        answer_within_ms=20 * TICKS_PER_S,
                    )
                    for kind in KINDS
                ),
                default_queue=QueueId(KINDS[0]),
                offers=((VOICE, OfferRules(auto_answer=True)),),
                wrap_up=((VOICE, WrapUp()),),
            ),
        ),
        pools=tuple(Pool(pool_id=PoolId(kind), skills=(Skill(name=SkillName(kind)),)) for kind in KINDS),
        agents=tuple(
            Agent(
                agent_id=AgentId(f"agent-{agent.number:02d}"),
                skills=(
                    Skill(name=SkillName(KINDS[agent.first])),
                    Skill(name=SkillName(KINDS[agent.second])),
                ),
            )
            for agent in AGENTS
        ),
        selection="own-first",
        remember_ms=24 * 60 * TICKS_PER_MIN,
    )


def callers(kind: int, draws: Draws) -> Iterator[Customer]:
    """The customers of one type, drawn in blocks as `router.simulation.traffic` does it."""
    gap, stream, numbers = Exponential(mean=TICKS_PER_MIN / ARRIVALS_PER_MIN), draws.gap_stream(kind), count()
    queue, last = QueueId(KINDS[kind]), 0.0
    new, arrived = tuple.__new__, InteractionArrived
    rest = InteractionArrived(InteractionId(""), SECTION, VOICE, queue=queue)[1:]

    def block() -> list[Customer]:
        nonlocal last
        ends = list(accumulate(gap.block(stream, BLOCK), initial=last))
        last = ends[-1]
        # How long each takes is drawn when its service starts.
        return [
            (int(end + 0.5), new(arrived, (InteractionId(f"{kind}-{number}"), *rest)), 0, None, ())
            for end, number in zip(islice(ends, 1, None), numbers)  # noqa: B905 - the numbers have no end
        ]

    return chain.from_iterable(iter(block, []))


def run(customers: int, seed: int) -> Result:
    """Simulate until `customers` have been served."""
    centre, draws = plan(), Draws(seed)
    engine, kpis = Engine(centre, BUILT_IN), Kpis(centre)
    scenario = Scenario(
        name="six-types",
        duration_ms=2**62,
        workers=tuple(Worker(agent_id=agent.agent_id) for agent in centre.agents),
    )
    handle_ticks = whole_ms(Exponential(mean=TICKS_PER_MIN * HANDLE_MEAN_MIN), draws.handle_stream())
    world = World(
        centre,
        scenario,
        seed=seed,
        sink=kpis.take,
        sources=[callers(kind, draws) for kind in range(TYPES)],
        handle_ms=lambda _customer, _agent: handle_ticks(),
        engine=engine,
    )
    done = world.run(stop_after=customers)
    queues = {queue.queue_id: queue.flow for queue in kpis.figures(done.ended_at).sections[0].queues}
    flows = [queues[QueueId(kind)] for kind in KINDS]
    answered = [flow.answered for flow in flows]
    waited = [(flow.waits.mean_ms or 0.0) * flow.answered for flow in flows]
    # Who is still being served was answered, but does not count as served yet. (The waiting go first, or they would be served now.)
    for interaction_id in sorted(world.present(), key=world.is_served):
        for fact in engine.handle(InteractionCancelled(interaction_id), done.ended_at).facts:
            if isinstance(fact, InteractionEnded) and fact.agent_id is not None:
                kind = KINDS.index(fact.queue)
                answered[kind] -= 1
                waited[kind] -= fact.wait_ms
    served = sum(answered)
    return Result(
        answered=served,
        mean_wait_s=sum(waited) / served / TICKS_PER_S,
        per_type_wait=tuple(w / n / TICKS_PER_S if n else 0.0 for w, n in zip(waited, answered, strict=True)),
        per_type_answered=tuple(answered),
        events=done.customers + served,
    )


if __name__ == "__main__":
    from benchmarks.six_types.alone import alone

    alone(run)
