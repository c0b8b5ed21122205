"""Replications: the same scenario again and again with other draws, in as many processes as there are
processors. What they amount to is said by `report`.
"""

from __future__ import annotations

import os
import platform
import resource
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

from router.core.facts import Fact
from router.core.plan import Plan
from router.simulation.scenario import Scenario
from router.simulation.world import Run, World
from router.telemetry.figures import CentreFigures
from router.telemetry.kpis import SHORT_ABANDON_MS, Kpis


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What every replication has in common."""

    plan: Plan
    scenario: Scenario
    short_abandon_ms: int = SHORT_ABANDON_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """One run: its seed, what was counted, and what it cost: seconds, and the peak memory of its process so
    far.
    """

    seed: int
    figures: CentreFigures
    run: Run
    seconds: float
    peak_bytes: int


def seed_of(seed: int, number: int) -> int:
    """Return the seed of a replication, from 1: 53 bits that follow from the run's seed and the number."""
    return int.from_bytes(sha256(f"{seed}/{number}".encode()).digest()[:8]) >> 11


def run_once(job: Job, seed: int) -> Replication:
    """Run the scenario once."""
    scenario = job.scenario
    kpis = Kpis(job.plan, short_abandon_ms=job.short_abandon_ms)
    world = World(job.plan, scenario, seed=seed, sink=kpis.take)
    if scenario.warm_up_ms:
        world.call_at(scenario.warm_up_ms, kpis.start)
    world.call_at(scenario.duration_ms, kpis.close)
    began = time.perf_counter()
    run = world.run()
    seconds = time.perf_counter() - began
    return Replication(
        seed=seed, figures=kpis.figures(run.ended_at), run=run, seconds=seconds, peak_bytes=peak_bytes()
    )


def run_facts(job: Job, seed: int) -> list[Fact]:
    """Run the scenario once and return every fact: for tests and for looking closely, not for long runs."""
    facts: list[Fact] = []
    World(job.plan, job.scenario, seed=seed, sink=facts.extend).run()
    return facts


def replicate(job: Job, *, replications: int, seed: int, processes: int | None = None) -> list[Replication]:
    """Run the scenario so many times, and return the replications in their order.

    ``processes`` None: as many as there are processors to use. How many there are changes nothing in the
    figures: every replication has a seed of its own, which follows from ``seed`` and its number.
    """
    if replications < 1:
        raise ValueError(f"replications: found {replications}, expected at least 1")
    seeds = [seed_of(seed, number) for number in range(1, replications + 1)]
    processes = min(processors() if processes is None else processes, replications)
    if processes <= 1:
        return [run_once(job, each) for each in seeds]
    # Spawned, not forked: a fork copies whatever threads and locks the caller has.
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_set_up, initargs=(job,)
    ) as pool:
        runs = [pool.submit(_run_here, seed) for seed in seeds]
        try:
            return [run.result() for run in runs]
        except BaseException:  # Ctrl-C, say: nobody wants the rest, and what runs might run for hours
            for process in list((pool._processes or {}).values()):
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_job: list[Job] = []
"""What this process runs, when it is one of several."""


def _set_up(job: Job) -> None:
    # Ctrl-C is for whoever started us: one of us that is ended while it tells of its own would leave half a message.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _job[:] = [job]


def _run_here(seed: int) -> Replication:
    return run_once(_job[0], seed)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def peak_bytes() -> int:
    """Return the peak resident memory of this process.

    Where the system tells, of this program only: what getrusage says outlives exec, so a child would report
    at least what its parent held when it was started.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024


def rejected(replications: Sequence[Replication]) -> dict[str, tuple[int, str]]:
    """Return the arrivals that the engine did not take in, by code: how many over all replications, and the
    first one's message.
    """
    found: dict[str, tuple[int, str]] = {}
    for each in replications:
        for code, (times, text) in each.run.rejected.items():
            before, first = found.get(code, (0, text))
            found[code] = (before + times, first)
    return found
