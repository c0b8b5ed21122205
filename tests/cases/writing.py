"""Cases for tests: written in a line, read and run."""

from __future__ import annotations

from pathlib import Path

from router.errors import ConfigError
from router.harness.cases import files, runner
from router.harness.cases.runner import Result

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"

SMALL = """
centre:
  skills: [english, french]
  channels: [voice, chat]
  sections:
    desk:
      queues:
        desk: {ladder: [{name: easier, after: 30s, do: [raise-priority: 2, notify: supervisors]}]}
        french: {needs: {french: 4}}
  agents:
    ana: {skills: {english: 5}}
    ben: {skills: {english: 5}}
"""
"""A centre to be written into a case."""


def write(folder: Path, text: str, name: str = "case") -> Path:
    """Write a case into ``cases/`` of the folder."""
    path = folder / "cases" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def run(folder: Path, text: str) -> Result:
    """Read and run the case that is written."""
    return runner.run(files.load(write(folder, text)))


def mistakes(folder: Path, text: str) -> list[str]:
    """Return what is wrong with the case that is written; nothing where it can be run."""
    try:
        files.load(write(folder, text))
    except ConfigError as error:
        return [str(problem).replace(f"{folder}/cases/", "") for problem in error.problems]
    return []
