"""A hypothesis state machine that drives engine and reference side by side, one rule for each kind of signal.

What happens is made up by the fuzzer's functions, so that both reach the same corners.
"""

from __future__ import annotations

from random import Random

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from router.core.names import AgentId
from router.core.plan import Plan
from router.core.signals import AgentSignedIn, Signal
from tests.oracle import signals
from tests.oracle.duel import Duel, Makers, Step, engine_makers
from tests.oracle.fuzz import plainly
from tests.oracle.plan_parts import AGENTS
from tests.oracle.plans import plans
from tests.oracle.signals import Draw, random_signal, random_time

RANDOMS = st.integers(0, 2**32 - 1).map(Random)
"""One draw for each step. The plan is drawn piece by piece, and shrinks better; a failing history is made short by
dropping steps, for which one draw is best."""


class OracleMachine(RuleBasedStateMachine):
    """Whatever happens, the engine's outcomes are the reference's, and the books balance."""

    makers: Makers = engine_makers()

    @initialize(plan=plans(), away=st.sets(st.sampled_from(AGENTS)))
    def begin(self, plan: Plan, away: set[AgentId]) -> None:
        """Begin a centre, most of whose agents are there."""
        note(plainly(plan))
        self.duel = Duel(plan, self.makers)
        self.restore = False
        for agent in plan.agents:
            if agent.agent_id not in away:
                self.duel.take(Step(0, AgentSignedIn(agent.agent_id)))

    def take(self, rng: Random, draw: Draw) -> None:
        """Let something of a kind happen at a random time, or something else where the state has nothing for it."""
        state = self.duel.reference.state
        self.step(rng, draw(rng, state) or random_signal(rng, state))

    def step(self, rng: Random, signal: Signal | None) -> None:
        """Let both take the signal, or only time."""
        now = random_time(rng, self.duel.reference.state, self.duel.reference.next_deadline())
        step = Step(now, signal, self.restore)
        self.restore = False
        note(plainly(step))
        self.duel.take(step)

    @rule(rng=RANDOMS)
    def time_passes(self, rng: Random) -> None:
        """Nothing comes, but time passes."""
        self.step(rng, None)

    @rule()
    def restored(self) -> None:
        """The engine is made again from its snapshot before the next step."""
        self.restore = True

    @rule(rng=RANDOMS)
    def arrival(self, rng: Random) -> None:
        """Somebody comes."""
        self.take(rng, signals.arrival)

    @rule(rng=RANDOMS)
    def arrival_again(self, rng: Random) -> None:
        """An id comes again, with the same content or another."""
        self.take(rng, signals.repeated_arrival)

    @rule(rng=RANDOMS)
    def bad_arrival(self, rng: Random) -> None:
        """Somebody comes with something wrong."""
        self.take(rng, signals.bad_arrival)

    @rule(rng=RANDOMS)
    def edge_arrival(self, rng: Random) -> None:
        """Somebody comes with something that is just good enough."""
        self.take(rng, signals.edge_arrival)

    @rule(rng=RANDOMS)
    def abandoned(self, rng: Random) -> None:
        """A customer leaves."""
        self.take(rng, signals.abandoned)

    @rule(rng=RANDOMS)
    def cancelled(self, rng: Random) -> None:
        """Work is called off."""
        self.take(rng, signals.cancelled)

    @rule(rng=RANDOMS)
    def completed(self, rng: Random) -> None:
        """A contact ends from the customer's side."""
        self.take(rng, signals.completed)

    @rule(rng=RANDOMS)
    def finished(self, rng: Random) -> None:
        """A contact ends from the agent's side."""
        self.take(rng, signals.finished)

    @rule(rng=RANDOMS)
    def wrap_up_done(self, rng: Random) -> None:
        """After-contact work is done."""
        self.take(rng, signals.wrap_up_done)

    @rule(rng=RANDOMS)
    def transferred(self, rng: Random) -> None:
        """Work is given on."""
        self.take(rng, signals.transferred)

    @rule(rng=RANDOMS)
    def accepted(self, rng: Random) -> None:
        """An offer is taken."""
        self.take(rng, signals.accepted)

    @rule(rng=RANDOMS)
    def declined(self, rng: Random) -> None:
        """An offer is refused."""
        self.take(rng, signals.declined)

    @rule(rng=RANDOMS)
    def connect_failed(self, rng: Random) -> None:
        """An offer does not reach its agent."""
        self.take(rng, signals.connect_failed)

    @rule(rng=RANDOMS)
    def signed_in(self, rng: Random) -> None:
        """An agent comes."""
        self.take(rng, signals.signed_in)

    @rule(rng=RANDOMS)
    def became_ready(self, rng: Random) -> None:
        """An agent takes work again."""
        self.take(rng, signals.became_ready)

    @rule(rng=RANDOMS)
    def became_not_ready(self, rng: Random) -> None:
        """An agent takes a break."""
        self.take(rng, signals.became_not_ready)

    @rule(rng=RANDOMS)
    def started_draining(self, rng: Random) -> None:
        """An agent finishes what it has."""
        self.take(rng, signals.started_draining)

    @rule(rng=RANDOMS)
    def signed_out(self, rng: Random) -> None:
        """An agent leaves."""
        self.take(rng, signals.signed_out)

    @rule(rng=RANDOMS)
    def heartbeat(self, rng: Random) -> None:
        """An agent is still there."""
        self.take(rng, signals.heartbeat)

    @rule(rng=RANDOMS)
    def lost(self, rng: Random) -> None:
        """An agent is gone without a word."""
        self.take(rng, signals.lost)

    @rule(rng=RANDOMS)
    def plan_replaced(self, rng: Random) -> None:
        """The plan changes a little, or to one that is refused."""
        self.take(rng, signals.plan_replaced)
