"""Every policy is kept in the store, and never changed there."""

import asyncpg
import pytest
from ledger.policies import PolicyBook
from ledger.settings import own_policy
from ledger.store import policies as store

from .turning import Books

pytestmark = pytest.mark.stack


async def test_what_a_journal_names_can_be_read_later(books: Books, owner_dsn: str) -> None:
    await PolicyBook([own_policy()]).keep(books)
    await PolicyBook([own_policy()]).keep(books)
    newer = own_policy().replace('"2026-01"', '"2026-02"')
    await PolicyBook([newer]).keep(books)

    assert [row["version"] for row in await store.kept(books)] == ["2026-01", "2026-02"]
    found = await store.one(books, "2026-01")
    assert found is not None
    assert found["text"] == own_policy()
    assert await store.one(books, "1999") is None
    with pytest.raises(SystemExit, match="policy 2026-02"):
        await PolicyBook([newer.replace('"6300"', '"6301"')]).keep(books)
    owner = await asyncpg.connect(owner_dsn)
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only added to"):
            await owner.execute("UPDATE policy_version SET text = ''")
    finally:
        await owner.close()
