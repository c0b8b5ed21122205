"""The Dockerfile: what its final stage has and lacks, what enters the build, and that its build commands build."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.deployment import dockerfile, running

ROOT = Path(__file__).parents[2]
BASE_PYTHON = getattr(
    sys, "_base_executable", sys.executable
)  # the one that has pip, outside our environment


def test_continued_lines_and_comments_are_read_as_docker_does() -> None:
    """A comment within a continued instruction belongs to nobody, and the exec form is JSON."""
    run, entry = dockerfile.instructions('RUN a \\\n# why\n  && b\n\nENTRYPOINT ["x", "y z"]\n')
    assert run == dockerfile.Instruction(1, "RUN", "a && b")
    assert run.argv() == ["sh", "-c", "a && b"]
    assert entry.argv() == ["x", "y z"]


def test_both_stages_start_from_one_slim_python_of_the_oldest_version() -> None:
    """The environment of the build runs in the final image, since both have the same base: the oldest Python we run on."""
    text = dockerfile.DOCKERFILE.read_text(encoding="utf-8")
    (base,) = re.findall(r"^ARG PYTHON=(\S+)$", text, re.MULTILINE)
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    oldest = pyproject["project"]["requires-python"].removeprefix(">=")
    assert base.startswith(f"python:{oldest}-slim")
    assert [stage[0].text for stage in dockerfile.stages()] == ["${PYTHON} AS build", "${PYTHON}"]


def test_the_image_does_not_run_as_root() -> None:
    """The last USER is a number, not 0, and the folder of the journal is that user's own."""
    final = dockerfile.stages()[-1]
    user = dockerfile.the("USER", final).text
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    owner, group = user.split(":")
    made = f"install --directory --owner={owner} --group={group} --mode=0700 {dockerfile.the('VOLUME', final).text}"
    assert made in dockerfile.the("RUN", final).text


def test_the_final_stage_can_neither_build_nor_install() -> None:
    """Nothing is installed in the final stage, pip itself is taken out, and only the environment is taken from the build."""
    final = dockerfile.stages()[-1]
    steps = dockerfile.the("RUN", final).text
    assert "install setuptools" not in steps
    assert "apt" not in steps
    assert steps.startswith("python -m pip uninstall --yes")
    assert steps.partition(" && ")[0].endswith(" setuptools wheel pip")
    copied = dockerfile.the("COPY", final)
    assert copied.flags() == {"from": "build"}
    assert copied.words() == ["/opt/switchroom", "/opt/switchroom"]
    assert not [each for each in final if each.keyword == "ADD"]


def test_the_commands_are_processes_of_their_own() -> None:
    """Entry point, command and health check have the exec form: the daemon is process 1 and gets the signals itself."""
    final = dockerfile.stages()[-1]
    for keyword in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
        assert dockerfile.the(keyword, final).argv()[0] != "sh"
    assert dockerfile.the("STOPSIGNAL", final).text == "SIGTERM"


def test_the_image_says_what_it_is() -> None:
    """The labels are those of the OCI, and agree with the project's own words."""
    labels = dockerfile.the("LABEL", dockerfile.stages()[-1]).pairs()
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert labels["org.opencontainers.image.title"] == pyproject["project"]["name"]
    assert labels["org.opencontainers.image.licenses"] == pyproject["project"]["license"]


def test_what_the_build_copies_enters_it() -> None:
    """Every source of a COPY is in the checkout and let in by the ignore file."""
    build = dockerfile.stages()[0]
    sources = [source for each in build if each.keyword == "COPY" for source in each.words()[:-1]]
    assert {"router", "agents", "pyproject.toml", "requirements.lock"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists()
        assert dockerfile.enters(source)


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        "configs/quickstart/centre.yaml",
        "journal/journal.sqlite",
        "key.pem",
        "router/core/__pycache__/engine.cpython-311.pyc",
        "tests/conftest.py",
    ],
)
def test_nothing_else_enters_the_build(path: str) -> None:
    """No history, environment, configuration, journal, key or compiled file is sent to the builder."""
    assert not dockerfile.enters(path)
    assert dockerfile.enters("router/core/engine.py")


