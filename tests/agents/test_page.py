"""What docs/agents.md shows works: its programs run against a real daemon, over each transport, and print what it says."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from router.harness.live.children import Daemon, free_port
from tests import snippets
from tests.servers import mosquitto

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PAGE = "docs/agents.md"
PATIENCE_S = 20.0


def shown(program: str) -> str:
    """What the page shows of a program's output."""
    for block in snippets.read(PAGE, (ROOT / PAGE).read_text(encoding="utf-8")):
        first, _, rest = block.text.partition("\n")
        if block.language == "text" and first.startswith(f"$ python {program} "):
            return rest.strip()
    raise AssertionError(f"{PAGE} does not show what {program} prints")


def written(folder: Path) -> list[str]:
    """Write the page's programs."""
    files = [block for block in snippets.read(PAGE, (ROOT / PAGE).read_text(encoding="utf-8")) if block.file]
    for block in files:
        (folder / block.file).write_text(block.text, encoding="utf-8")
    return [block.file for block in files]


@pytest.mark.parametrize("transport", ["http", pytest.param("mqtt", marks=pytest.mark.servers)])
async def test_the_programs_of_the_page(transport: str, tmp_path: Path) -> None:
    """Agent and submitter meet over the daemon, and print what the page shows."""
    assert written(tmp_path) == ["desk.py", "shop.py"]
    broker = mosquitto(tmp_path) if transport == "mqtt" else None
    port = free_port()
    daemon = Daemon(
        ROOT / "configs/quickstart",
        tmp_path,
        http_port=port,
        mqtt_port=None if broker is None else broker.port,
        durability="memory",
    )
    url = f"http://127.0.0.1:{port}" if broker is None else f"mqtt://127.0.0.1:{broker.port}"
    running: dict[str, asyncio.subprocess.Process] = {}
    try:
        if broker is not None:
            broker.start()
        await daemon.start()
        for program in ("desk.py", "shop.py"):
            running[program] = await asyncio.create_subprocess_exec(
                sys.executable,
                program,
                url,
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        for program, process in running.items():
            async with asyncio.timeout(PATIENCE_S):
                output, _ = await process.communicate()
            assert (output.decode().strip(), process.returncode) == (shown(program), 0)
    finally:
        for process in running.values():
            if process.returncode is None:
                process.kill()
                await process.wait()
        await daemon.child.kill()
        if broker is not None:
            broker.stop()
