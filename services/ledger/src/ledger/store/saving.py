"""Keeps what a turn changed: one statement a table, however many loans."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from mesh.saving import columns, write
from mesh.service import Change, Key, Transaction

from ledger.domain.decide import (
    Event,
    LoanImported,
    LoanState,
    NewLoan,
    PartyState,
    Posted,
    State,
)
from ledger.domain.loan import Loan
from ledger.domain.posting import Entry
from ledger.domain.row import Party
from ledger.store import journal, rows

CLAIM = """
WITH made AS (
    INSERT INTO opening (tenant, loan_id, entry_id, transaction_id, status, opened,
        bnk_principal, bnk_interest, bnk_fees, bnk_penalties, bnk_tax,
        co_principal, co_interest, co_fees, co_penalties, co_tax,
        cust_principal, cust_interest, cust_fees, cust_penalties, cust_tax,
        unearned_minor, deferred_minor, policy_version)
    SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::date[],
        $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
        $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
        $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[],
        $22::bigint[], $23::bigint[], $24::text[])
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT all_of((SELECT count(*) FROM made), cardinality($1::text[]), 'a loan id')
"""

MOVE_LOANS = """
UPDATE loan AS l SET
    status = n.status, last_transaction = n.last_transaction, last_accrue = n.last_accrue,
    last_charge_off = n.last_charge_off, arrivals = n.arrivals, version = n.version,
    bnk_principal = n.bnk_principal, bnk_interest = n.bnk_interest, bnk_fees = n.bnk_fees,
    bnk_penalties = n.bnk_penalties, bnk_tax = n.bnk_tax,
    co_principal = n.co_principal, co_interest = n.co_interest, co_fees = n.co_fees,
    co_penalties = n.co_penalties, co_tax = n.co_tax,
    cust_principal = n.cust_principal, cust_interest = n.cust_interest, cust_fees = n.cust_fees,
    cust_penalties = n.cust_penalties, cust_tax = n.cust_tax,
    recovered_principal = n.recovered_principal, recovered_interest = n.recovered_interest,
    recovered_fees = n.recovered_fees, recovered_penalties = n.recovered_penalties,
    recovered_tax = n.recovered_tax,
    unearned_minor = n.unearned_minor, deferred_minor = n.deferred_minor,
    overpaid_minor = n.overpaid_minor, memo_minor = n.memo_minor,
    earned_bnk = n.earned_bnk, earned_cust = n.earned_cust,
    booked_bnk_minor = n.booked_bnk_minor, booked_cust_minor = n.booked_cust_minor,
    grown_to = n.grown_to
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::date[], $6::date[], $7::date[],
            $8::int[], $9::bigint[],
            $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
            $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[],
            $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[],
            $25::bigint[], $26::bigint[], $27::bigint[], $28::bigint[], $29::bigint[],
            $30::bigint[], $31::bigint[], $32::bigint[], $33::bigint[], $34::text[], $35::text[],
            $36::bigint[], $37::bigint[], $38::date[])
  AS n(tenant, loan_id, version_before, status, last_transaction, last_accrue, last_charge_off,
       arrivals, version,
       bnk_principal, bnk_interest, bnk_fees, bnk_penalties, bnk_tax,
       co_principal, co_interest, co_fees, co_penalties, co_tax,
       cust_principal, cust_interest, cust_fees, cust_penalties, cust_tax,
       recovered_principal, recovered_interest, recovered_fees, recovered_penalties, recovered_tax,
       unearned_minor, deferred_minor, overpaid_minor, memo_minor, earned_bnk, earned_cust,
       booked_bnk_minor, booked_cust_minor, grown_to)
WHERE l.tenant = n.tenant AND l.loan_id = n.loan_id AND l.version = n.version_before
"""

CHANGE_LOTS = """
UPDATE lot AS l SET
    lane = n.lane, kind = n.kind, component = n.component, account = n.account,
    standing_minor = n.standing_minor, made_on = n.made_on, entry_id = n.entry_id
FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::text[], $6::text[],
            $7::text[], $8::bigint[], $9::date[], $10::uuid[])
  AS n(tenant, loan_id, place, lane, kind, component, account, standing_minor, made_on, entry_id)
WHERE l.tenant = n.tenant AND l.loan_id = n.loan_id AND l.place = n.place
"""

DROP_LOTS = """
DELETE FROM lot USING unnest($1::text[], $2::text[], $3::int[]) AS n(tenant, loan_id, lots)
WHERE lot.tenant = n.tenant AND lot.loan_id = n.loan_id AND lot.place >= n.lots
"""

MOVE_ALLOWANCES = """
INSERT INTO allowance AS a (tenant, currency, code, lane, amount_minor)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[])
ON CONFLICT (tenant, currency, code, lane) DO UPDATE SET
    amount_minor = a.amount_minor + excluded.amount_minor
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

CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"
"""Looks now at what PostgreSQL looks at when a turn commits."""

type Changes = Sequence[Change[State, Event]]
type Moved = list[tuple[Change[State, Event], Loan | None, Loan]]
"""Changes with the loan before and after."""


