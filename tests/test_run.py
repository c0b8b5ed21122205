"""The `run` file: what it makes of its arguments, of an environment in any state, and of a machine that lacks things."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def run() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        loader = SourceFileLoader("switchroom_run", str(ROOT / "run"))
        spec = importlib.util.spec_from_loader(loader.name, loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, loader.name, module)  # where dataclasses look their annotations up
        loader.exec_module(module)
    return module


@pytest.fixture
def checkout(run: Any, tmp_path: Path) -> Any:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\n'
        '[project]\nname = "x"\ndependencies = ["click"]\noptional-dependencies = { dev = ["pytest"], mqtt = ["aiomqtt"] }\n'
    )
    return run.Checkout(root, root / ".venv")


def a_whole_environment(run: Any, checkout: Any, extras: tuple[str, ...] = ("dev",)) -> None:
    """Lay down what set_up leaves, without pip."""
    venv = checkout.venv
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / run.MARKER).touch()
    checkout.write_stamp(extras)


def call(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "run"), *args],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **env},
    )


# --- arguments ------------------------------------------------------------------------------------------------


def test_help_names_every_verb_and_sets_nothing_up(run: Any, tmp_path: Path) -> None:
    """`./run --help` exits 0, lists the verbs on stdout, and makes no environment."""
    answer = call("--help", SWITCHROOM_VENV=str(tmp_path / "venv"))
    assert answer.returncode == 0
    assert answer.stderr == ""
    for verb in run.VERBS:
        assert f"\n  {verb.name} " in answer.stdout
    assert list(tmp_path.iterdir()) == []


def test_no_verb_is_a_wrong_use() -> None:
    """`./run` alone shows the help on stderr and exits 2."""
    answer = call()
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert "usage: ./run VERB" in answer.stderr


def test_unknown_verb_is_a_wrong_use_that_names_the_verbs() -> None:
    """`./run dance` exits 2 and says what it can do instead."""
    answer = call("dance")
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert "'dance'" in answer.stderr
    assert "demo, test" in answer.stderr


def test_unknown_extra_is_a_wrong_use() -> None:
    """`./run setup` refuses an extra that pyproject.toml does not have."""
    answer = call("setup", "nonesuch")
    assert answer.returncode == 2
    assert "nonesuch" in answer.stderr
    assert "dev" in answer.stderr


def test_help_of_test_sets_nothing_up(tmp_path: Path) -> None:
    """`./run test --help` tells of its options without making an environment."""
    answer = call("test", "--help", SWITCHROOM_VENV=str(tmp_path / "venv"))
    assert answer.returncode == 0
    assert "--require-servers" in answer.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_test_does_not_know_goes_to_pytest(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options of `./run test` are taken out; the rest reaches pytest in its order, and no other check."""
    seen: list[tuple[list[Any], dict[str, str]]] = []

    def note(checks: list[object], _checkout: Any, env: dict[str, str]) -> int:
        seen.append((checks, env))
        return 0

    monkeypatch.setattr(run, "set_up", lambda _checkout, _extras: None)
    monkeypatch.setattr(run, "run_checks", note)
    assert run.test(["-k", "ladder", "--require-servers", "-x", "tests/test_run.py"]) == 0
    [(checks, env)] = seen
    commands = {check.name: check.command for check in checks}
    assert commands["pytest"] == ("pytest", "-k", "ladder", "-x", "tests/test_run.py")
    assert commands["mypy"] == ("mypy",)
    assert env["SWITCHROOM_REQUIRE_SERVERS"] == "1"


