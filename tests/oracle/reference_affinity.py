"""Work that is kept for certain agents: whom it favours, and who knows which customer, from a plain list of contacts."""

from __future__ import annotations

from router.core.affinity_plan import AgentWindow
from router.core.names import AgentId
from router.core.plan import Plan
from tests.oracle.reference_state import State, Work


def favour(state: State, work: Work) -> None:
    """Let new work favour its customer's last agent, and those its sender prefers."""
    work.preferred = work.arrival.preferred
    for customer, agent_id, at in state.contacts:
        if customer == work.arrival.customer and state.now < at + state.plan.customer_memory_ms:
            work.last_agent = agent_id


def windows(state: State, work: Work) -> list[tuple[AgentWindow, tuple[AgentId, ...]]]:
    """Return its windows by its queue, with the agents of each."""
    queue = state.queue(work.queue)
    last = () if work.last_agent is None else (work.last_agent,)
    return [(queue.last_agent, last), (queue.preferred, work.preferred)]


def favoured(state: State, work: Work) -> list[AgentId]:
    """Return the agents whose window runs, the first choice first."""
    return [
        agent_id
        for window, agents in windows(state, work)
        if state.now < work.queued_at + window.ms
        for agent_id in agents
    ]


def window_ends(state: State, work: Work) -> list[int]:
    """Return the instants to come at which its windows end."""
    ends = [work.queued_at + window.ms for window, agents in windows(state, work) if agents]
    return [end for end in ends if end > state.now]


def meet(state: State, work: Work, agent_id: AgentId) -> None:
    """The agent is connected with the work: it favours nobody any more, and the agent is its customer's last one."""
    work.last_agent, work.preferred = None, ()
    customer = work.arrival.customer
    if customer is None or not any(queue.last_agent.ms for queue in state.queues()):
        return
    state.contacts = [contact for contact in state.contacts if contact[0] != customer]
    state.contacts.append((customer, agent_id, state.now))
    state.contacts = state.contacts[max(0, len(state.contacts) - state.plan.customer_memory_max) :]


def forget_contacts(state: State, plan: Plan) -> None:
    """Forget for good what the plan remembers no more."""
    known = [one for one in state.contacts if state.now < one[2] + plan.customer_memory_ms]
    state.contacts = known[max(0, len(known) - plan.customer_memory_max) :]
