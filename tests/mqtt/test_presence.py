"""Presence over a real broker: last wills, sessions, the router's own status, and a broker that goes away."""

from __future__ import annotations

import asyncio

import pytest

from agents import wire
from agents.mqtt_terms import Will
from router.errors import TransportError
from tests.mqtt.desk import TOPICS, Desk, Peer, Protocol, until
from tests.servers import Server

pytestmark = pytest.mark.servers

both = pytest.mark.parametrize("protocol", ["3.1.1", "5"])
ANN = "agents/ann"
SHOP = "submitters/shop"


def gone(session: str) -> bytes:
    """What a last will says."""
    return wire.Connection(session=session, is_connected=False).model_dump_json().encode()


@both
async def test_a_last_will_loses_the_agent_and_its_work_goes_on(broker: Server, protocol: Protocol) -> None:
    """An agent whose link breaks is lost, by the broker's word; what it was offered goes to another."""
    async with Desk(broker, protocol=protocol) as desk, Peer(broker, protocol=protocol) as peer:
        will = Will(TOPICS.connection("ann"), gone("s1"))
        async with Peer(broker, "ann", protocol=protocol, will=will) as ann:
            await ann.connection_of("ann", "s1", is_connected=True)
            await ann.ask(ANN, "sign-in", request="1", session="s1")
            await peer.ask(SHOP, "submit", request="1", interaction_id="i1", section="s")
            offer = await ann.inbox(ANN, "offer")
            await peer.ask("agents/bob", "sign-in", request="1", session="b1")
            link = ann.connection._link_now
            assert link is not None
            link._client._sock_close()
            ann.connection._is_closing = True
            ann.connection._closing.set()
            assert (await peer.inbox("agents/bob", "offer"))["work"] == offer["work"]
            assert desk.presence("ann") == "offline"


async def test_a_late_will_of_an_old_session_changes_nothing(broker: Server) -> None:
    """Only the end of the agent's current session loses it; the wills of older ones, and of unheard ones, do nothing."""
    async with Desk(broker) as desk, Peer(broker) as peer:
        await peer.connection_of("bob", "b1", is_connected=False)
        await peer.ask("agents/bob", "sign-in", request="1")
        await peer.connection_of("bob", "b1", is_connected=False)
        await peer.ask(ANN, "sign-in", request="1", session="s1")
        await peer.ask(ANN, "sign-in", request="2", session="s2")
        await peer.connection_of("ann", "s1", is_connected=False)
        await peer.ask(ANN, "heartbeat", request="3", session="s1")
        await peer.connection_of("ann", "s1", is_connected=False)
        await peer.ask(ANN, "heartbeat", request="4", session="s2")
        assert (desk.presence("ann"), desk.presence("bob")) == ("ready", "ready")
        await peer.connection_of("ann", "s2", is_connected=False)
        await peer.inbox(ANN, "presence")
        await until(lambda: desk.presence("ann") == "offline")
        assert desk.presence("bob") == "ready"


async def test_the_end_of_a_session_is_not_forgotten_in_overload(broker: Server) -> None:
    """A last will that meets a full mailbox is taken up again once there is room."""
    async with Desk(broker, mailbox=1) as desk, Peer(broker) as peer:
        await peer.ask(ANN, "sign-in", request="1", session="s1")
        desk.journal.gate.clear()
        desk.journal.is_waiting.clear()
        await peer.say(SHOP, "submit", request="0", interaction_id="i0", section="s")
        async with asyncio.timeout(10):
            await desk.journal.is_waiting.wait()
        await peer.say(SHOP, "submit", request="1", interaction_id="i1", section="s")
        await peer.say(SHOP, "submit", request="2", interaction_id="i2", section="s")
        assert (await peer.reply(SHOP, "2"))["problem"]["code"] == "overloaded"
        await peer.connection_of("ann", "s1", is_connected=False)
        await peer.say(SHOP, "submit", request="9", interaction_id="i9", section="s")
        await peer.reply(SHOP, "9")
        desk.journal.gate.set()
        await until(lambda: desk.presence("ann") == "offline")


async def test_who_was_never_heard_over_mqtt_gets_no_letters(broker: Server) -> None:
    """An agent that speaks HTTP only has no inbox on the broker; from its first command over MQTT on it has."""
    async with Desk(broker) as desk, Peer(broker) as peer:
        await desk.router.sign_in("ann")
        await peer.ask(SHOP, "submit", request="1", interaction_id="i1", section="s")
        state = await peer.ask(ANN, "sign-in", request="1")
        assert not peer.on(f"{ANN}/inbox")
        assert [offer["work"]["interaction_id"] for offer in state["agent"]["offers"]] == ["i1"]
        await peer.ask(SHOP, "cancel", request="2", interaction_id="i1")
        await peer.inbox(ANN, "rescind")


