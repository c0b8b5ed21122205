"""A Dockerfile as instructions, stage by stage, and the ignore file beside it: as much of both languages as ours use."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "configs" / "deployment" / "Dockerfile"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its line, its keyword in capitals, and the rest with continued lines joined."""

    line: int
    keyword: str
    text: str

    def argv(self) -> list[str]:
        """The command of a RUN, CMD, ENTRYPOINT or HEALTHCHECK, in either form."""
        text = self.text
        if self.keyword == "HEALTHCHECK":
            text = re.sub(r"^(--\S+ +)*CMD +", "", text)
        if text.startswith("["):
            words: list[str] = json.loads(text)
            return words
        return ["sh", "-c", text]

    def flags(self) -> dict[str, str]:
        """What stands before the arguments as `--name=value`."""
        return dict(re.findall(r"--([\w-]+)=(\S+)", self.text.partition("CMD ")[0]))

    def pairs(self) -> dict[str, str]:
        """The `name=value` pairs of an ENV or LABEL."""
        return dict(word.split("=", 1) for word in shlex.split(self.text))

    def words(self) -> list[str]:
        """The arguments without flags."""
        return [word for word in shlex.split(self.text) if not word.startswith("--")]


def stages() -> list[list[Instruction]]:
    """Each stage's instructions, its FROM first; what stands before the first FROM is left out."""
    found: list[list[Instruction]] = []
    for instruction in instructions(DOCKERFILE.read_text(encoding="utf-8")):
        if instruction.keyword == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def instructions(text: str) -> Iterator[Instruction]:
    """Read instructions; comments and empty lines may stand between, also within a continued one."""
    start, parts = 0, list[str]()
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        start = start if parts else number
        parts.append(line.removesuffix("\\").strip())
        if not line.endswith("\\"):
            keyword, _, rest = " ".join(parts).partition(" ")
            yield Instruction(start, keyword.upper(), rest.strip())
            parts = []
    assert not parts, f"line {start} goes on after the end of the file"


def the(keyword: str, stage: list[Instruction]) -> Instruction:
    """The one instruction of that kind in a stage."""
    found = [instruction for instruction in stage if instruction.keyword == keyword]
    assert len(found) == 1, f"{len(found)} {keyword} in one stage"
    return found[0]


def enters(path: str) -> bool:
    """Whether the ignore file lets a path of the checkout into the build: the last pattern that fits decides."""
    patterns = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    verdict = True
    for pattern in patterns:
        pattern = pattern.strip()
        if not pattern or pattern.startswith("#"):
            continue
        if _fits(path, pattern.removeprefix("!")):
            verdict = pattern.startswith("!")
    return verdict


def _fits(path: str, pattern: str) -> bool:
    """A pattern fits a path, or a folder above it; `**/` also stands for no folder at all."""
    parts = path.split("/")
    heads = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    if pattern.startswith("**/"):
        return any(fnmatch(part, pattern.removeprefix("**/")) for part in parts)
    return any(head.count("/") == pattern.count("/") and fnmatch(head, pattern) for head in heads)
