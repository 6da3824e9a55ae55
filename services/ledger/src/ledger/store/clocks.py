"""What a bank was told of loans' clocks, in the store: notices, valuations, re-ageings."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from mesh.saving import columns, write
from mesh.service import Change, Key, Reader, Told, Transaction

from ledger.monthend.known import Known, Notice, NoticeKind, Reaging, Valuation
from ledger.monthend.telling import ClockState, LoanReaged, NoticeTold, ValuationTold

NOTICES = """
SELECT n.tenant, n.loan_id, n.kind, n.received FROM loan_notice n
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
ORDER BY n.tenant, n.loan_id, n.kind
"""

VALUATIONS = """
SELECT v.tenant, v.loan_id, v.valued_on, v.value_minor, v.cost_minor, v.is_assured
FROM loan_valuation v
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
ORDER BY v.tenant, v.loan_id, v.valued_on
"""

REAGINGS = """
SELECT r.tenant, r.loan_id, r.reaged_on, r.oldest_unpaid FROM loan_reaging r
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
ORDER BY r.tenant, r.loan_id, r.reaged_on
"""

LOANS = """
SELECT l.tenant, l.loan_id, l.product, l.currency, l.opened FROM loan l
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
"""

REPAID = """
SELECT j.tenant, j.loan_id, j.value_date FROM journal j
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
WHERE j.command = 'repay' AND j.asked IS NOT NULL
  AND NOT EXISTS (SELECT FROM reversal r WHERE r.transaction_id = j.transaction_id)
ORDER BY j.tenant, j.loan_id, j.value_date
"""

SAVE_NOTICES = """
INSERT INTO loan_notice AS l (tenant, loan_id, kind, lane, received, told_at, told_by)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::date[], $6::timestamptz[],
                     $7::text[])
ON CONFLICT (tenant, loan_id, kind) DO UPDATE SET
    received = excluded.received, told_at = excluded.told_at, told_by = excluded.told_by
"""

SAVE_VALUATIONS = """
INSERT INTO loan_valuation AS v (tenant, loan_id, valued_on, lane, value_minor, cost_minor,
                                 is_assured, told_at, told_by)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::int[], $5::bigint[], $6::bigint[],
                     $7::bool[], $8::timestamptz[], $9::text[])
ON CONFLICT (tenant, loan_id, valued_on) DO UPDATE SET
    value_minor = excluded.value_minor, cost_minor = excluded.cost_minor,
    is_assured = excluded.is_assured, told_at = excluded.told_at, told_by = excluded.told_by
"""

ADD_REAGINGS = """
INSERT INTO loan_reaging (tenant, loan_id, reaged_on, lane, oldest_unpaid, told_at, told_by)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::int[], $5::date[], $6::timestamptz[],
                     $7::text[])
"""

type Changes = Sequence[Change[Any, Any]]
type Values = tuple[Any, ...]


class ClockRows:
    """Where it is kept, as the lanes read and write it."""

    async def known(self, reader: Reader, keys: Sequence[Key]) -> dict[Key, Known]:
        """Give what the bank was told of each loan, under the keys asked for."""
        asked = {(key.tenant, key.id): key for key in keys}
        places = [key.tenant for key in keys], [key.id for key in keys]
        notices: dict[Key, list[Notice]] = defaultdict(list)
        for row in await reader.fetch(NOTICES, *places):
            notices[_of(asked, row)].append(Notice(NoticeKind(row["kind"]), row["received"]))
        valuations: dict[Key, list[Valuation]] = defaultdict(list)
        for row in await reader.fetch(VALUATIONS, *places):
            names = ("valued_on", "value_minor", "cost_minor", "is_assured")
            valuations[_of(asked, row)].append(Valuation(*(row[name] for name in names)))
        reagings: dict[Key, list[Reaging]] = defaultdict(list)
        for row in await reader.fetch(REAGINGS, *places):
            reagings[_of(asked, row)].append(Reaging(row["reaged_on"], row["oldest_unpaid"]))
        return {
            key: Known(
                tuple(notices.get(key, ())),
                tuple(valuations.get(key, ())),
                tuple(reagings.get(key, ())),
            )
            for key in keys
        }

    async def clocks(self, reader: Reader, keys: Sequence[Key]) -> dict[Key, ClockState]:
        """Give what the bank was told, and what of each loan bears on it."""
        asked = {(key.tenant, key.id): key for key in keys}
        places = [key.tenant for key in keys], [key.id for key in keys]
        loans = {_of(asked, row): row for row in await reader.fetch(LOANS, *places)}
        repaid: dict[Key, list[Any]] = defaultdict(list)
        for row in await reader.fetch(REPAID, *places):
            repaid[_of(asked, row)].append(row["value_date"])
        known = await self.known(reader, keys)
        states = dict.fromkeys(keys, ClockState())
        for key, row in loans.items():
            states[key] = ClockState(
                is_known=True,
                product=row["product"],
                currency=row["currency"],
                opened=row["opened"],
                known=known[key],
                repaid_on=tuple(repaid.get(key, ())),
            )
        return states

    async def save_clocks(self, tx: Transaction, changes: Changes) -> None:
        """Keep what the bank was told: of a kind, and of a day's valuations, the last word."""
        notices: dict[Any, Values] = {}
        valuations: dict[Any, Values] = {}
        reagings: list[Values] = []
        for change in changes:
            key, lane = change.key, change.lane
            for told in change.told:
                match told.event:
                    case NoticeTold(notice):
                        place = (key.tenant, key.id, notice.kind.value)
                        notices[place] = (*place, lane, notice.received, *_by(told))
                    case ValuationTold(valuation):
                        day, *figures = valuation
                        place = (key.tenant, key.id, day)
                        valuations[place] = (*place, lane, *figures, *_by(told))
                    case LoanReaged(reaging):
                        place = (key.tenant, key.id, reaging.reaged_on)
                        reagings.append((*place, lane, reaging.oldest_unpaid, *_by(told)))
                    case _:
                        pass
        await write(tx, SAVE_NOTICES, list(notices.values()))
        await write(tx, SAVE_VALUATIONS, list(valuations.values()))
        if reagings:
            await tx.execute(ADD_REAGINGS, *columns(reagings))


def _by(told: Told[Any]) -> Values:
    actor = told.message.actor
    return told.at, f"{actor.role}/{actor.id}"


def _of(asked: Mapping[tuple[str, str], Key], row: Mapping[str, Any]) -> Key:
    return asked[row["tenant"], row["loan_id"]]
