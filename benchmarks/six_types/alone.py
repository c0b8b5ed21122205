"""One entrant, one run, one process: what `python -m benchmarks.six_types.ENTRANT` does, and how it is
measured.
"""

import argparse
import dataclasses
import json
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.six_types.model import SEED, Result


def memory_kb(field: str) -> int | None:
    """Return VmHWM (peak) or VmRSS (now) of this process in kB, or None where the system doesn't tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    for line in status.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return None


def peak_kb() -> int:
    """Return the peak resident memory in kB.

    ru_maxrss outlives exec on Linux: a child would report at least what its parent held when it started it.
    VmHWM starts anew.
    """
    peak = memory_kb("VmHWM")
    if peak is not None:
        return peak
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found // 1024 if platform.system() == "Darwin" else found


def alone(run: Callable[[int, int], Result]) -> None:
    """Run once as the command line says and print one JSON object: the result, the seconds of the run itself,
    and memory in kB.
    """
    parser = argparse.ArgumentParser(description="Simulate the six-type model once; times exclude imports.")
    parser.add_argument("--customers", type=int, default=100_000, help="stop when so many have been served")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    if arguments.customers < 1:
        parser.error(f"--customers: found {arguments.customers}, expected at least 1")
    loaded_kb = memory_kb("VmRSS")
    began, began_cpu = time.perf_counter(), time.process_time()
    result = run(arguments.customers, arguments.seed)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
    print(
        json.dumps(
            {
                **dataclasses.asdict(result),
                "seconds": seconds,
                "cpu_seconds": cpu_seconds,
                "peak_kb": peak_kb(),
                "loaded_kb": loaded_kb,
            }
        )
    )
