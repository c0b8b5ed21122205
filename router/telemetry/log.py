"""What is written to the log, and how: structlog, lines for people or JSON, names dotted and in the past
tense.

The core logs nothing: facts are its log, and a shell may write them here at debug. Nothing is set up on
import.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Collection, Mapping
from typing import Final, Literal, Protocol, TextIO

import structlog

from router.core.facts import Fact
from router.ports import FactSink

Format = Literal["console", "json"]

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}

REDACTED: Final = "[redacted]"
"""Stands in the log for a value that must not."""

_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TWO_WORD_VERBS: Final = ("passed_on",)


class Logger(Protocol):
    """The part of a structlog logger that is used here."""

    def debug(self, event: str, **values: object) -> object:
        """Write an event with its values."""


def configure(
    *,
    form: Format = "console",
    level: str = "info",
    stream: TextIO | None = None,
    colours: bool | None = None,
    redact: Collection[str] = (),
) -> None:
    """Set structlog up for this process: ``form`` and ``level``, onto ``stream`` (stderr). ``colours``
    None: on a terminal only. The values of fields and attributes named in ``redact`` are not written.

    Raises ``ValueError`` for a level that is not one of ``LEVELS``.
    """
    if level not in LEVELS:
        raise ValueError(f"there is no log level {level!r}; it is one of {', '.join(LEVELS)}")
    target = stream if stream is not None else sys.stderr
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if redact:
        processors.append(_redactor(frozenset(redact)))
    if form == "json":
        processors += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        in_colour = target.isatty() if colours is None else colours
        processors.append(structlog.dev.ConsoleRenderer(colors=in_colour))
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )


def _redactor(names: frozenset[str]) -> structlog.typing.Processor:
    def redact(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {key: _without(value, key, names) for key, value in event.items()}

    return redact


def _without(value: object, key: str, names: frozenset[str]) -> object:
    """Return the value without what must not be written, however deep it lies."""
    if key in names:
        return REDACTED
    match value:
        case Mapping():
            return {name: _without(part, str(name), names) for name, part in value.items()}
        case list() | tuple():
            return [_without(part, "", names) for part in value]
        case _:
            return value


def event_name(fact: Fact) -> str:
    """Return a fact's name as an event: ``offer.ended``, ``interaction.passed_on``, ``wrap_up.started``."""
    name = _HUMP.sub("_", type(fact).__name__).lower()
    for verb in _TWO_WORD_VERBS:
        if name.endswith(f"_{verb}"):
            return f"{name.removesuffix(f'_{verb}')}.{verb}"
    return ".".join(name.rsplit("_", 1))


def log_facts(log: Logger) -> FactSink:
    """Return a sink that writes every fact at debug, its values as fields."""
    names: dict[type[Fact], str] = {}

    def sink(fact: Fact) -> None:
        kind = type(fact)
        name = names.get(kind)
        if name is None:
            name = names[kind] = event_name(fact)
        log.debug(name, **{key: value for key, value in fact._asdict().items() if value is not None})

    return sink
