"""A whole interaction with mosquitto_pub and mosquitto_sub: the commands that docs/mqtt.md shows are run, and give what it shows."""

from __future__ import annotations

import asyncio
import re
import shlex
from pathlib import Path

import pytest

from agents.mqtt_terms import RefusedError
from tests.mqtt.desk import TOPICS, Desk, Peer
from tests.servers import Server, mosquitto, program

pytestmark = pytest.mark.servers

PAGE = Path(__file__).parents[2] / "docs" / "mqtt.md"
HEARD = [f"{TOPICS.root}/+/+/replies", f"{TOPICS.root}/+/+/inbox"]


def shown() -> list[tuple[str, list[str]]]:
    """Return the page's commands, each with the lines that it shows below."""
    page = PAGE.read_text(encoding="utf-8")
    block = re.search(r"```text\n(\$ mosquitto_pub.*?)```", page, re.DOTALL)
    assert block is not None
    told: list[tuple[str, list[str]]] = []
    for line in block.group(1).splitlines():
        if line.startswith("$ "):
            told.append((line[2:], []))
        elif line:
            told[-1][1].append(line)
    return told


def timeless(line: str) -> str:
    """Return a line without its moments and waiting times."""
    line = re.sub(r'"\d{4}-\d\d-\d\dT[^"]*"', '"TIME"', line)
    return re.sub(r'"wait_ms":\d+', '"wait_ms":N', line)


@pytest.mark.parametrize("version", ["311", "5"])
async def test_the_pages_commands_give_what_it_shows(broker: Server, version: str) -> None:
    """Any program that can publish and subscribe takes part, without a line of ours, in either version of MQTT."""
    subscriber = program("mosquitto_sub")
    options = ["-p", str(broker.port), "-V", version, "-q", "1"]
    topics = [part for topic in HEARD for part in ("-t", topic)]
    async with Desk(broker), Peer(broker) as peer:
        await peer.connection.publish(TOPICS.inbox("submitters", "probe"), b"{}", is_retained=True)
        listening = await asyncio.create_subprocess_exec(
            subscriber, "-v", *options, *topics, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert (await _next(listening)).endswith("/probe/inbox {}")  # so it has subscribed
            for command, lines in shown():
                name, *arguments = shlex.split(command)
                publishing = await asyncio.create_subprocess_exec(program(name), *options, *arguments)
                assert await publishing.wait() == 0
                heard = [timeless(await _next(listening)) for _ in lines]
                assert heard == [timeless(line) for line in lines]
        finally:
            listening.terminate()
            await listening.wait()


async def _next(listening: asyncio.subprocess.Process) -> str:
    """Return the next line of the subscriber."""
    assert listening.stdout is not None
    async with asyncio.timeout(20):
        return (await listening.stdout.readline()).decode().rstrip("\n")


async def test_the_pages_rules_let_everybody_speak_for_themselves_only(tmp_path: Path) -> None:
    """Under the page's rules ann and the router do their work, and what ann publishes in bob's name reaches nobody."""
    block = re.search(r"```text\n(# mosquitto.conf:.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    rules = tmp_path / "acl"
    rules.write_text(block.group(1))
    rules.chmod(0o700)
    with mosquitto(tmp_path, f"acl_file {rules}") as server:
        async with Desk(server, username="router") as desk, Peer(server, username="ann") as ann:
            assert (await ann.ask("agents/ann", "sign-in", request="1"))["type"] == "accepted"
            with pytest.raises(RefusedError, match="agents/bob/commands/sign-in"):
                await ann.say("agents/bob", "sign-in", request="2")
            assert desk.presence("bob") == "offline"
            assert (await ann.ask("submitters/ann", "submit", request="3", interaction_id="i1", section="s"))[
                "type"
            ]
            assert desk.transport.dropped["forbidden"] == 0
