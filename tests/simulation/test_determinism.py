"""The same plan, scenario and seed give the same facts, byte for byte, in any process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from router.config import load
from router.harness import scenarios
from router.harness.run import Job, run_facts

ROOT = Path(__file__).parents[2]
CENTRE = ROOT / "configs" / "quickstart"

PROGRAM = "from tests.simulation.test_determinism import digest; print(digest())"


def digest() -> str:
    """A hash over every fact of the quickstart's busy hour."""
    plan = load(CENTRE)
    loaded = scenarios.load(scenarios.find(CENTRE, "busy-hour"), plan)
    facts = run_facts(Job(plan=plan, scenario=loaded.scenario), 42)
    assert len(facts) > 1_000
    return hashlib.sha256("\n".join(map(repr, facts)).encode()).hexdigest()


def test_facts_do_not_depend_on_the_process() -> None:
    """Two processes with different hash seeds tell the same story."""
    told = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "4242")
    }
    assert {digest()} == told
