"""A simulation that somebody has had enough of."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

QUICKSTART = Path(__file__).parents[2] / "configs" / "quickstart"

ENDLESS = """
duration: 400d
arrivals:
  - {name: call, section: support, channel: voice, per-hour: 100000, handle-time: {exponential: {mean: 1s}}}
"""

AT_WORK_WITHIN_S = 120.0
"""Far longer than replications take to get to work; beyond it something is wrong, and nobody should wait for ever."""


def at_work(parent: int) -> int:
    """How many children have computed for more than two seconds: longer than they take to start."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    ticks = [
        int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11]) for child in children
    ]
    return sum(each > 2 * os.sysconf("SC_CLK_TCK") for each in ticks)


def hear_ctrl_c() -> None:
    """In the child: a shell that starts the tests in the background has told them all to ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.slow
@pytest.mark.skipif(
    (os.cpu_count() or 1) < 2, reason="one processor: replications have no processes of their own"
)
def test_ctrl_c_ends_all_replications(tmp_path: Path) -> None:
    """The command says that it was interrupted and leaves, though each replication would have run for hours."""
    centre = tmp_path / "centre"
    shutil.copytree(QUICKSTART, centre)
    (centre / "scenarios" / "endless.yaml").write_text(ENDLESS)
    command = [sys.executable, "-m", "router.cli", "simulate", str(centre), "--scenario", "endless"]
    with subprocess.Popen(
        [*command, "--replications", "6"],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - there are no threads here
    ) as running:
        try:
            give_up_at = time.monotonic() + AT_WORK_WITHIN_S
            while running.poll() is None and at_work(running.pid) < 2:
                assert time.monotonic() < give_up_at, "the replications did not come to work"
                time.sleep(0.05)
            os.killpg(running.pid, signal.SIGINT)
            _, said = running.communicate(timeout=60)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == 130
    assert said.splitlines()[-1] == "interrupted"
