"""Where the microseconds of a durable interaction go: the daemon with a strict journal, driven as by `compare`, under the sampling
profiler of `sampled`; a table of processor time an interaction, by part.

    python -m benchmarks.durable.where [--transport mqtt|http] [--count N] [--lines]
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks.durable.centre import write_centre
from benchmarks.durable.compare import broker, run_people
from router.harness.live.children import ended_with, free_port, make_python, until_listening


async def measure(transport: str, count: int, agents: int) -> dict:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        centre = write_centre(folder, agents)
        async with broker(transport, folder) as mqtt_port:
            http_port = free_port()
            written = folder / "samples.json"
            arguments = [str(written), "serve", str(centre), "--http", f"127.0.0.1:{http_port}"]
            arguments += ["--mqtt", "off" if mqtt_port is None else f"mqtt://127.0.0.1:{mqtt_port}"]
            arguments += ["--journal", str(folder / "journal"), "--durability", "strict"]
            daemon = make_python("daemon", "benchmarks.durable.sampled", arguments, folder)
            async with ended_with(daemon):
                await daemon.start()
                await until_listening(daemon, http_port)
                await asyncio.sleep(0.5)
                daemon.send_signal(signal.SIGUSR1)
                await run_people(
                    transport, mqtt_port or http_port, daemon, folder, agents, ["--window", "64"], count
                )
                daemon.send_signal(signal.SIGUSR2)
                while not written.with_suffix(".done").exists():
                    daemon.check()
                    await asyncio.sleep(0.05)
            return json.loads(written.read_text())  # type: ignore[no-any-return]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--transport", choices=["mqtt", "http"], default="mqtt")
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--lines", action="store_true", help="also the functions in which most samples were")
    options = parser.parse_args()
    seen = asyncio.run(measure(options.transport, options.count, options.agents))
    each = {"commit, in the disk's thread": seen["others_s"] / options.count * 1e6}
    # What the disk's thread used rang the same timer while the main thread waited in the event loop.
    total = sum(seen["samples"].values())
    main_share = seen["main_s"] / (seen["main_s"] + seen["others_s"])
    scale = seen["main_s"] / options.count * 1e6 / (total * main_share)
    for part, samples in seen["samples"].items():
        spare = total * (1 - main_share) if part == "event loop" else 0
        each[part] = max(0.0, samples - spare) * scale
    everything = sum(each.values())
    print(f"{options.transport}: {everything:,.0f} µs of processor time an interaction")
    for part, us in sorted(each.items(), key=lambda item: -item[1]):
        print(f"{part:32}{us:>8.0f} µs{us / everything:>7.0%}")
    if options.lines:
        for line, samples in sorted(seen["lines"].items(), key=lambda item: -item[1])[:45]:
            print(f"    {samples * scale:>6.1f} µs  {line}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0


if __name__ == "__main__":
    sys.exit(main())
