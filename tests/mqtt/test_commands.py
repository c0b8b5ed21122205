"""Commands over a real broker: a whole interaction, replies after commit, repeats, and what is refused."""

from __future__ import annotations

import asyncio
import json

import pytest

from agents import wire
from router.transports.mqtt.transport import START_SHOWN
from tests.mqtt.desk import TOPICS, Desk, Peer, Protocol, until
from tests.servers import Server

pytestmark = pytest.mark.servers

both = pytest.mark.parametrize("protocol", ["3.1.1", "5"])
SHOP = "submitters/shop"
ANN = "agents/ann"


@both
async def test_a_whole_interaction(broker: Server, protocol: Protocol) -> None:
    """Submitted, offered, accepted, finished, wrapped up: each side hears what concerns it, in order, with the replies."""
    async with Desk(broker, protocol=protocol, events=True), Peer(broker, protocol=protocol) as peer:
        signed_in = await peer.ask(ANN, "sign-in", request="1", session="s1")
        assert signed_in["answer"] == "done"
        assert signed_in["agent"]["presence"] == "ready"
        submitted = await peer.ask(SHOP, "submit", request="1", interaction_id="i1", section="s")
        assert (submitted["type"], submitted["answer"]) == ("accepted", "queued")
        offer = await peer.inbox(ANN, "offer")
        assert offer["work"]["interaction_id"] == "i1"
        accepted = await peer.ask(ANN, "accept", request="2", offer_id=offer["offer_id"])
        assert (accepted["answer"], accepted["interaction_id"]) == ("accepted", "i1")
        await peer.inbox(ANN, "connect")
        assigned = await peer.inbox(SHOP, "assigned")
        assert assigned["agent_id"] == "ann"
        finished = await peer.ask(ANN, "finish", request="3", interaction_id="i1")
        assert finished["answer"] == "done"
        await peer.inbox(ANN, "closed")
        ended = await peer.inbox(SHOP, "ended")
        assert ended["how"] == "completed"
        await peer.until(
            lambda: any(t["type"] == "switchroom.interaction.ended" for t in peer.on("events/s"))
        )
        assert "switchroom.presence.changed" in {event["type"] for event in peer.on("events/-")}


@both
async def test_nothing_is_acknowledged_or_answered_before_it_is_kept(
    broker: Server, protocol: Protocol
) -> None:
    """A router that dies between receipt and commit gets the command again, and carries it out once."""
    async with Peer(broker, protocol=protocol) as peer:
        first = Desk(broker, protocol=protocol)
        async with first:
            first.journal.gate.clear()
            await peer.say(SHOP, "submit", request="1", interaction_id="i1", section="s")
            async with asyncio.timeout(10):
                await first.journal.is_waiting.wait()
            assert not peer.on(f"{SHOP}/replies")
            link = first.transport._connection._link_now
            assert link is not None
            first.transport._connection._is_closing = (
                True  # the process is gone: nobody reconnects or says good-bye
            )
            link._client._sock_close()
            first.transport._connection._closing.set()
        assert not peer.on(f"{SHOP}/replies")
        async with Desk(broker, protocol=protocol) as second:
            reply = await peer.reply(SHOP, "1")
            assert reply["answer"] == "queued"
            assert [entry.signal.interaction_id for entry in second.journal.entries] == ["i1"]  # type: ignore[union-attr]


async def test_what_a_closed_router_gets_is_left_for_the_next(broker: Server) -> None:
    """A command that arrives between the router's end and the transport's is not answered; the broker keeps it for the next router."""
    async with Peer(broker) as peer:
        async with Desk(broker) as first:
            await first.router.close()
            await peer.say(SHOP, "submit", request="1", interaction_id="i1", section="s")
            await until(lambda: first.transport.counts["submit", "left"] == 1)
        assert not peer.on(f"{SHOP}/replies")
        async with Desk(broker):
            assert (await peer.reply(SHOP, "1"))["answer"] == "queued"


async def test_a_repeated_command_is_carried_out_once(broker: Server) -> None:
    """The same request gets the same reply, and the engine sees it once; another command under that request is a conflict."""
    async with Desk(broker) as desk, Peer(broker) as peer:
        await peer.ask(ANN, "sign-in", request="1")
        first = await peer.ask(ANN, "not-ready", request="2", reason="tea")
        await peer.ask(ANN, "ready", request="3")
        entries = len(desk.journal.entries)
        again = await peer.ask(ANN, "not-ready", request="2", reason="tea")
        assert again == first
        assert len(desk.journal.entries) == entries
        assert desk.presence("ann") == "ready"
        other = await peer.ask(ANN, "not-ready", request="2", reason="lunch")
        assert other["problem"]["code"] == "conflict"
        submit = {"interaction_id": "i1", "section": "s"}
        assert (await peer.ask(SHOP, "submit", request="4", **submit))["answer"] == "queued"
        assert (await peer.ask(SHOP, "submit", request="5", **submit))["type"] == "accepted"
        assert list(desk.router.centre.interactions) == ["i1"]


