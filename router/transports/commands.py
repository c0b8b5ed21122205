"""Commands of the wire to signals of the engine. Decides nothing: what is legal is the engine's business."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import JsonValue

from agents import wire
from agents.model import AgentId
from router.core.checks import only_channel
from router.core.names import ChannelId, InteractionId, OfferId, QueueId, SectionId
from router.core.plan import Plan
from router.core.requirement import Requirement
from router.core.signals import (
    AgentBecameNotReady,
    AgentBecameReady,
    AgentHeartbeat,
    AgentSignedIn,
    AgentSignedOut,
    AgentStartedDraining,
    CallbackAnswered,
    CallbackRequested,
    CallbackUnanswered,
    ConnectFailed,
    InteractionAbandoned,
    InteractionArrived,
    InteractionCancelled,
    InteractionCompleted,
    InteractionTransferred,
    OfferAccepted,
    OfferDeclined,
    Signal,
    WorkFinished,
    WrapUpDone,
)

ReadRequirement = Callable[[JsonValue, Plan], Requirement]
"""Returns what is asked of an agent, from how the files write it; raises ``ConfigError``."""


class Translator:
    """Turns commands into signals, under the plan of the moment."""

    def __init__(self, plan: Callable[[], Plan], read_requirement: ReadRequirement) -> None:
        self._plan = plan
        self._read_requirement = read_requirement

    def of_submitter(self, command: wire.Command, reply_to: str | None = None) -> Signal:
        """Return the signal of a submitter's command; ``reply_to`` names who is told what becomes of the interaction.

        Raises ``ConfigError`` for a requirement that cannot be read, ``SignalError`` (``unknown-channel``) where the channel is left
        out and the centre has several.
        """
        match command:
            case wire.Submit():
                return self._arrival(command, reply_to)
            case wire.Cancel():
                return InteractionCancelled(InteractionId(command.interaction_id), command.reason)
            case wire.Abandon():
                return InteractionAbandoned(InteractionId(command.interaction_id))
            case wire.Complete():
                return InteractionCompleted(InteractionId(command.interaction_id))
            case wire.Callback():
                return CallbackRequested(
                    InteractionId(command.interaction_id),
                    command.number,
                    None if command.not_before is None else wire.to_ms(command.not_before),
                    None if command.not_after is None else wire.to_ms(command.not_after),
                )
            case wire.Reached():
                return CallbackAnswered(InteractionId(command.interaction_id))
            case wire.NotReached():
                return CallbackUnanswered(InteractionId(command.interaction_id), command.reason)
            case _:
                raise TypeError(f"{type(command).__name__} is not a submitter's command")

    def of_agent(self, command: wire.AgentCommand, name: str) -> Signal:
        """Return the signal of a command that the agent ``name`` sent. Raises ``ConfigError`` like ``of_submitter``."""
        agent = AgentId(name)
        match command:
            case wire.SignIn():
                return AgentSignedIn(agent, command.ready, command.reason)
            case wire.Ready():
                return AgentBecameReady(agent)
            case wire.NotReady():
                return AgentBecameNotReady(agent, command.reason)
            case wire.Drain():
                return AgentStartedDraining(agent)
            case wire.SignOut():
                return AgentSignedOut(agent)
            case wire.Heartbeat():
                return AgentHeartbeat(agent)
            case wire.Accept():
                return OfferAccepted(OfferId(command.offer_id), agent)
            case wire.Decline():
                return OfferDeclined(OfferId(command.offer_id), agent, command.reason)
            case wire.Fail():
                return ConnectFailed(OfferId(command.offer_id), agent, command.reason)
            case wire.Finish():
                return WorkFinished(InteractionId(command.interaction_id), agent)
            case wire.WrapUpDone():
                return WrapUpDone(InteractionId(command.interaction_id), agent)
            case wire.Transfer():
                return self._transfer(command, agent)
            case _:
                raise TypeError(f"{type(command).__name__} is not an agent's command")

    def _arrival(self, command: wire.Submit, reply_to: str | None) -> InteractionArrived:
        return InteractionArrived(
            InteractionId(command.interaction_id),
            SectionId(command.section),
            self._channel(command.channel),
            command.attributes,
            None if command.queue is None else QueueId(command.queue),
            command.priority,
            self._requirement(command.requirement),
            command.customer,
            None if command.due_at is None else wire.to_ms(command.due_at),
            None if command.not_before is None else wire.to_ms(command.not_before),
            None if command.original_arrived_at is None else wire.to_ms(command.original_arrived_at),
            reply_to,
            None if command.expires_at is None else wire.to_ms(command.expires_at),
            command.position,
            tuple(AgentId(agent) for agent in command.preferred),
        )

    def _transfer(self, command: wire.Transfer, agent: AgentId) -> InteractionTransferred:
        return InteractionTransferred(
            InteractionId(command.interaction_id),
            agent,
            None if command.queue is None else QueueId(command.queue),
            command.priority,
            self._requirement(command.requirement),
            command.keep_place,
            command.to_people,
        )

    def _requirement(self, written: JsonValue) -> Requirement | None:
        return None if written is None else self._read_requirement(written, self._plan())

    def _channel(self, channel: str | None) -> ChannelId:
        if channel is not None:
            return ChannelId(channel)
        return only_channel([each.channel_id for each in self._plan().channels])
