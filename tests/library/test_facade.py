"""`import router` is light, and what it promises is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

import router

HEAVY = {"asyncio", "redis", "aiomqtt", "pydantic", "yaml", "structlog", "click", "rich"}


def loaded(code: str) -> set[str]:
    """Which of the heavy packages a fresh interpreter has loaded after `code`."""
    script = f"{code}\nimport sys\nprint(*{HEAVY!r} & sys.modules.keys())"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_import_router_loads_nothing_heavy() -> None:
    """Neither an event loop nor any installed package is loaded before it is needed."""
    assert loaded("import router") == set()


def test_using_the_router_loads_the_event_loop_only() -> None:
    """The shell and the engine need nothing that is installed."""
    assert loaded("from router import Router") == {"asyncio"}


def test_values_and_errors_need_no_event_loop() -> None:
    """A program that only reads facts or catches errors loads neither loop nor packages."""
    assert loaded("from router import OfferMade, SignalError, Plan") == set()


@pytest.mark.parametrize("name", router.__all__)
def test_every_promised_name_is_there(name: str) -> None:
    """What `__all__` and the type checker's imports promise can be had, and is kept after the first time."""
    value = getattr(router, name)
    assert value is getattr(router, name)
    assert name in dir(router)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Like with any module."""
    with pytest.raises(AttributeError, match="'router' has no attribute 'Ruoter'"):
        _ = router.Ruoter