async def test_a_repeat_while_the_first_is_under_way_waits_with_it(broker: Server) -> None:
    """Repeats that come before the commit do not reach the engine; one reply settles them all."""
    async with Desk(broker) as desk, Peer(broker) as peer:
        desk.journal.gate.clear()
        for _ in range(3):
            await peer.say(SHOP, "submit", request="1", interaction_id="i1", section="s")
        await peer.say(SHOP, "cancel", request="2", interaction_id="i1")
        await until(lambda: len(desk.transport._desk._repeats._under_way) == 2)
        desk.journal.gate.set()
        assert (await peer.reply(SHOP, "2"))["type"] == "accepted"
        assert len(peer.on(f"{SHOP}/replies")) == 2
        assert len(desk.journal.entries) == 2
        assert not desk.transport._desk._repeats._under_way


async def test_an_old_accept_gets_the_real_state(broker: Server) -> None:
    """A replayed accept of an offer that has ended is refused with what became of the offer."""
    async with Desk(broker), Peer(broker) as peer:
        await peer.ask(ANN, "sign-in", request="1")
        await peer.ask(SHOP, "submit", request="1", interaction_id="i1", section="s")
        offer = await peer.inbox(ANN, "offer")
        await peer.ask(SHOP, "cancel", request="2", interaction_id="i1")
        refused = await peer.ask(ANN, "accept", request="2", offer_id=offer["offer_id"])
        assert refused["problem"]["code"] == "offer-ended"
        assert refused["problem"]["state"]


async def test_no_agent_answers_for_another(broker: Server) -> None:
    """The topic says who speaks: bob's accept of ann's offer is refused, and the offer stays hers."""
    async with Desk(broker), Peer(broker) as peer:
        await peer.ask(ANN, "sign-in", request="1")
        await peer.ask(SHOP, "submit", request="1", interaction_id="i1", section="s")
        offer = await peer.inbox(ANN, "offer")
        await peer.ask("agents/bob", "sign-in", request="1")
        refused = await peer.ask("agents/bob", "accept", request="2", offer_id=offer["offer_id"])
        assert refused["problem"]["code"] == "not-yours"
        accepted = await peer.ask(ANN, "accept", request="2", offer_id=offer["offer_id"])
        assert accepted["answer"] == "accepted"


async def test_overload_is_said(broker: Server) -> None:
    """When the mailbox is full the command is refused with when to try again; repeated then, it succeeds."""
    async with Desk(broker, mailbox=1) as desk, Peer(broker) as peer:
        desk.journal.gate.clear()
        for number in range(5):
            await peer.say(SHOP, "submit", request=f"{number}", interaction_id=f"i{number}", section="s")
        refused = await peer.reply(SHOP, "4")
        assert refused["problem"]["code"] == "overloaded"
        assert refused["problem"]["retry_after_s"] == 1
        desk.journal.gate.set()
        await peer.reply(SHOP, "0")
        again = await peer.ask(SHOP, "submit", request="4", interaction_id="i4", section="s")
        assert again["answer"] == "queued"


BAD = {
    "not UTF-8": (b'{"request":"r","interaction_id":"\xff"}', "unreadable", "not UTF-8"),
    "truncated": (b'{"request":"r","interaction_id":"i', "unreadable", "not JSON"),
    "too deep": (b'{"request":"r","attributes":' + b"[" * 20_000, "unreadable", "16 deep"),
    "too long": (b'{"request":"r","x":"' + b"y" * wire.BODY_MAX + b'"}', "unreadable", "65536"),
    "wrong types": (b'{"request":"r","interaction_id":1,"section":"s"}', "invalid", "/interaction_id"),
    "unknown field": (b'{"request":"r","interaction_id":"i","section":"s","x":1}', "invalid", "/x"),
    "unknown version": (
        b'{"v":2,"request":"r","interaction_id":"i","section":"s"}',
        "unreadable",
        "version 2",
    ),
    "no object": (b'["request"]', "invalid", "an object"),
    "NaN": (
        b'{"request":"r","interaction_id":"i","section":"s","attributes":{"x":NaN}}',
        "invalid",
        "/attributes/x",
    ),
}


