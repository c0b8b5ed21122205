"""What goes wrong beside everything else, and how the log says it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator

import pytest
import structlog

from router.daemon.service import log_faults
from router.telemetry.log import configure


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log goes, as JSON; set back afterwards."""
    stream = io.StringIO()
    configure(form="json", stream=stream)
    yield stream
    structlog.reset_defaults()


async def test_a_fault_is_a_line_of_the_log(stream: io.StringIO) -> None:
    """With its traceback in a field, so that a log of JSON stays one."""
    log_faults(structlog.get_logger())
    try:
        raise ValueError("no room")
    except ValueError as error:
        asyncio.get_running_loop().call_exception_handler({"message": "a part failed", "exception": error})
    (line,) = [json.loads(text) for text in stream.getvalue().splitlines()]
    assert (line["event"], line["level"], line["detail"]) == ("daemon.fault", "error", "a part failed")
    assert "ValueError: no room" in line["exception"]
