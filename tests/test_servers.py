"""Servers for tests: what is missing is a skip, and a failure where servers are asked for."""

from __future__ import annotations

import pytest

from tests.servers import REQUIRED, program


def test_a_missing_server_is_a_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody insists, a test whose server is not installed is skipped."""
    monkeypatch.delenv(REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-server is not installed"):
        program("no-such-server")


def test_a_missing_server_is_a_failure_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under `./run test --require-servers` the same is a failure."""
    monkeypatch.setenv(REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-server is not installed"):
        program("no-such-server")
