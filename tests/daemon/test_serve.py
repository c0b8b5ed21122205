"""``switchroom serve`` as a real process: killed, drained, reloaded, started twice; spoken to over HTTP."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.errors import TransportError
from router.harness.live.children import Daemon
from tests.daemon.desk import CALL, LIMIT_S, Desk, running

pytestmark = pytest.mark.slow


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A daemon that runs, strictly durable."""
    async for ready in running(Desk(tmp_path)):
        yield ready


async def test_what_was_acknowledged_survives_a_kill(desk: Desk) -> None:
    """The waiting interaction, the agent's presence and its open offer are there after kill -9, and the offer can be accepted."""
    await desk.post("/v1/interactions", CALL)
    signed_in = await desk.post("/v1/agents/ana/sign-in")
    offer = signed_in["agent"]["offers"][0]
    await desk.post("/v1/interactions", {**CALL, "interaction_id": "c-2"})
    await desk.daemon.kill()
    started = await desk.daemon.start()
    assert started["replayed"] in {3, 4}  # time that passed may be an entry of its own
    assert (await desk.get("/v1/interactions/c-2"))["state"] == "queued"
    assert (await desk.get("/v1/agents/ana"))["presence"] == "ready"
    await desk.post(f"/v1/agents/ana/offers/{offer['offer_id']}/accept")
    assert (await desk.get("/v1/interactions/c-1"))["agent_id"] == "ana"


async def test_an_offer_has_as_much_time_left_as_before_the_kill(desk: Desk) -> None:
    """The time in which nobody could answer counts for nobody."""
    await desk.post("/v1/interactions", CALL)
    before = (await desk.post("/v1/agents/ana/sign-in"))["agent"]["offers"][0]["expires_at"]
    await desk.daemon.kill()
    await desk.daemon.start()
    assert (await desk.get("/v1/agents/ana"))["offers"][0]["expires_at"] > before


