"""YAML text to plain values that remember where they stood.

Here live the scalar rules (YAML 1.2, narrower: a number is only what is written as a plain decimal number), the
refusal of duplicate keys, foreign tags, endless aliases and deep nesting, and the way back from a path to a line and
column. Top-level keys that start with ``x-`` are left out: a place for anchors. What the values mean is the business
of the models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from router.config.yaml_hints import character_problem, syntax_hint
from router.errors import Problem

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]
Steps = tuple[str | int, ...]
"""A path inside a document: keys and list indices from the top."""

FILE_BYTES_MAX: Final = 8 * 1024 * 1024
DEPTH_MAX: Final = 64
ALIASED_MAX: Final = 20_000
"""How many values all aliases of one file may stand for together."""

_Mark = Any
"""Where the parser was: ``line`` and ``column`` from 0. (The two loaders have a class each.)"""
_Event = Any

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?\Z")
_WORDS: Final[dict[str, bool | None]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CORE_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})
_NO_KEY: Final = "\0"
"""Stands, by identity, where something stood that cannot be a key."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Container:
    """A mapping or list under construction, and afterwards the places of what is in it."""

    value: list[Value] | dict[str, Value]
    mark: _Mark
    size: int = 1
    keys: dict[str | int, _Mark] = field(default_factory=dict)
    marks: dict[str | int, _Mark] = field(default_factory=dict)
    key: str | None = None
    key_mark: _Mark | None = None
    merges: list[dict[str, Value]] = field(default_factory=list)
    merge_after: int = 0
    anchor: str | None = None
    is_key: bool = False


