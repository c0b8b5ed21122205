"""What a YAML parser's complaint means to the person who wrote the file."""

from __future__ import annotations

import re

from router.errors import Problem


def syntax_hint(text: str, line: int, problem: str) -> str:
    """Return what would probably do, for what the parser says of a line; empty where there is no telling."""
    lines = text.split("\n")
    written = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())] or "cannot start any token" in problem:
        if "\t" in written:
            return "indent with spaces, not with tabs"
        return "put the text in quotes"
    if "expected node content" in problem or "expected ',' or" in problem:
        return "a bracket, brace or quote is not closed"
    if "mapping values are not allowed" in problem:
        return "a text with ': ' in it needs quotes; keys of one mapping stand in one column"
    return ""


def character_problem(text: str, name: str, error: Exception) -> Problem:
    """Return the problem of a text that the reader cannot take, with the first character that is to blame."""
    for match in re.finditer(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text):
        before = text[: match.start()]
        line, column = before.count("\n") + 1, match.start() - (before.rfind("\n") + 1) + 1
        return Problem(
            name, line, column, "", f"the character U+{ord(match[0]):04X} cannot stand in YAML", "remove it"
        )
    return Problem(name, 0, 0, "", f"not readable as YAML: {str(error)[:60]}")
