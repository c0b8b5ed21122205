"""``python -m router.daemon.compaction FOLDER``: keep a snapshot in a journal by replaying it, beside the daemon that writes to it."""

from __future__ import annotations

import gc
import os
import sys
import time

from router.daemon.recovery import TOLD
from router.errors import RouterError
from router.service.replay import replay
from router.stores.compaction import Compaction


def compact(path: str) -> str:
    """Keep a snapshot of the engine after the journal's last entry, and return what was done, in words. Raises ``StoreError``."""
    started_at = time.monotonic()
    with Compaction(path) as compaction:
        recovered = compaction.recover()
        told = recovered.snapshot.get(TOLD, 0)
        assert isinstance(told, int)
        again = replay(recovered)
        compaction.keep(again.engine.plan, {**again.engine.snapshot(), TOLD: told + again.facts})
        seconds = time.monotonic() - started_at
        return f"after entry {compaction.last}: {again.entries} entries replayed in {seconds:.1f} s"


def main() -> int:
    """Run it on the path that the command line names; 0 when the snapshot is kept."""
    os.nice(10)  # the router goes first
    gc.disable()  # the engine makes no cycles, and the process ends soon
    try:
        sys.stdout.write(compact(sys.argv[1]) + "\n")
    except RouterError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
