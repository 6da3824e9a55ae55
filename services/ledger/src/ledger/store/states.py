"""Loads and saves what the ledger decides on: one statement a table, however many loans."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from mesh.service import Change, Key, Message, Reader, Transaction

from ledger.domain.decide import Answered, Event, LoanState, PartyState, State
from ledger.domain.loan import Loan
from ledger.domain.row import Party
from ledger.store import rows

LOANS = """
SELECT l.* FROM loan l JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id)
  USING (tenant, loan_id)
"""

LOTS = """
SELECT l.* FROM lot l JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id)
  USING (tenant, loan_id)
ORDER BY l.tenant, l.loan_id, l.place
"""

ANSWERED = """
SELECT grant_id, case_id, true AS posted FROM journal
WHERE grant_id = ANY($1::uuid[]) OR (case_id = ANY($2::uuid[]) AND kind = 'POST')
UNION ALL
SELECT grant_id, case_id, false FROM refusal WHERE grant_id = ANY($1::uuid[])
"""

PARTIES = """
SELECT p.* FROM party p JOIN unnest($1::text[], $2::text[]) AS k(tenant, party_id)
  USING (tenant, party_id)
"""

MOVE_LOANS = """
UPDATE loan AS l SET
    status = n.status, last_transaction = n.last_transaction, version = n.version,
    bnk_principal = n.bnk_principal, bnk_interest = n.bnk_interest, bnk_fees = n.bnk_fees,
    bnk_penalties = n.bnk_penalties, bnk_tax = n.bnk_tax,
    co_principal = n.co_principal, co_interest = n.co_interest, co_fees = n.co_fees,
    co_penalties = n.co_penalties, co_tax = n.co_tax,
    cust_principal = n.cust_principal, cust_interest = n.cust_interest, cust_fees = n.cust_fees,
    cust_penalties = n.cust_penalties, cust_tax = n.cust_tax,
    recovered_principal = n.recovered_principal, recovered_interest = n.recovered_interest,
    recovered_fees = n.recovered_fees, recovered_penalties = n.recovered_penalties,
    recovered_tax = n.recovered_tax,
    unearned_minor = n.unearned_minor, deferred_minor = n.deferred_minor
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::date[], $6::bigint[],
            $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
            $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
            $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[],
            $22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[],
            $27::bigint[], $28::bigint[])
  AS n(tenant, loan_id, version_before, status, last_transaction, version,
       bnk_principal, bnk_interest, bnk_fees, bnk_penalties, bnk_tax,
       co_principal, co_interest, co_fees, co_penalties, co_tax,
       cust_principal, cust_interest, cust_fees, cust_penalties, cust_tax,
       recovered_principal, recovered_interest, recovered_fees, recovered_penalties, recovered_tax,
       unearned_minor, deferred_minor)
WHERE l.tenant = n.tenant AND l.loan_id = n.loan_id AND l.version = n.version_before
"""

SAVE_LOTS = """
INSERT INTO lot (tenant, loan_id, place, lane, kind, component, account, standing_minor, made_on,
                 entry_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::text[], $6::text[],
                     $7::text[], $8::bigint[], $9::date[], $10::uuid[])
ON CONFLICT (tenant, loan_id, place) DO UPDATE SET
    kind = excluded.kind, account = excluded.account, standing_minor = excluded.standing_minor,
    made_on = excluded.made_on, entry_id = excluded.entry_id
"""

SAVE_PARTIES = """
INSERT INTO party AS p (tenant, party_id, lane, given_name, family_name, business_name, email,
                        tax_id, locale, version)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::text[], $10::bigint[])
ON CONFLICT (tenant, party_id) DO UPDATE SET
    given_name = excluded.given_name, family_name = excluded.family_name,
    business_name = excluded.business_name, email = excluded.email, tax_id = excluded.tax_id,
    locale = excluded.locale, version = excluded.version
WHERE p.version < excluded.version
"""

type Moved = list[tuple[Change[State, Event], Loan | None, Loan]]
"""Changes with the loan before and after."""


class Store:
    """The ledger's tables, as the lanes read and write them."""

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        """Give a state for every key, with what was answered of the grants that it now hears of."""
        parties = [key for key in wanted if key.kind == "party"]
        loans = [key for key in wanted if key.kind != "party"]
        states: dict[Key, State] = {}
        if parties:
            states |= await _load_parties(reader, parties)
        if loans:
            answered = await _load_answered(reader, {key: wanted[key] for key in loans})
            held = await _load_loans(reader, loans)
            states |= {
                key: LoanState(held.get(key), answered.get(key, frozenset())) for key in loans
            }
        return states

    async def save(self, tx: Transaction, changes: Sequence[Change[State, Event]]) -> None:
        """Keep loans and lots as they are now, and add what was posted or refused."""
        moved = _moved(changes)
        fresh = [(change, after) for change, before, after in moved if before is None]
        if fresh:
            await tx.copy(
                "loan", columns=rows.LOAN, rows=[rows.of_loan(c.key, c.lane, x) for c, x in fresh]
            )
        kept = [rows.of_move(c.key, before.version, x) for c, before, x in moved if before]
        if kept:
            status = await tx.execute(MOVE_LOANS, *_columns(kept))
            assert status == f"UPDATE {len(kept)}", "the lane is ours: loans are as loaded"
        lots = list(_changed_lots(moved))
        if lots:
            status = await tx.execute(SAVE_LOTS, *_columns(lots))
            assert status == f"INSERT 0 {len(lots)}"
        await _save_parties(tx, changes)
        await _add_entries(tx, changes)
        refusals = [rows.of_refusal(c.key, c.lane, r) for c in changes for r in rows.refusals(c)]
        if refusals:
            await tx.copy("refusal", columns=rows.REFUSAL, rows=refusals)


