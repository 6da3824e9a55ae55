"""Reads what the ledger decides on: one query a table, however many loans."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from mesh.service import Key, Message, Reader

from ledger.domain.decide import Answered
from ledger.domain.history import History
from ledger.domain.loan import Loan, Status
from ledger.domain.opening import opened
from ledger.domain.policy import Policy
from ledger.store import journal, rows

LOANS = "SELECT * FROM loans_of($1, $2)"

LOTS = "SELECT * FROM lots_of($1, $2) ORDER BY tenant, loan_id, place"

ANSWERED = "SELECT * FROM answered_of($1, $2)"

TAKEN = "SELECT tenant, loan_id FROM openings_of($1, $2)"

OPENINGS = "SELECT * FROM openings_of($1, $2)"

ENTRIES = "SELECT * FROM entries_of($1, $2) WHERE kind <> 'OPENING' ORDER BY seq"

LINES = "SELECT * FROM lines_of($1) ORDER BY entry_id, place"

PARTIES = """
SELECT p.* FROM party p JOIN unnest($1::text[], $2::text[]) AS k(tenant, party_id)
  USING (tenant, party_id)
"""

ALLOWANCES = """
SELECT a.tenant, a.currency, sum(a.amount_minor)::bigint AS balance_minor
FROM allowance a
JOIN unnest($1::text[], $2::text[], $3::text[]) AS k(tenant, currency, code)
  USING (tenant, currency, code)
GROUP BY a.tenant, a.currency
"""

type Columns = tuple[list[str], list[str]]


def columns(keys: Iterable[Key]) -> Columns:
    """Give tenants and ids, as unnest takes them."""
    listed = list(keys)
    return [key.tenant for key in listed], [key.id for key in listed]


async def loans(reader: Reader, keys: Collection[Key]) -> dict[Key, Loan]:
    """Give the loans that there are, without their history."""
    ids = columns(keys)
    lots: dict[Key, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await reader.fetch(LOTS, *ids):
        lots[_key(row)].append(row)
    return {
        _key(row): rows.to_loan(row, lots.get(_key(row), ()))
        for row in await reader.fetch(LOANS, *ids)
    }


async def histories(
    reader: Reader, held: Mapping[Key, Loan], *, policy_of: Callable[[Key], Policy]
) -> dict[Key, History]:
    """Give what these loans are the fold of."""
    ids = columns(held)
    came_in = {_key(row): row for row in await reader.fetch(OPENINGS, *ids)}
    entries: dict[Key, list[Mapping[str, Any]]] = defaultdict(list)
    of_entry: dict[UUID, Key] = {}
    for row in await reader.fetch(ENTRIES, *ids):
        entries[_key(row)].append(row)
        of_entry[row["entry_id"]] = _key(row)
    lines: dict[Key, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await reader.fetch(LINES, list(of_entry)):
        lines[of_entry[row["entry_id"]]].append(row)
    return {
        key: History(
            opened=_opened(loan, came_in[key], policy_of(key)),
            transactions=journal.to_transactions(entries[key], lines[key]),
        )
        for key, loan in held.items()
    }


def _opened(loan: Loan, row: Mapping[str, Any], policy: Policy) -> Loan:
    """Give a loan as it came in."""
    return opened(
        loan.particulars,
        Status(row["status"]),
        bnk=rows.components(row, "bnk"),
        co=rows.components(row, "co"),
        cust=rows.components(row, "cust"),
        unearned_minor=row["unearned_minor"],
        deferred_minor=row["deferred_minor"],
        row_hash=loan.row_hash,
        entry_id=row["entry_id"],
        policy=policy.of(loan.particulars.product).at(row["policy_version"]),
    )


async def taken(reader: Reader, keys: Iterable[Key]) -> set[Key]:
    """Say which of these loan ids are known or claimed."""
    return {_key(row) for row in await reader.fetch(TAKEN, *columns(keys))}


async def allowances(reader: Reader, codes: Mapping[Key, str]) -> dict[Key, int]:
    """Give the balance of allowances, by the code of their account; credit is positive."""
    found = await reader.fetch(ALLOWANCES, *columns(codes), list(codes.values()))
    return {Key(r["tenant"], r["currency"], "allowance"): r["balance_minor"] for r in found}


async def answered(
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
    for each in found:
        by_id[each.grant_id].add(each)
        by_id[each.case_id].add(each)
    return {
        key: frozenset(each for name in ids for each in by_id.get(name, ()))
        for key, ids in asked.items()
    }


def _key(row: Mapping[str, Any]) -> Key:
    return Key(row["tenant"], row["loan_id"])
