"""What every test shares: one printed seed, hypothesis profiles, and no network but this machine's own."""

from __future__ import annotations

import ipaddress
import os
import random
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

_SEED = pytest.StashKey[int]()

settings.register_profile("dev", deadline=None, print_blob=True, derandomize=False)
settings.register_profile(
    "ci",
    deadline=None,
    print_blob=True,
    derandomize=False,
    database=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow],
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seed", type=int, help="the seed of every random choice in the tests; a new one each run without"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    given: int | None = config.getoption("--seed")
    seed = given if given is not None else random.SystemRandom().randrange(2**32)
    config.stash[_SEED] = seed
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))
    if getattr(config.option, "hypothesis_seed", None) is None:
        config.option.hypothesis_seed = str(seed)


def _repeat(config: pytest.Config) -> str:
    seed = config.stash[_SEED]
    return f"seed {seed}; the same again: ./run test --seed {seed}"


def pytest_report_header(config: pytest.Config) -> str:
    return _repeat(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if terminalreporter.stats.get("failed") or terminalreporter.stats.get("error"):
        terminalreporter.write_line(_repeat(config))


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The run's seed, as printed in the header."""
    return pytestconfig.stash[_SEED]


@pytest.fixture
def rng(seed: int, request: pytest.FixtureRequest) -> random.Random:
    """A generator of the test's own: the same for one seed, whichever other tests run."""
    return random.Random(f"{seed}:{request.node.nodeid}")


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket's path
    host = str(address[0])
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            unguarded = getattr(socket.socket, name)

            def guarded(
                self: socket.socket, address: object, _unguarded: Callable[..., Any] = unguarded
            ) -> Any:
                if not _is_loopback(address):
                    raise AssertionError(f"a test may connect to this machine only, not to {address!r}")
                return _unguarded(self, address)

            patch.setattr(socket.socket, name, guarded)
        yield
