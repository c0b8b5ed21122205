"""``python -m router.harness.live.kills``: kill the daemon (SIGKILL) at random in mid-traffic, again and again, and count by the books of
agents and customers what was lost and what was given twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from random import Random, SystemRandom
from typing import Final

from router.config import load
from router.harness.live.run import LiveSettings, live_run

UP_S: Final = (0.05, 1.5)
"""Between a start and the next kill pass between so many seconds."""
DRAIN_S: Final = 3.0


async def trial(settings: LiveSettings, kills: int, folder: Path) -> dict[str, object]:
    """Return the figures of one trial."""
    plan = load(settings.centre)
    rng = Random(f"{settings.seed}:kills")
    starts: list[float] = []
    replayed = 0
    async with live_run(plan, settings, folder) as run:
        for _ in range(kills):
            await asyncio.sleep(rng.uniform(*UP_S))
            run.check()
            await run.daemon.kill()
            begun_at = time.monotonic()
            started = await run.daemon.start()
            starts.append(time.monotonic() - begun_at)
            count = started["replayed"]
            assert isinstance(count, int)
            replayed += count
        run.let_no_more_come()
        await asyncio.sleep(DRAIN_S)
        books = await run.close()
    verdict = books.verdict(seed=settings.seed, seconds=sum(starts), speed=settings.speed)
    starts.sort()
    return {
        "transport": settings.transport,
        "kills": kills,
        **{name: value for name, value in verdict.figures().items() if name not in {"seconds", "speed"}},
        "replayed": replayed,
        "restart_s_median": round(starts[len(starts) // 2], 3) if starts else None,
        "restart_s_max": round(starts[-1], 3) if starts else None,
        "lost_ids": [case.interaction_id for case in books.cases.values() if case.is_lost],
    }


def main() -> int:
    """Run a trial as the command line says, print its figures as JSON; 0 when nothing was lost and nothing given twice."""
    parser = argparse.ArgumentParser(prog="python -m router.harness.live.kills", description=__doc__)
    parser.add_argument("--centre", type=Path, default=Path("configs/quickstart"))
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--transport", choices=["mqtt", "http"], default="mqtt")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1_000_000))
    parser.add_argument("--speed", type=float, default=10.0)
    parser.add_argument("--gap-ms", type=float, default=1000.0)
    parser.add_argument("--folder", type=Path, help="where logs and books stay; a temporary one without")
    arguments = parser.parse_args()
    settings = LiveSettings(
        centre=arguments.centre,
        transport=arguments.transport,
        gap_ms=arguments.gap_ms,
        seed=arguments.seed,
        speed=arguments.speed,
    )
    with tempfile.TemporaryDirectory(prefix="switchroom-kills-") as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        figures = asyncio.run(trial(settings, arguments.kills, folder))
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0 if figures["lost"] == figures["assigned_twice"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