async def _load_loans(reader: Reader, keys: Sequence[Key]) -> dict[Key, Loan]:
    ids = ([key.tenant for key in keys], [key.id for key in keys])
    lots: dict[Key, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await reader.fetch(LOTS, *ids):
        lots[Key(row["tenant"], row["loan_id"])].append(row)
    found: dict[Key, Loan] = {}
    for row in await reader.fetch(LOANS, *ids):
        key = Key(row["tenant"], row["loan_id"])
        found[key] = rows.to_loan(row, lots.get(key, ()))
    return found


async def _load_parties(reader: Reader, keys: Sequence[Key]) -> dict[Key, State]:
    found = await reader.fetch(PARTIES, [key.tenant for key in keys], [key.id for key in keys])
    states: dict[Key, State] = dict.fromkeys(keys, PartyState())
    for row in found:
        key = Key(row["tenant"], row["party_id"], "party")
        states[key] = PartyState(rows.to_party(row), row["version"])
    return states


async def _load_answered(
    reader: Reader, wanted: Mapping[Key, Sequence[Message]]
) -> dict[Key, frozenset[Answered]]:
    """Give what was answered before of each key's grants and cases, on whatever loan it was."""
    asked: dict[Key, set[UUID]] = {}
    grants: set[UUID] = set()
    cases: set[UUID] = set()
    for key, messages in wanted.items():
        heard = [m for m in messages if m.kind == "AuthorizationGranted"]
        of_key = {UUID(m.body.grant_id) for m in heard}
        of_cases = {m.case_id for m in heard if m.case_id}
        grants |= of_key
        cases |= of_cases
        asked[key] = of_key | of_cases
    if not grants:
        return {}
    found = [
        Answered(row["grant_id"], row["case_id"], row["posted"])
        for row in await reader.fetch(ANSWERED, list(grants), list(cases))
    ]
    by_id: dict[UUID, set[Answered]] = defaultdict(set)
    for answered in found:
        by_id[answered.grant_id].add(answered)
        by_id[answered.case_id].add(answered)
    return {
        key: frozenset(answered for name in ids for answered in by_id.get(name, ()))
        for key, ids in asked.items()
    }


def _moved(changes: Sequence[Change[State, Event]]) -> Moved:
    moved: Moved = []
    for change in changes:
        match change.before, change.after:
            case LoanState(before), LoanState(Loan() as after) if before != after:
                moved.append((change, before, after))
            case _:
                pass
    return moved


def _changed_lots(moved: Moved) -> Iterable[tuple[Any, ...]]:
    for change, before, after in moved:
        old = before.lots if before else ()
        for place, lot in enumerate(after.lots):
            if place >= len(old) or old[place] != lot:
                yield rows.of_lot(change.key, change.lane, place, lot)


async def _save_parties(tx: Transaction, changes: Sequence[Change[State, Event]]) -> None:
    parties: list[tuple[Any, ...]] = []
    for change in changes:
        match change.before, change.after:
            case before, PartyState(Party() as party, version) if before != change.after:
                parties.append(rows.of_party(change.key, change.lane, party, version))
            case _:
                pass
    if parties:
        status = await tx.execute(SAVE_PARTIES, *_columns(parties))
        assert status == f"INSERT 0 {len(parties)}", "the lane is ours: no party is newer"


async def _add_entries(tx: Transaction, changes: Sequence[Change[State, Event]]) -> None:
    """Add entries, then all their lines in one statement: the store checks that they balance."""
    entries = [(change, entry) for change in changes for entry in rows.entries(change)]
    if not entries:
        return
    journal = [rows.of_entry(change.key, change.lane, entry) for change, entry in entries]
    await tx.copy("journal", columns=rows.JOURNAL, rows=journal)
    lines = [line for _, entry in entries for line in rows.of_lines(entry)]
    if lines:
        await tx.copy("journal_line", columns=rows.LINE, rows=lines)


def _columns(table: Sequence[tuple[Any, ...]]) -> Iterable[list[Any]]:
    """Turn rows into the arrays that unnest takes."""
    return (list(column) for column in zip(*table, strict=True))