@pytest.mark.parametrize("name", list(BAD))
async def test_what_cannot_be_read_is_refused_and_kept_as_a_dead_letter(broker: Server, name: str) -> None:
    """The sender hears why, the dead letter says where from, how long and how it began, and the router goes on."""
    payload, code, detail = BAD[name]
    async with Desk(broker) as desk, Peer(broker) as peer:
        await peer.raw(SHOP, "submit", payload)
        await peer.until(lambda: bool(peer.on("router/dead-letters")))
        (dead,) = peer.on("router/dead-letters")
        (reply,) = peer.on(f"{SHOP}/replies")
        assert (reply["type"], reply["request"]) == ("refused", "r" if b'"request":"r"' in payload else None)
        assert reply["problem"] == dead["problem"]
        assert dead["problem"]["code"] == code
        assert detail in dead["problem"]["detail"]
        assert dead["topic"] == TOPICS.command("submitters", "shop", "submit")
        assert dead["length"] == len(payload)
        assert len(dead["start"]) <= 4 * START_SHOWN
        assert desk.transport.counts["submit", code] == 1
        assert (await peer.ask(SHOP, "submit", request="1", interaction_id="i1", section="s"))[
            "type"
        ] == "accepted"


async def test_topics_that_name_nobody_or_nothing_are_dead_letters(broker: Server) -> None:
    """Names that are no ids, unknown commands, retained commands and strange connections change nothing and are told."""
    async with Peer(broker) as peer:
        await peer.raw(SHOP, "submit", b'{"interaction_id":"i0","section":"s"}', is_retained=True)
        async with Desk(broker) as desk:
            await peer.until(lambda: len(peer.on("router/dead-letters")) == 1)
            long = "x" * 60_000
            for sender, verb in (
                ("submitters/a b", "submit"),
                ("submitters/", "submit"),
                ("submitters/$SYS", "submit"),
                (f"submitters/{long}", "submit"),
                (SHOP, "accept"),
                (SHOP, long),
            ):
                await peer.raw(sender, verb, b'{"request":"r"}')
            await peer.connection_of("nobody", "s1", is_connected=True)
            await peer.connection.publish(TOPICS.connection("ann"), b"{}")
            await peer.until(lambda: len(peer.on("router/dead-letters")) == 9)
            codes = [dead["problem"]["code"] for dead in peer.on("router/dead-letters")]
            assert codes == [
                "retained",
                *["bad-id"] * 4,
                *["unknown-command"] * 2,
                "unknown-agent",
                "invalid",
            ]
            assert all(len(json.dumps(dead)) < 2_000 for dead in peer.on("router/dead-letters"))
            assert not desk.journal.entries
            assert {verb for verb, _ in desk.transport.counts} == {"submit", "unknown", "connection"}


async def test_many_senders_leave_nothing_behind(broker: Server) -> None:
    """Commands from ever more senders, right ones and wrong ones, do not make the transport's memory grow without bound."""
    async with Desk(broker) as desk, Peer(broker) as peer:
        desk.transport._desk._repeats._remembered = 50
        sent = [
            peer.say(f"agents/a{number}", "sign-in", request="1", session="s1") for number in range(1_000)
        ] + [
            peer.say(f"submitters/s{number}", "submit", request="1", interaction_id=f"i{number}", section="s")
            for number in range(1_000)
        ]
        await asyncio.gather(*sent)
        await peer.reply("submitters/s999", "1")
        await until(lambda: desk.transport.counts["submit", "accepted"] == 1_000)
        assert desk.transport.counts["sign-in", "unknown-agent"] == 1_000
        assert not desk.transport._sessions._current
        assert len(desk.transport._desk._repeats) == 50
        assert not desk.transport._desk._repeats._under_way


async def test_a_submitter_asks_what_became_of_its_interaction(broker: Server) -> None:
    """It hears again what it was told last; nobody else does."""
    async with Desk(broker), Peer(broker) as peer:
        await peer.ask(SHOP, "submit", request="1", interaction_id="i1", section="s")
        nothing = await peer.ask(SHOP, "ask", request="2", interaction_id="i1")
        await peer.ask(SHOP, "cancel", request="3", interaction_id="i1")
        told = await peer.ask(SHOP, "ask", request="4", interaction_id="i1")
        other = await peer.ask("submitters/other", "ask", request="5", interaction_id="i1")
        unknown = await peer.ask(SHOP, "ask", request="6", interaction_id="i9")
    assert nothing["told"] is None
    assert (told["told"]["type"], told["told"]["how"]) == ("ended", "cancelled")
    assert other["problem"]["code"] == "not-yours"
    assert unknown["problem"]["code"] == "unknown-interaction"
