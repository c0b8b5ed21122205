"""What it costs to keep a journal: events a second in batches of 1, 16 and 128, beside a bare SQLite table that is given
blobs of the same sizes with the same settings; and how long a restart takes with much waiting.

    python -m benchmarks.journal [--entries N] [--waiting N] [--rounds N] [--folder PATH] [--json]

Every measured journal is opened again afterwards, and what it gives back is held against what it was given. Rounds take
turns; a ratio is the median of the ratios inside a round. `--folder` says where the files are made: the disk
decides. An entry is an arrival with two attributes, an accepted offer or a finished contact.

Exit codes: 0 measured, 1 what came back was not what was written.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from agents.model import Agent, AgentId, ChannelId, Skill, SkillName, WrapUp
from router.core.engine import Engine
from router.core.names import CentreId, InteractionId, QueueId, SectionId
from router.core.plan import Channel, OfferRules, Plan, Queue, Section
from router.core.requirement import SkillTerm
from router.core.signals import AgentSignedIn, InteractionArrived, OfferAccepted, Signal, WorkFinished
from router.policies import BUILT_IN
from router.ports import Entry, digest
from router.service.replay import replay
from router.stores.compaction import Compaction
from router.stores.memory import MemoryStore
from router.stores.records import decode, encode
from router.stores.sqlite import SqliteStore

VOICE, SECTION = ChannelId("voice"), SectionId("centre")
BATCHES = (1, 16, 128)
KINDS = 20
Batches = list[Sequence[Entry]]


class WrongAnswerError(Exception):
    """What came back is not what was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One store at one batch size; ``ratio`` is to the bare table with the same settings."""

    store: str
    batch: int
    entries_per_s: float
    ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Seconds of a restart, and of what is in it."""

    waiting: int
    entries: int
    case: str
    open_s: float
    snapshot_s: float
    replay_s: float
    total_s: float
    signals_per_s: float | None
    megabytes: float


# ── what is written ──────────────────────────────────────────────────────────────────────────────────────────────