async def loans(tx: Transaction, changes: Changes) -> None:
    """Keep loans and their lots as they are now, and claim the ids of new ones."""
    openings = [row for change in changes for row in _openings(change)]
    if openings:
        assert len({row[:2] for row in openings}) == len(openings), "an id is claimed once a turn"
        await tx.execute(CLAIM, *columns(openings))
    moved = _moved(changes)
    fresh = [(change, after) for change, before, after in moved if before is None]
    if fresh:
        values = [rows.of_loan(change.key, change.lane, loan) for change, loan in fresh]
        await tx.copy("loan", columns=rows.LOAN, rows=values)
    kept = [rows.of_move(c.key, before.version, after) for c, before, after in moved if before]
    if kept:
        status = await tx.execute(MOVE_LOANS, *columns(kept))
        assert status == f"UPDATE {len(kept)}", "the lane is ours: loans are as loaded"
    await _lots(tx, moved)


async def _lots(tx: Transaction, moved: Moved) -> None:
    fresh, changed = _changed_lots(moved)
    if fresh:
        await tx.copy("lot", columns=rows.LOT, rows=fresh)
    if changed:
        status = await tx.execute(CHANGE_LOTS, *columns(changed))
        assert status == f"UPDATE {len(changed)}", "the lane is ours: lots are as loaded"
    # Only a history that is told anew has fewer of them than before.
    fewer = [
        (change.key.tenant, change.key.id, len(after.lots))
        for change, before, after in moved
        if before and len(before.lots) > len(after.lots)
    ]
    if fewer:
        await tx.execute(DROP_LOTS, *columns(fewer))


def _openings(change: Change[State, Event]) -> Iterator[rows.Values]:
    """Give the openings of loans that came in, and of those that a refinance makes."""
    for told in change.told:
        match told.event:
            case LoanImported(loan, entry):
                yield _opening(change.key, loan, entry)
            case Posted(opens=NewLoan() as new):
                yield rows.of_claim(change.key.tenant, new)
            case _:
                pass


def _opening(key: Key, loan: Loan, entry: Entry) -> rows.Values:
    return rows.of_opening(
        key,
        loan,
        entry_id=entry.entry_id,
        transaction_id=entry.transaction_id,
        policy_version=entry.policy_version,
    )


def _moved(changes: Changes) -> Moved:
    moved: Moved = []
    for change in changes:
        match change.before, change.after:
            case LoanState(None), LoanState(Loan() as after):
                moved.append((change, None, after))
            case LoanState(Loan() as before), LoanState(Loan() as after) if (
                before.version != after.version
            ):
                moved.append((change, before, after))
            case _:
                pass
    return moved


def _changed_lots(moved: Moved) -> tuple[list[rows.Values], list[rows.Values]]:
    """Give the rows of new lots, and of those that are others now."""
    fresh: list[rows.Values] = []
    changed: list[rows.Values] = []
    for change, before, after in moved:
        old = before.lots if before else ()
        for place, lot in enumerate(after.lots):
            if place >= len(old):
                fresh.append(rows.of_lot(change.key, change.lane, place, lot))
            elif old[place] is not lot and old[place] != lot:
                changed.append(rows.of_lot(change.key, change.lane, place, lot))
    return fresh, changed


async def parties(tx: Transaction, changes: Changes) -> None:
    """Keep parties as they are now."""
    parties: list[tuple[Any, ...]] = []
    for change in changes:
        match change.before, change.after:
            case before, PartyState(Party() as party, version) if before != change.after:
                parties.append(rows.of_party(change.key, change.lane, party, version))
            case _:
                pass
    await write(tx, SAVE_PARTIES, parties)


async def entries(tx: Transaction, changes: Changes) -> None:
    """Add entries, then all their lines in one statement: the store checks that they balance."""
    made = [pair for change in changes for pair in journal.of_entries(change)]
    if not made:
        return
    await tx.copy("journal", columns=journal.JOURNAL, rows=[values for values, _ in made])
    lines = [line for _, entry in made for line in journal.of_lines(entry)]
    if lines:
        await tx.copy("journal_line", columns=journal.LINE, rows=lines)


async def answers(tx: Transaction, changes: Changes) -> None:
    """Add what was taken back and what was refused."""
    reversals = [row for change in changes for row in journal.of_reversals(change)]
    if reversals:
        await tx.copy("reversal", columns=journal.REVERSAL, rows=reversals)
    refusals = [row for change in changes for row in journal.of_refusals(change)]
    if refusals:
        await tx.copy("refusal", columns=journal.REFUSAL, rows=refusals)


async def allowances(tx: Transaction, moves: Counter[tuple[str, str, str, int]]) -> None:
    """Move allowances: (tenant, currency, code, lane) → by how much, credit positive."""
    moved = [(*place, amount) for place, amount in sorted(moves.items()) if amount]
    if moved:
        await tx.execute(MOVE_ALLOWANCES, *columns(moved))
