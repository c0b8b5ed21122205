"""Over MQTT: one agent on two devices, last wills that come late, brokers that go away, and errors that say what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents import wire
from agents.client import AgentClient
from agents.errors import TakenOverError, UnreachableError
from agents.mqtt_connection import Connection
from agents.mqtt_terms import Broker
from router.core.facts import PresenceChanged
from router.core.plan import Plan
from tests.agents.stand import PATIENCE_S, OverMqtt, Stand, eventually

pytestmark = pytest.mark.servers

TOPICS = wire.Topics("test")


@pytest.fixture
def broker(tmp_path: Path) -> OverMqtt:
    """A broker that a stand will be on."""
    return OverMqtt(tmp_path)


@pytest.fixture
async def stand(plan: Plan, broker: OverMqtt) -> AsyncIterator[Stand]:
    """The help desk on that broker."""
    async with Stand(plan, broker) as running:
        yield running


def connection(broker: OverMqtt, name: str) -> Connection:
    """Some other program on the broker."""
    return Connection(Broker(client_id=name, port=broker.broker.port), lambda message: None)


def told(session: str, *, is_connected: bool) -> bytes:
    return wire.Connection(session=session, is_connected=is_connected).model_dump_json().encode()


async def test_the_second_device_takes_over(stand: Stand) -> None:
    """Where an agent signs in from a second device, the first one's loop ends and says so; the second has what it was offered."""
    async with stand.submitter() as shop, stand.agent("ana", session="desk") as first:
        await shop.submit("support", id="call-1")
        offer = await first.next_offer()
        async with stand.agent("ana", session="phone") as second:
            with pytest.raises(TakenOverError, match="ana"):
                async with asyncio.timeout(PATIENCE_S):
                    await first.next_offer()
            with pytest.raises(TakenOverError):
                await offer.accept()
            async with asyncio.timeout(PATIENCE_S):
                again = await second.next_offer()
            assert again.id == offer.id
            await first.__aexit__(None, None, None)
            work = await again.accept()
            await work.finish()
            stand.router.assert_presence("ana", "ready")


async def test_a_late_last_will_of_an_older_session_changes_nothing(stand: Stand, broker: OverMqtt) -> None:
    """The will of a session that was taken over comes when the new one works: the agent stays, and the topic says so again."""
    heard: list[wire.Connection] = []
    listener = Connection(
        Broker(client_id="listener", port=broker.broker.port),
        lambda message: heard.append(wire.Connection.model_validate_json(message.payload)),
        subscribe=[TOPICS.connection("ana")],
    )
    async with stand.agent("ana", session="new") as ana, listener, connection(broker, "will") as other:
        await listener.connected(PATIENCE_S)
        await other.connected(PATIENCE_S)
        await other.publish(TOPICS.connection("ana"), told("old", is_connected=False), is_retained=True)
        await eventually(
            lambda: heard[-1:] == [wire.Connection(session="new", is_connected=True)] and len(heard) > 1,
            "the new session says that it is there",
        )
        await ana.heartbeat()
        stand.router.assert_presence("ana", "ready")


async def test_a_killed_agent_is_lost_at_once_and_comes_back(stand: Stand, broker: OverMqtt) -> None:
    """Its own last will loses an agent; if it is there all the same it signs in again."""
    async with stand.agent("ana", session="mine") as ana, connection(broker, "will") as other:
        await other.connected(PATIENCE_S)
        await other.publish(TOPICS.connection("ana"), told("mine", is_connected=False), is_retained=True)
        await eventually(
            lambda: (
                [fact.presence for fact in stand.router.facts if isinstance(fact, PresenceChanged)]
                == ["ready", "offline", "ready"]
            ),
            "it is lost and back",
        )
        await eventually(lambda: ana.presence == "ready", "it is told")


async def test_a_broker_that_was_told_to_stop_loses_no_work(stand: Stand, broker: OverMqtt) -> None:
    """A broker's orderly restart publishes all last wills: contacts are kept for their agents, and go on."""
    async with stand.submitter() as shop, stand.agent("ana") as ana:
        call = await shop.submit("support", id="call-1")
        work = await (await ana.next_offer()).accept()
        broker.broker.stop()
        await eventually(lambda: not ana.is_connected, "the link is gone")
        broker.broker.start()
        await work.finish()
        assert (await call.ended()).how == "completed"


async def test_no_router_behind_the_broker(broker: OverMqtt) -> None:
    """Where the broker is there but no router of that centre, the error names the topic that was listened to."""
    try:
        with pytest.raises(UnreachableError, match="no router at switchroom/v1/elsewhere/router/status"):
            async with AgentClient(broker.url, agent="ana", centre="elsewhere", give_up_s=1.0):
                pass
    finally:
        broker.end()


async def test_no_broker() -> None:
    """An address without a broker is unreachable, and the error says what the system said."""
    with pytest.raises(UnreachableError, match="refused"):
        async with AgentClient("mqtt://127.0.0.1:9", agent="ana", centre="test", give_up_s=1.5):
            pass