@both
async def test_the_routers_status_is_kept(broker: Server, protocol: Protocol) -> None:
    """Running, draining and gone, retained, with an epoch that sorts later with every start."""
    async with Peer(broker, protocol=protocol) as peer:
        for _ in range(2):
            async with Desk(broker, protocol=protocol) as desk:
                await peer.until(
                    lambda: (
                        peer.on("router/status")[-1:] != []
                        and peer.on("router/status")[-1]["state"] == "running"
                    )
                )
                desk.transport.announce("draining")
        await peer.until(lambda: len(peer.on("router/status")) == 6)
        told = [(each["state"], each["epoch"]) for each in peer.on("router/status")]
        assert [state for state, _ in told] == ["running", "draining", "gone"] * 2
        assert told[0][1] == told[2][1] < told[3][1]
        async with Peer(broker, "late", protocol=protocol) as late:
            await late.until(lambda: bool(late.retained))
            assert late.retained[0][1]["state"] == "gone"


@both
async def test_a_broker_that_was_killed_is_found_again(broker: Server, protocol: Protocol) -> None:
    """The router says when its link went and came, subscribes anew, publishes what waited, and commands flow again."""
    async with Desk(broker, protocol=protocol) as desk, Peer(broker, protocol=protocol) as peer:
        await peer.ask(ANN, "sign-in", request="1", session="s1")
        broker.kill()
        async with asyncio.timeout(20):
            await desk.down.wait()
        assert not desk.transport.is_connected
        await desk.router.submit("s", id="i1", reply_to="shop")
        broker.start()
        await desk.transport.connected(20)
        await peer.connection.connected(20)
        assert (len(desk.ups), len(desk.downs)) == (2, 1)
        reply = await peer.ask(SHOP, "submit", request="1", interaction_id="i2", section="s")
        assert reply["answer"] == "queued"
        assert (await peer.ask(ANN, "sign-in", request="2", session="s2"))["agent"]["offers"]


async def test_while_the_broker_is_away_what_waits_is_bounded(
    broker: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Letters beyond the bound are dropped and counted, and nothing blocks; the next sign-in tells the agent all it missed."""
    monkeypatch.setattr("router.transports.mqtt.transport.LETTERS_WAITING", 5)
    async with Desk(broker) as desk, Peer(broker) as peer:
        await peer.ask(ANN, "sign-in", request="1", session="s1")
        broker.kill()
        async with asyncio.timeout(20):
            await desk.down.wait()
        for number in range(20):
            await desk.router.submit("s", id=f"i{number}", reply_to="shop")
            if number < 19:
                await desk.router.interaction(f"i{number}").cancel()
        assert desk.transport.backlog <= 6
        assert desk.transport.dropped["letters"] > 0
        broker.start()
        await desk.transport.connected(20)
        await peer.connection.connected(20)
        state = await peer.ask(ANN, "sign-in", request="2", session="s2")
        assert [offer["work"]["interaction_id"] for offer in state["agent"]["offers"]] == ["i19"]


@both
async def test_of_two_routers_of_one_centre_the_younger_stops(broker: Server, protocol: Protocol) -> None:
    """Two routers with one name throw each other out; the younger notices and ends, saying so, and the elder goes on."""
    reported: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["message"]))
    async with Desk(broker, protocol=protocol, epoch="1") as elder:
        async with Desk(broker, protocol=protocol, epoch="2") as younger:
            async with asyncio.timeout(20):
                failure = await younger.transport.ended()
            assert isinstance(failure, TransportError)
            assert "another router of this centre" in str(failure)
        await elder.transport.connected(20)
        async with Peer(broker, protocol=protocol) as peer:
            assert (await peer.ask(SHOP, "submit", request="1", interaction_id="i1", section="s"))[
                "answer"
            ] == "queued"
        assert elder.transport.failure is None
    assert reported == ["an MQTT connection has ended"]


async def test_routers_of_one_centre_under_prefixes_of_their_own_share_a_broker(broker: Server) -> None:
    """Two routers with prefixes of their own leave each other alone, as the advice to those with one name says."""
    async with (
        Desk(broker, prefix="one") as first,
        Desk(broker, prefix="two") as second,
        Peer(broker, topics=wire.Topics("test", "one")) as peer,
    ):
        assert (await peer.ask(ANN, "sign-in", request="1", session="s1"))["answer"] == "done"
        assert second.presence("ann") == "offline"
        assert (first.downs, second.downs) == ([], [])
