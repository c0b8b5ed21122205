"""Every store passes the one contract."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from router.ports import Store
from router.stores.memory import MemoryStore
from router.stores.sqlite import SqliteStore
from router.testing.store import StoreContract


class TestMemoryStore(StoreContract):
    stores: ClassVar[dict[Path, MemoryStore]] = {}

    async def open(self, folder: Path) -> Store:
        return self.stores.setdefault(folder, MemoryStore())


class TestSqliteStore(StoreContract):
    async def open(self, folder: Path) -> Store:
        return SqliteStore(folder)


class TestRelaxedSqliteStore(StoreContract):
    async def open(self, folder: Path) -> Store:
        return SqliteStore(folder / "centre.db", durability="relaxed")
