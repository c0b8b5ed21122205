"""What somebody saw and did, as lines of JSON. Each is out of the process as soon as it is written: a checker reads them after kill -9."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self


class Books:
    """Books that nobody but their owner writes to. Without a file, nothing is kept.

    Each line has ``at`` (milliseconds since 1970), ``who``, ``what`` and, where there is one, ``interaction``. ``what`` is what has
    happened; ``asked`` is what was asked of the router and may not have happened, until a further line says.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            self._file = self._path.open("ab", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, who: str, what: str, interaction: str | None = None, **more: object) -> None:
        """Write one line."""
        if self._file is None:
            return
        line: dict[str, object] = {"at": round(time.time_ns() / 1e6, 3), "who": who, "what": what}
        if interaction is not None:
            line["interaction"] = interaction
        self._file.write(json.dumps(line | more).encode() + b"\n")
