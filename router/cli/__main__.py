"""``python -m router.cli``: the command ``switchroom``, also where it is not on the path."""

from __future__ import annotations

from router.cli import main

main()
