"""Every fenced block of README.md and docs/ runs. The convention: docs/contributing.md."""

from __future__ import annotations

import doctest
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests import snippets
from tests.snippets import Snippet, SnippetError

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if path.exists()]
TIMEOUT_S = 120
MARK = "-- here the snippet begins --"


def every_block() -> list[object]:
    """One parameter per block; a document that breaks the convention is one that fails."""
    found: list[object] = []
    for path in DOCUMENTS:
        name = path.relative_to(ROOT).as_posix()
        try:
            blocks = snippets.read(name, path.read_text(encoding="utf-8"))
        except SnippetError as error:
            found.append(pytest.param(error, [], 0, id=name))
            continue
        for at, block in enumerate(blocks):
            if not block.skip and (block.language not in snippets.INERT or block.file):
                found.append(pytest.param(None, blocks, at, id=f"{block.place}-{block.language}"))
    return found


def run(argv: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run in that folder, with this interpreter's commands first on PATH and stdout and stderr in one."""
    env = {
        **os.environ,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "COLUMNS": "120",
    }
    return subprocess.run(
        argv,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def compare(place: str, shown: str, printed: str) -> None:
    """The text shows what was printed, line for line; `...` in it stands for anything."""
    if not doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS):
        pytest.fail(f"{place}: the text shows\n{shown}\nbut it prints\n{printed}", pytrace=False)


def write(folder: Path, file: str, text: str) -> None:
    """Write a file of the document's, with the folders it lies in."""
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def run_python(blocks: list[Snippet], at: int, folder: Path) -> None:
    """Run a program, after what it continues; it must end well and print what is shown."""
    block = blocks[at]
    before = snippets.program_before(blocks, at)
    # A traceback then has the document's own line numbers.
    lead = f"{before}print({MARK!r}, flush=True)\n" if before else "\n" * (block.line - 1)
    write(folder, ".snippet.py", lead + block.text)
    answer = run([sys.executable, "-W", "error", ".snippet.py"], folder)
    printed = answer.stdout.partition(f"{MARK}\n")[2] if before else answer.stdout
    if answer.returncode:
        pytest.fail(f"{block.place}: exit {answer.returncode}\n{answer.stdout}", pytrace=False)
    if block.output is not None:
        compare(block.place, block.output, printed)


def run_console(block: Snippet, folder: Path) -> None:
    """Run the commands in turn; all but the last must exit 0, the last as the comment says."""
    commands = snippets.commands(block)
    for command in commands:
        expected = block.exit_code if command is commands[-1] else 0
        answer = run(["sh", "-e", "-c", command.text], folder)
        place = f"{block.document}:{command.line}"
        if answer.returncode != expected:
            said = f"exit {answer.returncode}, expected {expected}"
            pytest.fail(f"{place}: {command.text}: {said}\n{answer.stdout}", pytrace=False)
        if command.output:
            compare(place, command.output, answer.stdout)


def check_data(block: Snippet, text: str) -> None:
    """Data must at least be well-formed."""
    match block.language:
        case "yaml":
            list(yaml.safe_load_all(text))
        case "json":
            json.loads(text)
        case "toml":
            tomllib.loads(text)


def run_block(blocks: list[Snippet], at: int, folder: Path) -> None:
    """Do with a block what its language and comment say, in a folder with configs/ and the files written so far."""
    block = blocks[at]
    if (ROOT / "configs").exists():
        shutil.copytree(ROOT / "configs", folder / "configs")
    for file, text in snippets.files_before(blocks, at).items():
        write(folder, file, text)
    check_data(block, block.text)
    if block.is_centre:
        write(folder, "a-centre/centre.yaml", block.text)
        answer = run([sys.executable, "-m", "router.cli", "check", "a-centre"], folder)
        if answer.returncode:
            pytest.fail(f"{block.place}: exit {answer.returncode}\n{answer.stdout}", pytrace=False)
    elif block.file:
        if block.language == "python":
            compile(block.text, block.place, "exec")
    elif block.language == "python":
        run_python(blocks, at, folder)
    elif block.language in snippets.CONSOLE:
        run_console(block, folder)


@pytest.mark.parametrize(("error", "blocks", "at"), every_block())
def test_snippet(error: SnippetError | None, blocks: list[Snippet], at: int, tmp_path: Path) -> None:
    """What a text tells its reader to type works, and prints what the text says it prints."""
    if error:
        pytest.fail(str(error), pytrace=False)
    run_block(blocks, at, tmp_path)


# --- the convention itself ------------------------------------------------------------------------------------


def a_block(markdown: str, at: int = -1) -> Snippet:
    return snippets.read("a.md", markdown)[at]


def test_a_block_knows_its_place_language_and_text() -> None:
    """Blocks inside a list lose its indentation, and `line` is the first line of the text."""
    block = a_block("# Title\n\n1. Do\n\n   ```python\n   if 1:\n       print(2)\n   ```\n")
    assert (block.place, block.language, block.text) == ("a.md:6", "python", "if 1:\n    print(2)\n")


@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
def test_a_text_block_right_after_python_is_its_output(between: str) -> None:
    """Only blank lines may stand between."""
    block = a_block(f"```python\nprint(1)\n```\n{between}```text\n1\n```\n")
    assert (block.language, block.output) == ("python", "1\n")


def test_output_may_stand_further_below_when_it_says_so() -> None:
    """With words between, a comment ties the output to its program; without one it is a text like any other."""
    program, words, shown = "```python\nprint(1)\n```\n", "\nwhich prints\n\n", "```text\n1\n```\n"
    assert a_block(program + words + "<!-- snippet: output -->\n" + shown).output == "1\n"
    assert a_block(program + words + shown, at=0).output is None


@pytest.mark.parametrize(
    ("markdown", "says"),
    [
        ("```py\n1\n```\n", "not one of"),
        ("```python\n1\n", "never closed"),
        ("<!-- snippet: skip -->\n```python\n```\n", "not for"),
        ("<!-- snippet: exit 3 -->\n```python\n```\n", "not for"),
        ("<!-- snippet: centre -->\n```json\n```\n", "not for"),
        ("<!-- snippet: dance -->\n```python\n```\n", "not for"),
        ("<!-- snippet: file ../x -->\n```yaml\n```\n", "inside the folder"),
        ("<!-- snippet: skip far -->\n\nWords.\n\n```python\n```\n", "no block right after"),
        ("<!-- snippet: skip end -->\n", "no block right after"),
        ("<!-- snippet: output -->\n```text\n```\n", "no python block before"),
    ],
)
def test_what_breaks_the_convention_is_named(markdown: str, says: str) -> None:
    """A wrong comment or language is an error with its place, never a block that silently does not run."""
    with pytest.raises(SnippetError, match=r"a\.md:\d+: .*" + says):
        snippets.read("a.md", markdown)


def test_console_blocks_are_commands_with_their_output() -> None:
    """A prompt begins a command, a backslash continues it, the lines below it are its output."""
    block = a_block("```console\n$ echo a \\\n> b\na b\n$ true\n```\n")
    assert [(c.line, c.text, c.output) for c in snippets.commands(block)] == [
        (2, "echo a \\\nb", "a b\n"),
        (5, "true", ""),
    ]
    block = a_block("```sh\n# why\necho a\n\necho b\n```\n")
    assert [c.text for c in snippets.commands(block)] == ["echo a", "echo b"]


@pytest.mark.parametrize("command", ["./run demo", "pip install switchroom", "git clone x"])
def test_commands_that_leave_the_folder_need_a_skip(command: str) -> None:
    """A text's test installs nothing and fetches nothing."""
    with pytest.raises(SnippetError, match="skip REASON"):
        snippets.commands(a_block(f"```console\n$ {command}\n```\n"))


GOOD = [
    "```python\nprint('a', 7)\n```\n```text\na 7\n```\n",
    "```python\nprint('a', 7)\n```\n```text\na ...\n```\n",
    "```python\nx = 1\nprint('first')\n```\n<!-- snippet: continues -->\n```python\nprint(x)\n```\n```text\n1\n```\n",
    "<!-- snippet: file a/b.yaml -->\n```yaml\nk: 1\n```\n```console\n$ cat a/b.yaml\nk: 1\n```\n",
    "<!-- snippet: exit 3 -->\n```console\n$ exit 3\n```\n",
]
BAD = [
    "```python\nprint('a', 7)\n```\n```text\na 8\n```\n",
    "```python\n1 / 0\n```\n",
    "```python\nimport warnings\nwarnings.warn('old')\n```\n",
    "```console\n$ exit 3\n```\n",
    "```console\n$ echo a\nb\n```\n",
    "<!-- snippet: exit 3 -->\n```console\n$ true\n```\n",
]


@pytest.mark.parametrize("markdown", GOOD)
def test_snippets_that_hold_pass(markdown: str, tmp_path: Path) -> None:
    """Output, continuation, files and exit codes are as the text says."""
    blocks = snippets.read("a.md", markdown)
    run_block(blocks, len(blocks) - 1, tmp_path)


@pytest.mark.parametrize("markdown", BAD)
def test_snippets_that_do_not_hold_fail(markdown: str, tmp_path: Path) -> None:
    """A wrong output, an exception, a warning or another exit code fails the block."""
    blocks = snippets.read("a.md", markdown)
    with pytest.raises(pytest.fail.Exception, match=r"a\.md:\d+"):
        run_block(blocks, len(blocks) - 1, tmp_path)


@pytest.mark.parametrize("markdown", ["```yaml\n[1\n```\n", "```json\n{,}\n```\n", "```toml\n= 1\n```\n"])
def test_malformed_data_fails(markdown: str, tmp_path: Path) -> None:
    """Data blocks are parsed even without a comment."""
    with pytest.raises((yaml.YAMLError, ValueError)):
        run_block(snippets.read("a.md", markdown), 0, tmp_path)
