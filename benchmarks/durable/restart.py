"""How long the daemon is away when it is killed with very much waiting, and how long its event loop stands still while a snapshot is made.

    python -m benchmarks.durable.restart [--waiting N] [--rounds N] [--folder PATH]

A journal is filled with that many waiting interactions, the daemon is started on it, killed (SIGKILL), and started again: seconds from the
start of the process to its first answer over HTTP, and to its first decision: an agent signs in, and the answer brings an offer, which
must be of the oldest interaction. Once from entries alone, then from a snapshot. The pause: requests for /healthz one after the other, the
longest of which is given, first with nothing else to do, then while the compaction process makes a snapshot. Exit code 1: a wrong answer.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.durable.centre import ATTRIBUTES, agent_names, call_id, write_centre
from benchmarks.durable.compare import WrongAnswerError
from router.config import load
from router.core.engine import Engine
from router.core.names import ChannelId, InteractionId, SectionId
from router.core.signals import InteractionArrived
from router.daemon.recovery import TOLD
from router.harness.live.children import Child, Daemon, ended_with, free_port, make_python
from router.policies import BUILT_IN
from router.ports import Entry, digest
from router.stores.sqlite import SqliteStore

AGENTS = 100
NO_SNAPSHOTS = ("--snapshot-every", "1000000000")
"""Of the daemon's own: when one is made is for this command to say."""


async def fill(centre: Path, journal: Path, waiting: int) -> None:
    """Write a journal in which so many wait."""
    plan = load(centre)
    now = time.time_ns() // 1_000_000 - 60_000
    engine = Engine(plan, BUILT_IN, now=now)
    store = SqliteStore(journal, durability="relaxed")
    await store.begin(plan, {**engine.snapshot(), TOLD: 0})
    entries: list[Entry] = []
    for number in range(waiting):
        arrival = InteractionArrived(
            InteractionId(call_id(number)), SectionId("main"), ChannelId("chat"), ATTRIBUTES
        )
        entries.append(
            Entry(now + number // 10, arrival, digest(engine.handle(arrival, now + number // 10).facts))
        )
        if len(entries) == 128:
            await store.append(entries)
            entries = []
    await store.append(entries)
    await store.close()


async def until_ready(child: Child, client: httpx.AsyncClient) -> None:
    """Return once the daemon answers that it is ready."""
    while True:
        try:
            (await client.get("/readyz")).raise_for_status()
        except httpx.HTTPError:
            child.check()
            await asyncio.sleep(0.005)
        else:
            return


async def first_decision(centre: Path, folder: Path, agent: str, oldest: str) -> tuple[float, float, int]:
    """Start the daemon, have the agent sign in, kill the daemon; return seconds to the first answer and decision, and what was replayed."""
    port = free_port()
    daemon = Daemon(centre, folder, http_port=port, mqtt_port=None, options=NO_SNAPSHOTS)
    started = time.monotonic()
    async with ended_with(daemon.child), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await daemon.child.start()
        await until_ready(daemon.child, client)
        answered = time.monotonic() - started
        response = await client.post(f"/v1/agents/{agent}/sign-in", json={})
        decided = time.monotonic() - started
        offers = [offer["work"]["interaction_id"] for offer in response.json()["agent"]["offers"]]
        if offers != [oldest]:
            raise WrongAnswerError(f"{agent} was offered {offers}, not {oldest}")
        line = [line for line in daemon.lines() if line.get("event") == "daemon.started"][-1]
        replayed = line["replayed"]
        assert isinstance(replayed, int)
        await daemon.kill()
    return answered, decided, replayed


async def longest(client: httpx.AsyncClient, until: asyncio.Event) -> tuple[float, float]:
    """Ask again and again; return the longest and the median wait, in ms."""
    waits = []
    while not until.is_set():
        asked = time.monotonic()
        (await client.get("/healthz")).raise_for_status()
        waits.append(1000 * (time.monotonic() - asked))
        await asyncio.sleep(0.002)
    return max(waits), statistics.median(waits)


async def pauses(centre: Path, folder: Path) -> list[tuple[float, float]]:
    """Return the longest and median wait alone, and beside a compaction, which is left in the journal."""
    port = free_port()
    daemon = Daemon(centre, folder, http_port=port, mqtt_port=None, options=NO_SNAPSHOTS)
    found = []
    async with ended_with(daemon.child), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await daemon.child.start()
        await until_ready(daemon.child, client)
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(2.0, over.set)
        found.append(await longest(client, over))
        compaction: Child = make_python(
            "compaction", "router.daemon.compaction", [str(folder / "journal")], folder
        )
        over = asyncio.Event()
        async with ended_with(compaction):
            await compaction.start()
            waiting = asyncio.ensure_future(compaction.wait())
            waiting.add_done_callback(lambda _: over.set())
            found.append(await longest(client, over))
            if await waiting:
                raise WrongAnswerError(f"no snapshot was kept: {compaction.last_words()}")
        await daemon.kill()
    return found


async def measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary)
        centre = write_centre(folder, AGENTS)
        (folder / "journal").mkdir(mode=0o700)
        await fill(centre, folder / "journal", options.waiting)
        agents = iter(agent_names(AGENTS))
        calls = map(call_id, range(AGENTS))
        for case in ("entries", "snapshot"):
            runs = [
                await first_decision(centre, folder, next(agents), next(calls)) for _ in range(options.rounds)
            ]
            print(
                f"{options.waiting:,} waiting, from {case} ({max(run[2] for run in runs):,} replayed), best of {len(runs)}: "
                f"first answer after {min(run[0] for run in runs):.2f} s, first decision after {min(run[1] for run in runs):.2f} s",
                flush=True,
            )
            if case == "entries":
                alone, beside = await pauses(centre, folder)
                print(
                    f"longest /healthz {beside[0]:.1f} ms (median {beside[1]:.1f}) while a snapshot is made; "
                    f"{alone[0]:.1f} ms ({alone[1]:.1f}) with nothing to do",
                    flush=True,
                )
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where the journal is made: the disk that counts")
    try:
        asyncio.run(measure(parser.parse_args()))
    except WrongAnswerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
