"""The same plan, seed and signals give the same facts, byte for byte, in any process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.cases.writing import ROOT

PRINT_FACTS = """
from pathlib import Path
from router.harness.cases import files, runner
for path in files.find(Path("configs")):
    result = runner.run(files.load(path))
    print(result.case.title, result.case.plan and result.case.plan.version, len(result.facts))
    for fact in result.facts:
        print(repr(fact))
"""


def facts(hash_seed: str) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRINT_FACTS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_facts_do_not_depend_on_the_process() -> None:
    """All facts of all shipped cases are the same bytes under hash seeds that order sets and texts differently."""
    first = facts("0")
    assert first.count(b"\n") > 2_000
    assert facts("1") == first
    assert facts("12345") == first
