"""The fenced blocks of a Markdown file, with what the comment before each says of it. The convention: docs/contributing.md."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

INERT = {"", "text", "markdown", "mermaid", "html", "csv", "diff"}
DATA = {"yaml", "json", "toml"}
CONSOLE = {"console", "sh", "bash"}
LANGUAGES = INERT | DATA | CONSOLE | {"python"}

# Commands that leave the temporary folder or this machine; a test of a text never runs them.
NEVER_RUN = {
    "./run",
    "apt",
    "apt-get",
    "curl",
    "docker",
    "git",
    "pip",
    "pipx",
    "sudo",
    "systemctl",
    "uv",
    "wget",
}

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>[^`\s]*)")
_COMMENT = re.compile(r"^\s*<!--\s*snippet:\s*(?P<words>.*?)\s*-->\s*$")


class SnippetError(Exception):
    """A snippet that does not follow the convention; says where and what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """One fenced block. `line` is that of its first line of text, counted from 1."""

    document: str
    line: int
    language: str
    text: str
    skip: str = ""
    exit_code: int = 0
    is_centre: bool = False
    file: str = ""
    continues: bool = False
    is_output: bool = False
    follows_directly: bool = False
    output: str | None = None

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return f"{self.document}:{self.line}"


def _with_directive(snippet: Snippet, words: str) -> Snippet:
    verb, _, rest = words.partition(" ")
    rest = rest.strip()
    match verb:
        case "skip" if rest:
            return replace(snippet, skip=rest)
        case "exit" if rest.isdigit() and snippet.language in CONSOLE:
            return replace(snippet, exit_code=int(rest))
        case "centre" if not rest and snippet.language == "yaml":
            return replace(snippet, is_centre=True)
        case "file" if rest and snippet.language not in CONSOLE:
            path = PurePosixPath(rest)
            if path.is_absolute() or ".." in path.parts:
                raise SnippetError(f"{snippet.place}: file {rest}: the path must lie inside the folder")
            return replace(snippet, file=rest)
        case "continues" if not rest and snippet.language == "python":
            return replace(snippet, continues=True)
        case "output" if not rest and snippet.language in INERT:
            return replace(snippet, is_output=True)
    raise SnippetError(
        f"{snippet.place}: `snippet: {words}` is not for a {snippet.language or 'plain'} block; "
        "docs/contributing.md lists what can stand there"
    )


def _blocks(document: str, markdown: str) -> Iterator[Snippet]:
    lines = markdown.splitlines()
    directive, directive_line, last_fence_end = "", 0, -1
    at = 0
    while at < len(lines):
        line = lines[at]
        comment, fence = _COMMENT.match(line), _FENCE.match(line)
        if comment:
            directive, directive_line = comment["words"], at + 1
        elif fence:
            closing = re.compile(rf"^ *`{{{len(fence['ticks'])},}}\s*$")
            start = at + 1
            end = next((i for i in range(start, len(lines)) if closing.match(lines[i])), None)
            if end is None:
                raise SnippetError(f"{document}:{at + 1}: this block is never closed")
            indent = len(fence["indent"])
            body = [text[indent:] if not text[:indent].strip() else text for text in lines[start:end]]
            snippet = Snippet(
                document=document,
                line=start + 1,
                language=fence["language"],
                text="".join(f"{text}\n" for text in body),
                follows_directly=last_fence_end >= 0
                and not any(x.strip() for x in lines[last_fence_end + 1 : at]),
            )
            if snippet.language not in LANGUAGES:
                known = ", ".join(sorted(LANGUAGES - {""}))
                raise SnippetError(f"{snippet.place}: language {snippet.language!r} is not one of {known}")
            yield _with_directive(snippet, directive) if directive else snippet
            directive, last_fence_end, at = "", end, end
        elif line.strip() and directive:
            raise SnippetError(
                f"{document}:{directive_line}: `snippet: {directive}` has no block right after it"
            )
        at += 1
    if directive:
        raise SnippetError(f"{document}:{directive_line}: `snippet: {directive}` has no block right after it")


def read(document: str, markdown: str) -> list[Snippet]:
    """All blocks of a document in order; a python block has the text block that shows its output joined to it."""
    found: list[Snippet] = []
    for snippet in _blocks(document, markdown):
        shows = snippet.is_output or (snippet.language == "text" and snippet.follows_directly)
        program = found[-1] if found else None
        if shows and program and program.language == "python" and program.output is None and not program.file:
            found[-1] = replace(program, output=snippet.text)
        elif snippet.is_output:
            raise SnippetError(f"{snippet.place}: `snippet: output` has no python block before it")
        else:
            found.append(snippet)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of a console block, and the output shown below it (none: not compared)."""

    line: int
    text: str
    output: str


def commands(snippet: Snippet) -> list[Command]:
    """Split a console block at its `$ ` prompts; in sh and bash blocks each line is a command, with or without."""
    found: list[Command] = []
    is_open = False  # a line that ends in a backslash goes on
    for offset, line in enumerate(snippet.text.splitlines()):
        at = snippet.line + offset
        is_prompt = line.startswith("$ ")
        if is_open:
            found[-1] = replace(found[-1], text=f"{found[-1].text}\n{line.removeprefix('> ')}")
        elif is_prompt or (snippet.language != "console" and line.strip()):
            if not is_prompt and line.lstrip().startswith("#"):
                continue
            found.append(Command(line=at, text=line.removeprefix("$ "), output=""))
        elif found and snippet.language == "console":
            found[-1] = replace(found[-1], output=f"{found[-1].output}{line}\n")
            continue
        elif line.strip():
            raise SnippetError(f"{snippet.document}:{at}: a console block starts with `$ ` and a command")
        is_open = bool(found) and found[-1].text.endswith("\\")
    if not found:
        raise SnippetError(f"{snippet.place}: this {snippet.language} block has no command")
    for command in found:
        program = next(iter(shlex.split(command.text, comments=True)), "")
        if program in NEVER_RUN:
            raise SnippetError(
                f"{snippet.document}:{command.line}: {program} is not run from a text; "
                "write <!-- snippet: skip REASON --> before the block"
            )
    return found


def files_before(snippets: Sequence[Snippet], at: int) -> dict[str, str]:
    """The files that the document has had its reader write before that snippet, the latest of each."""
    return {snippet.file: snippet.text for snippet in snippets[:at] if snippet.file}


def program_before(snippets: Sequence[Snippet], at: int) -> str:
    """The python that a snippet with `continues` goes on from; empty for any other."""
    if not snippets[at].continues:
        return ""
    for before in range(at - 1, -1, -1):
        if snippets[before].language == "python" and not snippets[before].file and not snippets[before].skip:
            return program_before(snippets, before) + snippets[before].text
    raise SnippetError(f"{snippets[at].place}: `snippet: continues` has no python block before it")
