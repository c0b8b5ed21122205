"""A broker of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Server, mosquitto


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    """A running mosquitto that keeps sessions over a restart."""
    folder = tmp_path / "broker"
    folder.mkdir()
    with mosquitto(folder) as server:
        yield server
