"""Who is told of what: the handles that programs hold, kept true to the facts. One per router; decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from router.core.broadcast import TAKEN
from router.core.centre import Centre
from router.core.dialling import is_held
from router.core.facts import (
    NO_OFFER,
    AssignmentClosed,
    CallbackPostponed,
    CustomerDialled,
    Fact,
    InteractionAssigned,
    InteractionEnded,
    InteractionMoved,
    InteractionPassedOn,
    InteractionQueued,
    InteractionScheduled,
    OfferEnded,
    OfferMade,
    PresenceChanged,
    WrapUpStarted,
)
from router.core.names import AgentId, InteractionId, OfferId
from router.core.records import Holding
from router.service.handles import AgentHandle, InteractionHandle, Offer, Sender


class Directory:
    """The handles of all live interactions, open offers and agents that were asked for or appeared in facts."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.interactions: dict[InteractionId, InteractionHandle] = {}
        self.agents: dict[AgentId, AgentHandle] = {}
        self.offers: dict[OfferId, Offer] = {}
        self._held: set[OfferId] = set()
        self._readers: Mapping[type[Fact], Callable[..., None]] = {
            InteractionScheduled: self._scheduled,
            InteractionQueued: self._queued,
            InteractionMoved: self._moved,
            OfferMade: self._offer_made,
            OfferEnded: self._offer_ended,
            CustomerDialled: self._dialled,
            CallbackPostponed: self._postponed,
            InteractionAssigned: self._assigned,
            InteractionEnded: self._ended,
            InteractionPassedOn: self._contact_over,
            WrapUpStarted: self._contact_over,
            AssignmentClosed: self._contact_over,
            PresenceChanged: self._presence_changed,
        }

    def interaction(self, interaction_id: InteractionId) -> InteractionHandle:
        """Return the handle of that interaction, a new one if there is none."""
        handle = self.interactions.get(interaction_id)
        if handle is None:
            handle = self.interactions[interaction_id] = InteractionHandle(self._sender, interaction_id)
        return handle

    def agent(self, agent_id: AgentId) -> AgentHandle:
        """Return the handle of that agent, a new one if there is none."""
        handle = self.agents.get(agent_id)
        if handle is None:
            handle = self.agents[agent_id] = AgentHandle(self._sender, agent_id)
        return handle

    def recall(self, centre: Centre) -> None:
        """Make the handles of what a restored engine holds: offers go on, work stays with its agents."""
        for interaction in centre.interactions.values():
            if interaction.state != "ended":
                self.interaction(interaction.id).changed(
                    interaction.state, queue=interaction.queue.plan.queue_id
                )
        for agent in centre.agents.values():
            handle = self.agent(agent.id)
            handle.presence = agent.presence
            for holding in sorted(agent.holdings, key=lambda each: each.decision):
                if holding.state == "offered":
                    self._offer_made(_made_again(holding, centre.now))
                    if is_held(holding):
                        self._held.add(holding.offer_id)
                        handle.withdrawn(self.offers[holding.offer_id])
                elif holding.state == "connected":
                    fact = _assigned_again(holding)
                    self.interaction(fact.interaction_id).changed("assigned", assignment=fact)
                    handle.work[fact.interaction_id] = fact

    def forget(self, handle: InteractionHandle) -> None:
        """Drop the handle of an interaction that the router did not take, or that is over."""
        if self.interactions.get(handle.id) is handle:
            del self.interactions[handle.id]

    def read(self, fact: Fact) -> None:
        """Tell those whom the fact concerns."""
        reader = self._readers.get(type(fact))
        if reader is not None:
            reader(fact)

    def ring(self) -> None:
        """Wake everybody who waits, because the router is over."""
        for interaction in tuple(self.interactions.values()):
            interaction.ring()
        for offer in tuple(self.offers.values()):
            offer.ring()
        for agent in tuple(self.agents.values()):
            agent.ring()

    def _scheduled(self, fact: InteractionScheduled) -> None:
        self.interaction(fact.interaction_id).changed("scheduled", queue=fact.queue)

    def _queued(self, fact: InteractionQueued) -> None:
        self.interaction(fact.interaction_id).changed("queued", queue=fact.queue)

    def _moved(self, fact: InteractionMoved) -> None:
        handle = self.interaction(fact.interaction_id)
        handle.changed(handle.state, queue=fact.to_queue)

    def _offer_made(self, fact: OfferMade) -> None:
        interaction = self.interaction(fact.interaction_id)
        interaction.changed("offered")
        offer = self.offers[fact.offer_id] = Offer(self._sender, fact, interaction)
        self.agent(fact.agent_id).offered(offer)

    def _offer_ended(self, fact: OfferEnded) -> None:
        if fact.how != "accepted":
            self._held.discard(fact.offer_id)
        offer = self.offers.pop(fact.offer_id, None)
        is_over = fact.how in {"accepted", "cancelled"} or fact.reason == TAKEN
        if not is_over and all(other.interaction.id != fact.interaction_id for other in self.offers.values()):
            self.interaction(fact.interaction_id).changed("queued")
        if offer is not None:
            offer.finish(fact)
            self.agent(fact.agent_id).withdrawn(offer)

    def _assigned(self, fact: InteractionAssigned) -> None:
        interaction = self.interaction(fact.interaction_id)
        interaction.changed("assigned", queue=fact.queue, assignment=fact)
        agent = self.agent(fact.agent_id)
        agent.work[fact.interaction_id] = fact
        if fact.offer_id == NO_OFFER or fact.offer_id in self._held:
            self._held.discard(fact.offer_id)
            agent.offered(Offer(self._sender, fact, interaction))

    def _dialled(self, fact: CustomerDialled) -> None:
        """The offer only holds its agent while the customer is dialled: there is nothing to answer."""
        offer = self.offers.get(fact.offer_id)
        if offer is not None:
            self._held.add(fact.offer_id)
            self.agent(fact.agent_id).withdrawn(offer)

    def _postponed(self, fact: CallbackPostponed) -> None:
        self.interaction(fact.interaction_id).changed("scheduled")

    def _ended(self, fact: InteractionEnded) -> None:
        handle = self.interaction(fact.interaction_id)
        handle.changed("ended", queue=fact.queue, end=fact)
        self.forget(handle)

    def _contact_over(self, fact: InteractionPassedOn | WrapUpStarted | AssignmentClosed) -> None:
        self.agent(fact.agent_id).left(fact.interaction_id)

    def _presence_changed(self, fact: PresenceChanged) -> None:
        agent = self.agent(fact.agent_id)
        agent.presence = fact.presence
        agent.ring()


def _made_again(holding: Holding, now: int) -> OfferMade:
    return OfferMade(
        now,
        holding.decision,
        holding.offer_id,
        holding.interaction.id,
        holding.agent.id,
        holding.queue_id,
        holding.tier,
        holding.score,
        holding.choice,
        holding.until,
    )


def _assigned_again(holding: Holding) -> InteractionAssigned:
    return InteractionAssigned(
        holding.connected_at,
        holding.decision,
        holding.offer_id,
        holding.interaction.id,
        holding.agent.id,
        holding.queue_id,
        holding.tier,
        holding.score,
        holding.choice,
        holding.interaction.waited_ms,
    )
