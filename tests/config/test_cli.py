"""The command: what it prints where, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from router import cli
from router.errors import ConfigError, Problem, RouterError, TransportError

ROOT = Path(__file__).parents[2]
QUICKSTART = ROOT / "configs" / "quickstart"


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = cli.run(args)
    out, err = capsys.readouterr()
    return code, out, err


def test_check_of_a_sound_centre(capsys: pytest.CaptureFixture[str]) -> None:
    """It exits with 0 and says what the centre has."""
    code, out, err = run(capsys, "check", str(QUICKSTART))
    assert (code, err) == (0, "")
    first, agents, *sections = out.splitlines()
    assert first.startswith("quickstart: fine, version ")
    assert agents.startswith("  11 agents, 1 automated, 5 pools, channels voice, chat, mail, ")
    assert [line.split(":")[0] for line in sections] == ["  section billing", "  section support"]


def test_check_of_a_broken_centre(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It exits with 3 and prints every problem to standard error, one a line."""
    path = tmp_path / "c.yaml"
    path.write_text("ordr: strict\nsections: {s: {answer: {within: 5}}}")
    assert run(capsys, "check", str(path)) == (
        3,
        "",
        (
            f"{path}:1:1: ordr: unknown key 'ordr' (did you mean 'order'?)\n"
            f"{path}:2:33: sections.s.answer.within: the duration 5 has no unit"
            " (write '5s' for seconds, '5m' for minutes)\n"
            "2 problems\n"
        ),
    )


def test_a_folder_that_cannot_be_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What the file system refuses is said in a line with the path, not in a traceback."""
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "schemas"
    assert run(capsys, "schema", "--out", str(out)) == (1, "", f"Error: {out}: Not a directory\n")


def test_warnings_do_not_fail_a_check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """They go to standard error, the summary to standard output."""
    path = tmp_path / "c.yaml"
    path.write_text("sections: {s: {}}")
    code, out, err = run(capsys, "check", str(path))
    assert code == 0
    assert out.startswith("c: fine, ")
    assert (
        err == f"warning: {path}:1:1: the centre has no agent (write them in agents.yaml or under 'agents')\n"
    )


def test_check_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With --json one object has the verdict, the problems and warnings by their parts, and what there is."""
    code, out, _ = run(capsys, "check", "--json", str(QUICKSTART))
    found = json.loads(out)
    assert (code, found["valid"], found["problems"], found["agents"]) == (0, True, [], 12)
    assert found["sections"] == {"billing": ["billing"], "support": ["support", "support-gold"]}
    path = tmp_path / "c.yaml"
    path.write_text("ordr: strict\nsections: {s: {}}")
    code, out, _ = run(capsys, "check", "--json", str(path))
    assert (code, json.loads(out)) == (
        3,
        {
            "valid": False,
            "problems": [
                {
                    "file": str(path),
                    "line": 1,
                    "column": 1,
                    "path": "ordr",
                    "message": "unknown key 'ordr'",
                    "hint": "did you mean 'order'?",
                }
            ],
            "warnings": [],
        },
    )


def test_schema(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One kind goes to standard output, all of them into a folder."""
    code, out, _ = run(capsys, "schema", "--kind", "agents")
    assert (code, json.loads(out)["title"]) == (0, "switchroom agents")
    code, _, _ = run(capsys, "schema", "--out", str(tmp_path / "new"))
    assert code == 0
    assert {"agents.json", "centre.json", "section.json"} <= {
        path.name for path in (tmp_path / "new").iterdir()
    }
    code, out, _ = run(capsys, "schema", "--markdown")
    assert (code, out.startswith("## The centre\n")) == (0, True)
    assert run(capsys, "schema")[0] == 2


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """It exits with 2 and says what was meant."""
    code, _, err = run(capsys, "chek", "x")
    assert (code, err.splitlines()[-1]) == (2, "Error: there is no command 'chek' (did you mean 'check'?)")
    assert run(capsys, "check")[0] == 2
    assert run(capsys, "--nonsense")[0] == 2


@pytest.mark.parametrize(
    ("error", "code", "printed"),
    [
        (ConfigError([Problem("f", 1, 2, "a", "bad", "good")]), 3, "f:1:2: a: bad (good)\n1 problem\n"),
        (TransportError("no broker"), 4, "Error: no broker\n"),
        (cli.Unreachable("no server"), 4, "Error: no server\n"),
        (RouterError("broken"), 1, "Error: broken\n"),
        (KeyboardInterrupt(), 130, "\ninterrupted\n"),
        (click.exceptions.Exit(99), 99, ""),
    ],
)
def test_how_commands_end(
    error: BaseException,
    code: int,
    printed: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever a command raises on purpose ends in its exit code, and in one line."""

    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(cli.switchroom, "get_command", lambda *_: failing)
    assert run(capsys, "check") == (code, "", printed)


def test_help_is_quick_and_imports_no_command() -> None:
    """--help lists the commands without loading pydantic, yaml or any command's module."""
    code = (
        "import sys; from router import cli; code = cli.run(['--help']);"
        "print(code, sorted({'pydantic', 'yaml', 'router.cli.check', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert "check" in done.stdout


def test_commands_that_are_not_installed_are_not_listed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table entry without a module breaks nothing."""
    monkeypatch.setitem(cli.COMMANDS, "fly", cli.Command("router.cli.no_such_thing", "Fly."))
    code, out, _ = run(capsys, "--help")
    assert (code, "fly" in out) == (0, False)
    assert run(capsys, "fly")[0] == 2


def test_importing_configuration_is_cheap() -> None:
    """``import router.config`` loads neither pydantic nor yaml; the first use does."""
    code = "import sys, router.config; print(sorted({'pydantic', 'yaml'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """--version names the distribution."""
    code, out, _ = run(capsys, "--version")
    assert (code, out.split()[0]) == (0, "switchroom")


def test_the_module_is_the_command() -> None:
    """``python -m router.cli`` works where the command is not on the path."""
    done = subprocess.run(
        [sys.executable, "-m", "router.cli", "check", "nowhere"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, "nowhere: there is no such file or folder\n1 problem\n")
