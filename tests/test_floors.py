"""The walls that the linters do not see: clocks and loops of the standard library, what `import router` loads, and the like."""

from __future__ import annotations

import ast
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

IMPURE = {
    "asyncio",
    "concurrent",
    "datetime",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "selectors",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "uuid",
}
# A behaviour draws from a generator that its caller seeds; it needs the type.
ALLOWED = {"agents/behaviour.py": {"random"}}
OWN = {"router", "agents"}
PURE_AGENTS = ("model", "skills", "presence", "pools", "behaviour")


def pure_modules() -> list[Path]:
    """The modules that must be nothing but arithmetic on values."""
    agents = [ROOT / "agents" / f"{name}.py" for name in PURE_AGENTS]
    inside = [path for folder in ("core", "policies") for path in (ROOT / "router" / folder).rglob("*.py")]
    return sorted([path for path in agents if path.exists()] + inside)


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Line and top-level name of every import, wherever it stands; a relative one counts as our own."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name.partition(".")[0]) for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield node.lineno, module.partition(".")[0]


def impure_imports(source: str, allowed: set[str]) -> list[str]:
    """The imports which a pure module may not have, as `line N: name`."""
    return [
        f"line {line}: {name}"
        for line, name in imports(source)
        if name not in allowed and (name in IMPURE or name not in sys.stdlib_module_names | OWN)
    ]


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in pure_modules()]
)
def test_pure_modules_import_no_clock_loop_io_or_package(path: Path) -> None:
    """Core, policies and the pure half of agents import only harmless parts of the standard library, and us."""
    allowed = ALLOWED.get(str(path.relative_to(ROOT)), set())
    assert impure_imports(path.read_text(encoding="utf-8"), allowed) == []


def test_the_check_sees_each_kind_of_import() -> None:
    """Plain, dotted, from, nested and type-checking imports are all found; ours and harmless ones pass."""
    source = (
        "import heapq, time\nfrom os.path import join\nfrom router.core import plan\nfrom . import facts\n"
        "def f():\n    import pydantic.fields\nif TYPE_CHECKING:\n    from asyncio import Task\n"
    )
    assert impure_imports(source, set()) == [
        "line 1: time",
        "line 2: os",
        "line 6: pydantic",
        "line 8: asyncio",
    ]
    assert impure_imports("import random\n", {"random"}) == []


@pytest.mark.parametrize("package", ["router", "agents"])
def test_importing_a_package_loads_no_driver(package: str) -> None:
    """`import router` and `import agents` in a fresh interpreter load neither redis nor aiomqtt."""
    code = f"import sys, {package}; print(*sorted({{'redis', 'hiredis', 'aiomqtt', 'paho'}} & sys.modules.keys()))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert answer.stdout == "\n"


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.name) for path in sorted((ROOT / "tests").rglob("test_*.py"))]
)
def test_every_test_says_what_it_shows(path: Path) -> None:
    """A test's docstring states the behaviour in a sentence."""
    silent = [
        f"line {node.lineno}: {node.name}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("host", ["192.0.2.1", "example.invalid"])
def test_no_test_reaches_another_machine(host: str) -> None:
    """A connection that would leave this machine is refused before a packet is sent; loopback is let through."""
    with socket.socket() as there, pytest.raises(AssertionError, match="this machine only"):
        there.connect((host, 9))
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as here:
        here.connect(server.getsockname())