def test_checks_all_run_and_one_failure_fails(
    run: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A failing check does not keep the next from running; the sum is 1 and the summary names the failure."""
    (tmp_path / "bin").mkdir()
    for name, code in (("bad", 3), ("good", 0)):
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\necho {name} ran\nexit {code}\n")
        program.chmod(0o755)
    tree = run.Checkout(tmp_path, tmp_path)
    bad, good = run.Check("bad", ("bad",)), run.Check("good", ("good",))
    assert run.run_checks([bad, good], tree, {}) == 1
    said = capfd.readouterr().out
    assert "good ran" in said
    assert "FAILED  bad" in said
    assert run.run_checks([good], tree, {}) == 0


# --- the environment ------------------------------------------------------------------------------------------


def test_a_whole_environment_needs_nothing(run: Any, checkout: Any) -> None:
    """With a fitting stamp there is nothing to do, for these extras or for fewer."""
    a_whole_environment(run, checkout)
    assert checkout.todo(("dev",)) == "nothing"
    assert checkout.todo(()) == "nothing"


def test_more_extras_are_installed_in_place(run: Any, checkout: Any) -> None:
    """An extra that the stamp does not name is added to the environment as it is."""
    a_whole_environment(run, checkout)
    assert checkout.todo(("dev", "mqtt")) == "install"


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock"])
def test_changed_requirements_are_installed_in_place(run: Any, checkout: Any, name: str) -> None:
    """A change of pyproject.toml or of the pins makes the stamp void, not the environment."""
    a_whole_environment(run, checkout)
    with (checkout.root / name).open("a") as file:
        file.write("# changed\n")
    assert checkout.todo(("dev",)) == "install"


def test_an_environment_without_a_stamp_is_made_anew(run: Any, checkout: Any) -> None:
    """An install that broke off leaves no stamp, so the next run starts over."""
    a_whole_environment(run, checkout)
    (checkout.venv / run.STAMP).unlink()
    assert checkout.todo(("dev",)) == "create"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"extras": 7}'])
def test_a_damaged_stamp_counts_as_none(run: Any, checkout: Any, text: str) -> None:
    """A stamp that cannot be understood never passes for a whole environment."""
    a_whole_environment(run, checkout)
    (checkout.venv / run.STAMP).write_text(text)
    assert checkout.todo(()) == "create"


def test_a_replaced_interpreter_means_a_new_environment(run: Any, checkout: Any) -> None:
    """When the interpreter below the environment is another one than the stamp says, or gone, all is made anew."""
    a_whole_environment(run, checkout)
    python = checkout.python
    python.unlink()
    assert checkout.todo(()) == "create"
    python.symlink_to("/bin/sh")
    assert checkout.todo(()) == "create"


def test_a_half_made_environment_is_made_anew(checkout: Any) -> None:
    """What `python3 -m venv` leaves where there is no ensurepip is taken over."""
    venv = checkout.venv
    (venv / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    (venv / "pyvenv.cfg").touch()
    assert checkout.todo(()) == "create"


@pytest.mark.parametrize(
    "what", ["lib/python3.11/site-packages/pip-23.dist-info/METADATA", "letters/to-mother.txt"]
)
def test_a_folder_of_somebody_elses_is_refused(run: Any, checkout: Any, what: str) -> None:
    """An environment or folder that ./run did not make is never deleted; the message says what would do."""
    venv = checkout.venv
    (venv / what).parent.mkdir(parents=True)
    (venv / what).touch()
    if "site-packages" in what:
        (venv / "pyvenv.cfg").touch()
    with pytest.raises(run.SetupError, match="SWITCHROOM_VENV"):
        checkout.todo(())


def test_make_venv_gives_an_interpreter_without_pip(run: Any, tmp_path: Path) -> None:
    """The environment is made over whatever was there, and does not need ensurepip."""
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "leftover").touch()
    run.make_venv(venv)
    assert not (venv / "leftover").exists()
    assert (venv / run.MARKER).exists()
    assert subprocess.run([venv / "bin" / "python", "-c", ""], check=True).returncode == 0


def test_set_up_makes_once_and_remembers(run: Any, checkout: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first call makes and fills the environment, the second finds it whole, further extras add to it."""
    filled: list[list[str]] = []
    monkeypatch.setattr(run, "install", lambda _checkout, extras: filled.append(list(extras)))
    run.set_up(checkout, ("dev",))
    run.set_up(checkout, ("dev",))
    run.set_up(checkout, ("mqtt",))
    assert filled == [["dev"], ["dev", "mqtt"]]
    stamp = json.loads((checkout.venv / run.STAMP).read_text())
    assert stamp["extras"] == ["dev", "mqtt"]


def test_a_failed_install_leaves_no_stamp(run: Any, checkout: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When pip fails, the environment does not pass for whole."""

    def fail(_checkout: Any, _extras: object) -> None:
        raise run.SetupError("pip install failed")

    a_whole_environment(run, checkout)
    monkeypatch.setattr(run, "install", fail)
    with pytest.raises(run.SetupError):
        run.set_up(checkout, ("mqtt",))
    assert not (checkout.venv / run.STAMP).exists()


def test_requirements_are_those_of_the_build_the_project_and_the_extras(run: Any, checkout: Any) -> None:
    """What is installed stands in pyproject.toml and nowhere else."""
    root = checkout.root
    assert run.requirements(root, ["dev"]) == ["hatchling", "click", "pytest"]
    assert run.all_extras(root) == ["dev", "mqtt"]


def test_the_extras_of_the_tests_exist(run: Any) -> None:
    """The extras that `./run test` installs are in this project's pyproject.toml."""
    assert set(run.TEST_EXTRAS) <= set(run.all_extras(ROOT))


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """Where the environment cannot be made, one line on stderr says where and what would do; exit 1."""
    (tmp_path / "file").touch()
    answer = call("setup", SWITCHROOM_VENV=str(tmp_path / "file" / "venv"))
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.count("\n") == 1
    assert "SWITCHROOM_VENV" in answer.stderr


def test_two_runs_do_not_set_up_at_once(run: Any, tmp_path: Path) -> None:
    """While one holds the lock, another one waits and says so."""
    venv = tmp_path / "venv"
    code = (
        "import runpy, pathlib, sys\n"
        "run = runpy.run_path(sys.argv[1])\n"
        "with run['setup_lock'](pathlib.Path(sys.argv[2])):\n"
        "    print('in', flush=True)\n"
    )
    with run.setup_lock(venv):
        other = subprocess.Popen(
            [sys.executable, "-c", code, str(ROOT / "run"), str(venv)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert other.stderr is not None
        assert "waiting" in other.stderr.readline()
        assert other.poll() is None
    out, _ = other.communicate(timeout=30)
    assert out == "in\n"


# --- servers and pins -----------------------------------------------------------------------------------------


def test_only_missing_servers_are_asked_of_apt(run: Any) -> None:
    """A program that is there is left alone; for nothing missing apt is not called at all."""
    there, missing = run.Server("sh", "dash"), run.Server("no-such-server", "no-such-package")
    assert run.missing_servers([there, missing]) == [missing]
    *_, command = run.apt_commands([missing])
    assert command[-1] == "no-such-package"
    assert run.apt_commands([]) == []


def test_apt_is_asked_for_every_program_that_tests_need(run: Any) -> None:
    """A program that a test does without where it is missing stands in SERVERS: `./run test --apt --require-servers` has it."""
    needed = {
        argument.value
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"need", "program"}
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    assert {"mosquitto", "redis-server"} <= needed
    asked_for = {server.program for server in run.SERVERS}
    assert {name for name in needed if not name.startswith("no-such-")} <= asked_for


def test_apt_without_root_goes_on(
    run: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plain user's --apt says what it cannot install, and is no error."""
    monkeypatch.setattr(run, "SERVERS", (run.Server("no-such-server", "no-such-package"),))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    run.apt_install_servers()
    assert "no-such-server" in capsys.readouterr().err


def test_pins_keep_the_lowest_of_two_versions(run: Any) -> None:
    """Names are normalised, versions compare by number, and the file is sorted."""
    pins = run.Pins()
    pins.add("Typing_Extensions", "4.16.0")
    pins.add("typing-extensions", "4.9.1")
    pins.add("attrs", "26.1.0")
    assert pins.text().splitlines()[1:] == ["attrs==26.1.0", "typing-extensions==4.9.1"]


def test_the_lock_file_pins_every_requirement_and_names_no_address(run: Any) -> None:
    """requirements.lock is nothing but exact versions, and none of our requirements is missing from it."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(line.count("==") == 1 and "/" not in line and ";" not in line for line in pins)
    pinned = {line.partition("==")[0] for line in pins}
    wanted = run.requirements(ROOT, run.all_extras(ROOT))
    names = {run.re.split(r"[\[<>=!~; ]", text)[0].lower().replace("_", "-") for text in wanted}
    assert names <= pinned