def a_plan(agents: int) -> Plan:
    """Twenty queues that ask for a skill each, agents with two skills each."""
    skills = [SkillName(f"skill-{kind:02d}") for kind in range(KINDS)]
    queues = tuple(
        Queue(queue_id=QueueId(skill), section_id=SECTION, requirement=SkillTerm(skill=skill, level=3))
        for skill in skills
    )
    section = Section(
        section_id=SECTION,
        queues=queues,
        default_queue=queues[0].queue_id,
        offers=((VOICE, OfferRules()),),
        wrap_up=((VOICE, WrapUp()),),
    )
    return Plan(
        version="bench",
        centre_id=CentreId("centre"),
        channels=(Channel(channel_id=VOICE, hold_ms=None),),
        sections=(section,),
        agents=tuple(
            Agent(
                agent_id=AgentId(f"agent-{number}"),
                skills=(
                    Skill(name=skills[number % KINDS], level=5),
                    Skill(name=skills[(number + 1 + number // KINDS % (KINDS - 1)) % KINDS], level=5),
                ),
            )
            for number in range(agents)
        ),
    )


class Centre:
    """A live engine that writes down what it is given."""

    def __init__(self, agents: int) -> None:
        self.plan = a_plan(agents)
        self.engine = Engine(self.plan, BUILT_IN)
        self.begun = self.engine.snapshot()
        self.now = 0
        self.calls = 0
        self.entries: list[Entry] = []
        for agent in self.plan.agents:
            self.send(AgentSignedIn(agent.agent_id))

    def send(self, signal: Signal) -> None:
        outcome = self.engine.handle(signal, self.now)
        self.entries.append(Entry(self.now, signal, digest(outcome.facts)))

    def arrive(self) -> InteractionId:
        self.calls += 1
        call = InteractionId(f"call-{self.calls:08d}")
        queue = QueueId(f"skill-{self.calls % KINDS:02d}")
        attributes = {"language": "french", "amount": self.calls * 0.25}
        self.send(InteractionArrived(call, SECTION, VOICE, attributes, queue))
        return call

    def work(self, entries: int, rng: Random) -> None:
        """Let calls come, be accepted and be finished until there are so many entries."""
        connected: list[tuple[InteractionId, AgentId]] = []
        while len(self.entries) < entries:
            self.now += rng.randint(1, 5)
            if connected and (len(connected) > 50 or not self.engine.centre.offers):
                self.send(WorkFinished(*connected.pop(0)))
                continue
            call = self.arrive()
            for holding in list(self.engine.centre.offers.values()):
                if holding.state == "offered" and holding.interaction.id == call:
                    connected.append((call, holding.agent.id))
                    self.send(OfferAccepted(holding.offer_id, holding.agent.id))


def in_batches(entries: Sequence[Entry], size: int) -> Batches:
    return [entries[start : start + size] for start in range(0, len(entries), size)]


# ── rates ────────────────────────────────────────────────────────────────────────────────────────────────────────


def bare(folder: Path, batches: Batches, synchronous: str) -> float:
    """Seconds that SQLite alone takes for blobs of these sizes, one transaction each."""
    blobs = [encode(batch) for batch in batches]
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(f"PRAGMA synchronous = {synchronous}")
    database.execute("CREATE TABLE blobs (number INTEGER PRIMARY KEY, payload BLOB)")
    start = time.perf_counter()
    for blob in blobs:
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO blobs (payload) VALUES (?)", (blob,))
        database.execute("COMMIT")
    seconds = time.perf_counter() - start
    database.close()
    return seconds


async def journal(store: SqliteStore | MemoryStore, centre: Centre, batches: Batches) -> float:
    """Seconds that the store takes, appends awaited one after the other; checks what it gives back."""
    await store.begin(centre.plan, centre.begun)
    start = time.perf_counter()
    for batch in batches:
        await store.append(batch)
    seconds = time.perf_counter() - start
    await store.close()
    if isinstance(store, SqliteStore):
        store = SqliteStore(store.path)
    recovered = store.recover()
    if recovered is None or list(recovered.entries) != [entry for batch in batches for entry in batch]:
        raise WrongAnswerError(f"{type(store).__name__} does not give back what it was given")
    await store.close()
    return seconds


async def rates(centre: Centre, rounds: int, folder: str | None) -> list[Rate]:
    found: list[Rate] = []
    for size in BATCHES:
        # Few commits wait for the disk long enough.
        entries = centre.entries[: min(len(centre.entries), size * 2_000)]
        batches = in_batches(entries, size)
        seconds: dict[str, list[float]] = {}
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(dir=folder) as place:
                root = Path(place)
                for name in ("FULL", "NORMAL"):
                    (root / name).mkdir()
                    seconds.setdefault(name, []).append(bare(root / name, batches, name))
                strict = SqliteStore(root / "strict")
                seconds.setdefault("strict", []).append(await journal(strict, centre, batches))
                relaxed = SqliteStore(root / "relaxed", durability="relaxed")
                seconds.setdefault("relaxed", []).append(await journal(relaxed, centre, batches))
                seconds.setdefault("memory", []).append(await journal(MemoryStore(), centre, batches))
        for name, base in (
            ("FULL", ""),
            ("strict", "FULL"),
            ("NORMAL", ""),
            ("relaxed", "NORMAL"),
            ("memory", ""),
        ):
            ratio = (
                statistics.median(b / s for s, b in zip(seconds[name], seconds[base], strict=True))
                if base
                else None
            )
            label = name if base or name == "memory" else f"bare SQLite, {name}"
            found.append(
                Rate(
                    store=label,
                    batch=size,
                    entries_per_s=len(entries) / statistics.median(seconds[name]),
                    ratio=ratio,
                )
            )
    return found


def codec(entries: Sequence[Entry]) -> dict[str, float]:
    """Microseconds and bytes for each entry, in batches of 128."""
    batches = in_batches(entries, 128)
    start = time.process_time()
    payloads = [encode(batch) for batch in batches]
    middle = time.process_time()
    for payload in payloads:
        decode(payload)
    end = time.process_time()
    count = len(entries)
    return {
        "encode_us": (middle - start) / count * 1e6,
        "decode_us": (end - middle) / count * 1e6,
        "bytes": sum(map(len, payloads)) / count,
    }


# ── restarts ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def restarts(waiting: int, folder: str | None) -> list[Restart]:
    """Restart from entries alone, and from a snapshot that a compaction kept."""
    centre = Centre(400)
    while centre.calls < waiting + 400:
        centre.now += 1
        centre.arrive()
    found: list[Restart] = []
    with tempfile.TemporaryDirectory(dir=folder) as place:
        store = SqliteStore(place, durability="relaxed")
        await store.begin(centre.plan, centre.begun)
        for batch in in_batches(centre.entries, 128):
            await store.append(batch)
        await store.close()
        found.append(await restart(place, centre, waiting, "entries only"))
        with Compaction(place) as compaction:
            compaction.keep(centre.plan, centre.engine.snapshot())
        found.append(await restart(place, centre, waiting, "snapshot only"))
    return found


async def restart(place: str, centre: Centre, waiting: int, case: str) -> Restart:
    gc.collect()
    start = time.perf_counter()
    store = SqliteStore(place)
    opened = time.perf_counter()
    recovered = store.recover()
    assert recovered is not None
    read = time.perf_counter()
    gc.disable()  # as the daemon does until it serves
    replayed = replay(recovered)
    end = time.perf_counter()
    gc.enable()
    size = store.path.stat().st_size
    await store.close()
    if replayed.engine.snapshot() != centre.engine.snapshot():
        raise WrongAnswerError("a restarted engine is not the one that ran")
    return Restart(
        waiting=waiting,
        entries=replayed.entries,
        case=case,
        open_s=opened - start,
        snapshot_s=read - opened,
        replay_s=end - read,
        total_s=end - start,
        signals_per_s=replayed.entries / (end - read) if replayed.entries else None,
        megabytes=size / 1e6,
    )


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=50_000)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where the files are made; the system's temporary folder by default")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    centre = Centre(400)
    centre.work(options.entries, Random(1))
    try:
        measured = asyncio.run(rates(centre, options.rounds, options.folder))
        started = asyncio.run(restarts(options.waiting, options.folder)) if options.waiting else []
    except WrongAnswerError as error:
        print(error, file=sys.stderr)
        return 1
    cost = codec(centre.entries)
    if options.json:
        print(
            json.dumps(
                {
                    "codec": cost,
                    "rates": [asdict(r) for r in measured],
                    "restarts": [asdict(r) for r in started],
                }
            )
        )
        return 0
    print(
        f"an entry: {cost['encode_us']:.2f} µs to encode, {cost['decode_us']:.2f} to decode, {cost['bytes']:.0f} bytes"
    )
    print(f"{'store':22}{'batch':>6}{'entries/s':>12}{'of bare':>9}")
    for rate in measured:
        ratio = "" if rate.ratio is None else f"{rate.ratio:.2f}"
        print(f"{rate.store:22}{rate.batch:>6}{rate.entries_per_s:>12,.0f}{ratio:>9}")
    for one in started:
        speed = "" if one.signals_per_s is None else f", {one.signals_per_s:,.0f} signals/s"
        print(
            f"restart with {one.waiting:,} waiting, {one.case} ({one.megabytes:.0f} MB): {one.total_s:.2f} s = open "
            f"{one.open_s:.2f} + snapshot {one.snapshot_s:.2f} + replay of {one.entries:,} {one.replay_s:.2f}{speed}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