@dataclass(slots=True, eq=False)
class Document:
    """One YAML document: its plain value, what was wrong already, and the place of everything in it.

    ``removed`` names list items that validation left out (by the list's path, as indices before the removal), so that
    paths into what is left still lead to the right place.
    """

    name: str
    value: Value = None
    problems: list[Problem] = field(default_factory=list)
    removed: dict[Steps, list[int]] = field(default_factory=dict)
    _containers: dict[int, _Container] = field(default_factory=dict)

    def original(self, steps: Steps) -> Steps:
        """Return the path as it was before items were removed."""
        if not self.removed:
            return steps
        found: Steps = ()
        for step in steps:
            if isinstance(step, int):
                for gone in sorted(self.removed.get(found, ())):
                    step += gone <= step
            found += (step,)
        return found

    def place(self, steps: Steps, *, key: bool = False) -> tuple[int, int]:
        """Return line and column, from 1, of the value at the path (with ``key``: of its key).

        A path that leads nowhere gives the place of the last thing on the way that is there.
        """
        value = self.value
        line, column = 1, 1
        for depth, step in enumerate(steps):
            container = self._containers.get(id(value))
            if container is None or step not in container.marks:
                break
            wants_key = key and depth == len(steps) - 1
            mark = (container.keys if wants_key else container.marks).get(step) or container.marks[step]
            line, column = mark.line + 1, mark.column + 1
            value = container.value[step]  # type: ignore[index]
        return line, column

    def problem(self, steps: Steps, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """Return a problem at the path, given as it is after removals."""
        steps = self.original(steps)
        line, column = self.place(steps, key=key)
        return Problem(self.name, line, column, dotted(steps), message, hint)

    def note(self, steps: Steps, message: str, hint: str = "", *, key: bool = False) -> None:
        """Add a problem at the path."""
        self.problems.append(self.problem(steps, message, hint, key=key))


def dotted(steps: Steps) -> str:
    """Return a path as people write it: ``queues.vip.ladder[0].do``."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{shown(step)}" if text else shown(step)
    return text


def shown(value: object, limit: int = 60) -> str:
    """Return a value short enough to be shown: the middle of a long text is left out."""
    text = str(value)
    return text if len(text) <= limit else f"{text[: limit - 20]}…{text[-10:]} ({len(text):,} characters)"


def read_file(path: Path, name: str | None = None) -> Document:
    """Read a file of at most ``FILE_BYTES_MAX`` bytes of UTF-8; what is wrong is in the document's ``problems``."""
    shown_name = str(path) if name is None else name
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return Document(shown_name, problems=[Problem(shown_name, 0, 0, "", f"cannot be read: {reason}")])
    if len(raw) > FILE_BYTES_MAX:
        what = f"the file is larger than {FILE_BYTES_MAX // 2**20} MiB"
        return Document(shown_name, problems=[Problem(shown_name, 0, 0, "", what, "split it")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        what = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        return Document(
            shown_name, problems=[Problem(shown_name, line, column, "", what, "save the file as UTF-8")]
        )
    return read_text(text, shown_name)


def read_text(text: str, name: str) -> Document:
    """Read a YAML text with one document; what is wrong is in the document's ``problems``."""
    document = Document(name)
    if len(text) > FILE_BYTES_MAX:
        document.problems.append(
            Problem(name, 0, 0, "", f"the text is larger than {FILE_BYTES_MAX // 2**20} MiB")
        )
        return document
    try:
        _Builder(document).build(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        what = f"not readable as YAML: {error.problem or 'broken'}"
        if error.context:
            started = error.context_mark
            what += f" {error.context}" + (f" that starts on line {started.line + 1}" if started else "")
        hint = syntax_hint(text, line, error.problem or "")
        document.problems.append(Problem(name, line, column, "", what, hint))
    except (yaml.YAMLError, UnicodeError) as error:
        document.problems.append(character_problem(text, name, error))
    except _Refused:
        pass
    return document


class _Refused(Exception):
    """The text is beyond a bound; the problem is noted."""


class _Builder:
    """Builds values from the parser's events, without recursion."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[_Container] = []
        self.anchors: dict[str, tuple[Value, int]] = {}
        self.aliased = 0

    def build(self, text: str) -> None:
        loader = _LOADER(text)
        try:
            self._take(loader)
        finally:
            loader.dispose()
        if isinstance(self.document.value, dict):
            for key in [key for key in self.document.value if key.startswith("x-")]:
                del self.document.value[key]

    def _take(self, loader: Any) -> None:
        documents = 0
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.MappingStartEvent):
                self._start(event, {})
            elif isinstance(event, yaml.SequenceStartEvent):
                self._start(event, [])
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(
                        event.start_mark, "a second document starts here", "one file holds one document"
                    )

    def _scalar(self, event: _Event) -> None:
        if self.stack and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None:
            self._take_key(event.value, event.start_mark, plain=event.implicit[0])
            return
        value: Value = event.value
        if event.tag is not None and event.tag not in _CORE_TAGS:
            self._note(event.start_mark, f"the tag {shown(event.tag)!r} is not supported", "leave it out")
        elif event.implicit[0] and event.tag is None:
            value = resolve(event.value)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        self._put(value, event.start_mark, 1)

    def _start(self, event: _Event, value: list[Value] | dict[str, Value]) -> None:
        if len(self.stack) >= DEPTH_MAX:
            self._refuse(event.start_mark, f"nested deeper than {DEPTH_MAX}")
        if event.tag is not None:
            self._note(event.start_mark, f"the tag {shown(event.tag)!r} is not supported", "leave it out")
        parent = self.stack[-1] if self.stack else None
        is_key = parent is not None and isinstance(parent.value, dict) and parent.key is None
        if is_key:
            self._note(
                event.start_mark, "a key must be a plain text", "text with braces or brackets needs quotes"
            )
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
        self.stack.append(_Container(value, event.start_mark, anchor=event.anchor, is_key=is_key))

    def _end(self) -> None:
        container = self.stack.pop()
        if container.merges:
            _merge(container, self.document)
        self.document._containers[id(container.value)] = container
        if container.anchor is not None:
            self.anchors[container.anchor] = (container.value, container.size)
        if container.is_key:
            self.stack[-1].key, self.stack[-1].key_mark = _NO_KEY, container.mark
        else:
            self._put(container.value, container.mark, container.size)

    def _alias(self, event: _Event) -> None:
        parent = self.stack[-1] if self.stack else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            self._note(event.start_mark, f"the alias '*{event.anchor}' cannot be a key", "write the key out")
            parent.key, parent.key_mark = _NO_KEY, event.start_mark
            return
        known = self.anchors.get(event.anchor)
        if known is None:
            inside = any(container.anchor == event.anchor for container in self.stack)
            why = "stands inside of what it names" if inside else "names no anchor before it"
            self._note(event.start_mark, f"the alias '*{shown(event.anchor)}' {why}")
            known = (None, 1)
        value, size = known
        self.aliased += size
        if self.aliased > ALIASED_MAX:
            self._refuse(
                event.start_mark, f"aliases stand for more than {ALIASED_MAX:,} values", "write them out"
            )
        self._put(value, event.start_mark, size)

    def _take_key(self, key: str, mark: _Mark, *, plain: bool) -> None:
        container = self.stack[-1]
        assert isinstance(container.value, dict)
        if plain and key == "<<":
            container.key, container.key_mark = key, None
            return
        if key in container.value:
            first = container.keys[key].line + 1
            self._note(
                mark,
                f"the key {shown(key)!r} stands here twice, first on line {first}",
                "remove one",
                key=key,
            )
        container.key, container.key_mark = key, mark

    def _put(self, value: Value, mark: _Mark, size: int) -> None:
        if not self.stack:
            self.document.value = value
            return
        container = self.stack[-1]
        container.size += size
        if isinstance(container.value, list):
            container.marks[len(container.value)] = mark
            container.value.append(value)
            return
        key, container.key = container.key, None
        assert key is not None
        if container.key_mark is None:
            self._put_merge(container, value, mark)
        elif key not in container.value and key is not _NO_KEY:  # of two that are alike the first counts
            container.value[key] = value
            container.keys[key] = container.key_mark
            container.marks[key] = mark

    def _put_merge(self, container: _Container, value: Value, mark: _Mark) -> None:
        container.merge_after = len(container.value)
        sources = value if isinstance(value, list) else [value]
        for source in sources:
            if isinstance(source, dict):
                container.merges.append(source)
            else:
                self._note(mark, "'<<' takes in mappings only", "write '<<: *anchor'")

    def _steps(self) -> Iterator[str | int]:
        for container in self.stack:
            if isinstance(container.value, list):
                yield len(container.value)
            elif container.key is not None:
                yield container.key

    def _note(self, mark: _Mark, message: str, hint: str = "", *, key: str | None = None) -> None:
        steps = (*self._steps(), *(() if key is None else (key,)))
        place = (self.document.name, mark.line + 1, mark.column + 1, dotted(steps))
        self.document.problems.append(Problem(*place, message, hint))

    def _refuse(self, mark: _Mark, message: str, hint: str = "") -> None:
        self.document.problems.append(
            Problem(self.document.name, mark.line + 1, mark.column + 1, "", message, hint)
        )
        self.document.value = None
        raise _Refused


def _merge(container: _Container, document: Document) -> None:
    """Put what ``<<`` takes in where it stood; a key that is written out wins, then the mapping named first."""
    assert isinstance(container.value, dict)
    written = list(container.value.items())
    merged: dict[str, Value] = {}
    for source in container.merges:
        places = document._containers[id(source)]
        for key, value in source.items():
            if key not in merged and key not in container.value:
                merged[key] = value
                container.keys[key] = places.keys[key]
                container.marks[key] = places.marks[key]
    container.value.clear()
    container.value.update(written[: container.merge_after])
    container.value.update(merged)
    container.value.update(written[container.merge_after :])


def resolve(text: str) -> Value:
    """Return what a plain scalar stands for: null, a bool, a plain decimal number, else its text.

    ``no``, ``on``, ``10:30``, ``0123``, ``+49``, ``1e3``, ``0x1f``, ``1_000`` stay texts.
    """
    if text in _WORDS:
        return _WORDS[text]
    match = _NUMBER.match(text)
    if match is None:
        return text
    return float(text) if match[1] else int(text)


def with_file_order(problems: Sequence[Problem], names: Sequence[str]) -> list[Problem]:
    """Return the problems by file (in the order of ``names``), line and column."""
    order = {name: index for index, name in enumerate(names)}
    return sorted(problems, key=lambda found: (order.get(found.file, len(order)), found.line, found.column))