async def test_the_numbers_of_events_go_on_after_a_kill(desk: Desk) -> None:
    """A listener that comes back sees no number twice, and none for something else."""
    await desk.post("/v1/interactions", CALL)
    await desk.daemon.kill()
    await desk.daemon.start()
    await desk.post("/v1/interactions", {**CALL, "interaction_id": "c-2"})
    async with (
        asyncio.timeout(LIMIT_S),
        desk.http.stream("GET", "/v1/events", params={"after": "2"}) as stream,
    ):
        lines = []
        async for line in stream.aiter_lines():
            lines.append(line)
            if "c-2" in line:
                break
    events = [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")]
    assert [(event["sequence"], event["type"].removeprefix("switchroom.")) for event in events] == [
        (3, "notice.sent"),  # before the kill
        (4, "link.changed"),
        (5, "link.changed"),
        (6, "interaction.queued"),
    ]


async def test_a_second_daemon_on_the_journal_refuses(desk: Desk, tmp_path: Path) -> None:
    """It says who has it, and ends with 1; the first one goes on."""
    second = Desk(tmp_path)
    second.daemon.child.log = tmp_path / "second.log"
    with pytest.raises(TransportError, match=f"process {desk.daemon.child.pid}"):
        await second.daemon.start()
    assert await second.exit_code() == 1
    assert (await desk.http.get("/readyz")).is_success
    await second.http.aclose()


async def test_it_drains_when_told_to_end(tmp_path: Path) -> None:
    """New work is refused and told when to come back, agents finish, and the end is clean: the next start replays nothing."""
    async for desk in running(Desk(tmp_path, "--drain", "60")):
        await desk.post("/v1/interactions", CALL)
        await desk.post("/v1/interactions", {**CALL, "interaction_id": "c-2", "channel": "mail"})
        agent = (await desk.post("/v1/agents/ana/sign-in"))["agent"]
        offer_id = agent["offers"][0]["offer_id"]
        desk.daemon.child.send_signal(signal.SIGTERM)
        await desk.until_logged("daemon.draining")
        refused = await desk.http.post("/v1/interactions", json={**CALL, "interaction_id": "c-3"})
        assert (refused.status_code, refused.json()["code"]) == (503, "draining")
        assert refused.headers["retry-after"]
        assert (await desk.http.get("/readyz")).status_code == 503
        await desk.post(f"/v1/agents/ana/offers/{offer_id}/accept")
        await desk.post("/v1/interactions/c-2/cancel")
        await desk.post("/v1/agents/ana/not-ready", {"reason": "home"})
        await desk.post("/v1/agents/ana/interactions/c-1/finish")
        assert await desk.exit_code() == 0
        assert (await desk.daemon.start())["replayed"] == 0


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Whatever agents are at; nothing is lost by it."""
    async for desk in running(Desk(tmp_path, "--drain", "600")):
        await desk.post("/v1/interactions", CALL)
        await desk.post("/v1/agents/ana/sign-in")
        desk.daemon.child.send_signal(signal.SIGTERM)
        await desk.until_logged("daemon.draining")
        desk.daemon.child.send_signal(signal.SIGTERM)
        assert await desk.exit_code() == 0
        await desk.daemon.start()
        assert (await desk.get("/v1/interactions/c-1"))["state"] == "offered"


async def test_signals_while_it_closes_do_not_end_it_half_way(desk: Desk) -> None:
    """With nothing to drain the second signal comes while all is being closed; the exit code is 0 all the same."""
    desk.daemon.child.send_signal(signal.SIGTERM)
    await desk.until_logged("daemon.draining")
    async with asyncio.timeout(LIMIT_S):
        while desk.daemon.child.pid and not desk.logged("daemon.stopped"):
            desk.daemon.child.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.002)
    assert await desk.exit_code() == 0


async def test_it_reads_the_centre_again_when_asked(desk: Desk) -> None:
    """All of a good change is adopted; of a bad one nothing, and the log says why."""
    centre = desk.centre / "centre.yaml"
    centre.write_text(centre.read_text().replace("presence-ttl: 45s", "presence-ttl: 50s"))
    desk.daemon.child.send_signal(signal.SIGHUP)
    await desk.until_logged("plan.replaced")
    centre.write_text("order: no-such-order\n")
    desk.daemon.child.send_signal(signal.SIGHUP)
    await desk.until_logged("plan.refused")
    assert "no-such-order" in str(desk.logged("plan.refused")[0]["detail"])
    await desk.post("/v1/interactions", CALL)


async def test_a_changed_centre_is_adopted_at_the_start(desk: Desk) -> None:
    """What waits goes on under the new plan."""
    await desk.post("/v1/interactions", CALL)
    await desk.daemon.kill()
    centre = desk.centre / "centre.yaml"
    centre.write_text(centre.read_text().replace("presence-ttl: 45s", "presence-ttl: 50s"))
    await desk.daemon.start()
    assert len(desk.logged("plan.replaced")) == 1
    assert (await desk.get("/v1/interactions/c-1"))["state"] == "queued"


async def test_another_centre_is_not_adopted(desk: Desk) -> None:
    """Neither while it runs, since topics and events bear the centre's name, nor on the journal of the one before."""
    centre = desk.centre / "centre.yaml"
    centre.write_text(centre.read_text().replace("centre: quickstart", "centre: elsewhere"))
    desk.daemon.child.send_signal(signal.SIGHUP)
    await desk.until_logged("plan.refused")
    assert "this daemon routes for 'quickstart', not 'elsewhere'" in str(
        desk.logged("plan.refused")[0]["detail"]
    )
    await desk.daemon.kill()
    with pytest.raises(TransportError, match="the journal is of centre 'quickstart', not 'elsewhere'"):
        await desk.daemon.start()
    assert await desk.exit_code() == 3


async def test_a_broken_centre_is_not_started(tmp_path: Path) -> None:
    """Every problem is named with its place, and the exit code is 3."""
    desk = Desk(tmp_path)
    (desk.centre / "centre.yaml").write_text("order: no-such-order\n")
    with pytest.raises(TransportError, match=r"centre\.yaml:1:8"):
        await desk.daemon.start()
    assert await desk.exit_code() == 3
    await desk.http.aclose()


async def test_a_taken_port_is_said(desk: Desk, tmp_path: Path) -> None:
    """With the address; exit code 4."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = Desk(elsewhere)
    other.daemon = Daemon(other.centre, elsewhere, http_port=desk.port, mqtt_port=None)
    with pytest.raises(TransportError, match=f"cannot listen on 127.0.0.1:{desk.port}"):
        await other.daemon.start()
    assert await other.exit_code() == 4
    await other.http.aclose()


async def test_snapshots_are_kept_beside_the_running_daemon(tmp_path: Path) -> None:
    """Another process makes them; after a kill only what came later is replayed."""
    async for desk in running(Desk(tmp_path, "--snapshot-every", "5")):
        for number in range(10):
            await desk.post("/v1/interactions", {**CALL, "interaction_id": f"c-{number}"})
        await desk.until_logged("snapshot.kept")
        await desk.daemon.kill()
        started = await desk.daemon.start()
        assert (started["replayed"], started["waiting"]) == (0, 10)


async def test_a_snapshot_is_due_for_what_was_replayed_too(tmp_path: Path) -> None:
    """A daemon that is killed before it has written enough by itself keeps one after the next start, so that starts stay short."""
    before = Desk(tmp_path)
    async for desk in running(before):
        await desk.post("/v1/agents/ana/sign-in")
        for _ in range(10):
            await desk.post("/v1/agents/ana/not-ready")
            await desk.post("/v1/agents/ana/ready")
        await desk.daemon.kill()
    async for desk in running(Desk(tmp_path, "--snapshot-every", "20")):
        await desk.until_logged("snapshot.kept")


async def test_memory_says_what_it_is_worth(tmp_path: Path) -> None:
    """The bound is printed, and after a kill nothing is there."""
    async for desk in running(Desk(tmp_path, durability="memory")):
        assert "all is lost" in str(desk.logged("daemon.started")[0]["bound"])
        await desk.post("/v1/interactions", CALL)
        await desk.daemon.kill()
        await desk.daemon.start()
        assert (await desk.http.get("/v1/interactions/c-1")).status_code == 404


async def test_a_disk_that_takes_no_more_stops_it_loudly_and_loses_nothing(tmp_path: Path) -> None:
    """It ends with 1 and says what failed and where; started again with room, everything that was acknowledged is there."""
    desk = Desk(tmp_path)
    command = desk.daemon.child.command
    desk.daemon.child.command = ["sh", "-c", 'ulimit -f 800; exec "$@"', "sh", *command]  # 512 bytes each
    acknowledged: list[str] = []
    async for small in running(desk):
        for number in range(10_000):
            body = {**CALL, "interaction_id": f"c-{number}", "attributes": {"note": "x" * 1000}}
            if not await small.try_post("/v1/interactions", body):
                break
            acknowledged.append(f"c-{number}")
        assert await small.exit_code() == 1
        assert "journal.db: the disk failed" in str(small.logged("daemon.failed")[0]["detail"])
        assert acknowledged
        small.daemon.child.command = command
        await small.daemon.start()
        for name in acknowledged:
            assert (await small.get(f"/v1/interactions/{name}"))["state"] == "queued"


async def test_told_to_end_while_it_starts_it_ends_in_order(tmp_path: Path) -> None:
    """As soon as it hears signals: exit code 0, also before it is ready; a SIGHUP then does no harm."""
    desk = Desk(tmp_path)
    async for started in running(desk):
        for number in range(200):
            await started.post("/v1/interactions", {**CALL, "interaction_id": f"c-{number}"})
        await started.daemon.kill()
        await started.daemon.child.start()
        async with asyncio.timeout(LIMIT_S):
            while not _hears_signals(started.daemon.child.pid):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.001)
        started.daemon.child.send_signal(signal.SIGHUP)
        started.daemon.child.send_signal(signal.SIGTERM)
        assert await started.exit_code() == 0


def _hears_signals(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) & (1 << (signal.SIGTERM - 1)))
