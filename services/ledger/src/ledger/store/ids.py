"""Ids that scenarios asked under, and how they were answered."""

from collections.abc import Sequence

from mesh.service import Reader, Transaction

from ledger.rehearsal.ids import IdAnswered, Known

KNOWN = """
SELECT a.tenant, a.id, a.content, a.code
FROM answered_id a JOIN unnest($1::text[], $2::text[]) AS k(tenant, id) USING (tenant, id)
"""

ADD = """
WITH made AS (
    INSERT INTO answered_id (tenant, id, content, code)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT all_of((SELECT count(*) FROM made), cardinality($1::text[]), 'an id')
"""


class AnsweredIds:
    """The table of ids."""

    async def load(
        self, reader: Reader, ids: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], Known]:
        """Give what is known of ids, by tenant and id."""
        tenants, names = [tenant for tenant, _ in ids], [name for _, name in ids]
        found = await reader.fetch(KNOWN, tenants, names)
        return {(r["tenant"], r["id"]): Known(r["content"], r["code"]) for r in found}

    async def add(self, tx: Transaction, ids: Sequence[tuple[str, IdAnswered]]) -> None:
        """Keep ids that were answered, each with its tenant."""
        assert len({(tenant, made.id) for tenant, made in ids}) == len(ids), "each id once a turn"
        await tx.execute(
            ADD,
            [tenant for tenant, _ in ids],
            [made.id for _, made in ids],
            [made.known.content for _, made in ids],
            [made.known.code for _, made in ids],
        )
