"""``switchroom serve`` with a real broker that goes away, and with another daemon on it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agents.client import AgentClient
from agents.submitter import SubmitterClient
from tests.daemon.desk import CALL, Desk, running
from tests.servers import mosquitto

pytestmark = [pytest.mark.slow, pytest.mark.servers]

CENTRE = "quickstart"


async def test_while_the_broker_is_away_no_offer_runs_out(tmp_path: Path) -> None:
    """The link is noted as lost and restored, the offer gets its time back, and what was asked meanwhile is answered afterwards."""
    with mosquitto(tmp_path) as broker:
        url = f"mqtt://127.0.0.1:{broker.port}"
        async for desk in running(Desk(tmp_path, mqtt_port=broker.port)):
            async with (
                SubmitterClient(url, name="shop", centre=CENTRE) as shop,
                AgentClient(url, agent="ana", centre=CENTRE, heartbeat_s=0.5) as ana,
            ):
                call = await shop.submit("support", "voice", id="c-1", attributes={"language": "english"})
                offer = await ana.next_offer()
                broker.kill()
                await desk.until_logged("mqtt.lost")
                asked = asyncio.create_task(shop.submit("support", "voice", id="c-2"))
                broker.start()
                await desk.until_logged("mqtt.connected", 2)
                extended = (await desk.get("/v1/agents/ana"))["offers"]
                assert [each["offer_id"] for each in extended] == [offer.id]
                await (await offer.accept()).finish()
                assert (await call.ended()).how == "completed"
                assert (await asked).id == "c-2"
            metrics = (await desk.http.get("/metrics")).text
            assert (
                'switchroom_commands_total{result="accepted",transport="mqtt",verb="finish"} 1.0' in metrics
            )
            assert "switchroom_mqtt_backlog 0.0" in metrics
            types = await desk.event_types()
            assert types.count("switchroom.link.changed") == 2
            assert "switchroom.offer.extended" in types


async def test_a_second_daemon_of_the_centre_on_the_broker_stops(tmp_path: Path) -> None:
    """With a journal of its own it would decide otherwise than the first: the younger ends, loudly, and the first goes on."""
    with mosquitto(tmp_path) as broker:
        async for desk in running(Desk(tmp_path, mqtt_port=broker.port)):
            elsewhere = tmp_path / "elsewhere"
            elsewhere.mkdir()
            async for other in running(Desk(elsewhere, mqtt_port=broker.port)):
                assert await other.exit_code() == 4
                assert other.logged("daemon.failed")
            await desk.post("/v1/interactions", CALL)


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
async def test_it_starts_without_its_broker_and_says_so(protocol: str, tmp_path: Path) -> None:
    """HTTP works meanwhile; when the broker comes, so does MQTT."""
    with mosquitto(tmp_path) as broker:
        broker.kill()
        async for desk in running(Desk(tmp_path, "--mqtt-protocol", protocol, mqtt_port=broker.port)):
            assert desk.logged("mqtt.waiting")
            await desk.post("/v1/interactions", CALL)
            broker.start()
            await desk.until_logged("mqtt.connected")
            url = f"mqtt://127.0.0.1:{broker.port}"
            async with AgentClient(url, agent="ana", centre=CENTRE) as ana:
                assert (await ana.next_offer()).interaction_id == "c-1"