def test_everything_is_installed_as_pinned() -> None:
    """Each pip that fetches something keeps to requirements.lock, whatever is newest that day."""
    fetching = [each for each in dockerfile.stages()[0] if each.keyword == "RUN" and " install " in each.text]
    assert len(fetching) == 2
    assert all("--constraint requirements.lock" in each.text for each in fetching)


def test_shell_commands_are_well_formed() -> None:
    """Each RUN is a line that sh can read."""
    for stage in dockerfile.stages():
        for each in stage:
            if each.keyword == "RUN":
                program, flag, line = each.argv()
                read = running.run([program, "-n", flag, line])
                assert (read.returncode, read.stdout) == (0, ""), f"line {each.line}"


@pytest.mark.slow
def test_the_build_commands_make_an_environment_with_the_locked_versions(tmp_path: Path) -> None:
    """The RUN lines of the build stage, run in order on what enters it, leave a `switchroom` with the daemon's libraries, as pinned."""
    need_pip()
    opt = tmp_path / "opt" / "switchroom"
    image = an_image(tmp_path / "image")
    work = tmp_path / "build"
    work.mkdir()
    for each in dockerfile.stages()[0]:
        if each.keyword == "COPY":
            copy_in(each.words()[:-1], work)
        elif each.keyword == "RUN":
            line = each.text.replace("/opt/switchroom", str(opt))
            done = running.run(["sh", "-c", line], {**own_environment(), "PATH": image}, work, timeout=500)
            assert done.returncode == 0, f"line {each.line}: {line}\n{done.stdout}"

    said = running.run([str(opt / "bin" / "switchroom"), "check", str(ROOT / "configs" / "quickstart")])
    assert said.returncode == 0, said.stdout
    listed = "import importlib.metadata as m, json; print(json.dumps({d.name.lower(): d.version for d in m.distributions()}))"
    versions = json.loads(running.run([str(opt / "bin" / "python"), "-I", "-c", listed]).stdout)
    assert {"switchroom", "fastapi", "uvicorn", "uvloop", "aiomqtt", "prometheus_client"} <= {
        name.replace("-", "_") for name in versions
    }
    assert not {"pip", "setuptools", "hatchling", "pytest", "mypy"} & set(versions)
    pins = (ROOT / "requirements.lock").read_text(encoding="utf-8").split()
    del versions["switchroom"]
    unpinned = {f"{name.replace('_', '-')}=={version}" for name, version in versions.items()} - set(pins)
    assert not unpinned


def need_pip() -> None:
    """Do without the test where there is no pip, or where it reaches no index; neither is so where ./run set the tests up."""
    wanted = ["download", "-qq", "--no-deps", "--dest", os.devnull, "click==0"]  # which there never was
    asked = running.run([BASE_PYTHON, "-m", "pip", *wanted], own_environment(), timeout=300)
    if "No module named pip" in asked.stdout:
        running.do_without("this Python has no pip")
    if "from versions: none" in asked.stdout:
        running.do_without("pip reaches no package index from here")
    assert "No matching distribution" in asked.stdout, asked.stdout


def own_environment() -> dict[str, str]:
    """This process's variables, with which pip finds its configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def an_image(folder: Path) -> str:
    """Stand in for the base image, and return its PATH: an environment of its own as `python`, with pip, which Debian's has not."""
    subprocess.run([BASE_PYTHON, "-m", "venv", "--without-pip", str(folder / "python")], check=True)
    inside = folder / "python" / "bin" / "python"
    shim = folder / "bin" / "python"
    shim.parent.mkdir()
    shim.write_text(
        "#!/bin/sh\n"
        'if [ "$1 $2" = "-m pip" ]; then\n'
        f'    shift 2; exec "{BASE_PYTHON}" -m pip --python "{inside}" "$@"\n'
        "fi\n"
        f'exec "{inside}" "$@"\n',
        encoding="utf-8",
    )
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    return f"{shim.parent}:/usr/bin:/bin"


def copy_in(sources: list[str], work: Path) -> None:
    """Copy what a COPY names, as far as the ignore file lets it in."""
    for source in sources:
        whole = ROOT / source
        for path in [whole] if whole.is_file() else sorted(whole.rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and dockerfile.enters(name):
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, work / name)
