"""Loading and saving what is known of loans: one statement a table, however many loans."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from mesh.saving import changed, write
from mesh.service import Change, Key, Message, Reader, Transaction
from mesh.taskstore import load_tasks, save_tasks

from authorization.domain.events import Event
from authorization.domain.loan import Case, Loan, WrittenOff
from authorization.domain.references import Reference
from authorization.domain.terms import Approver
from authorization.store import rows
from authorization.store.rows import Values, key_of

LOAD_REFERENCES = """
SELECT r.* FROM approval_reference r
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
UNION
SELECT r.* FROM approval_reference r
JOIN unnest($3::text[], $4::text[]) AS n(tenant, reference) USING (tenant, reference)
"""

LOAD_CASES = """
SELECT c.* FROM authorization_case c
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
"""

LOAD_APPROVALS = """
SELECT case_id, approver, level FROM approval WHERE case_id = ANY($1::uuid[]) ORDER BY place
"""

LOAD_WRITTEN_OFF = """
SELECT w.* FROM written_off w
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
"""

SAVE_REFERENCES = """
INSERT INTO approval_reference AS r (
    tenant, reference, loan_id, kind, amount_max_minor, currency, reasons, approvers, issued,
    expires, attests_documents, issued_by, standing, case_id)
SELECT tenant, reference, loan_id, kind, amount_max_minor, currency,
       string_to_array(reasons, ' '), approvers::jsonb, issued, expires, attests_documents,
       issued_by, standing, case_id
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
            $8::text[], $9::date[], $10::date[], $11::bool[], $12::text[], $13::text[], $14::uuid[])
  AS n(tenant, reference, loan_id, kind, amount_max_minor, currency, reasons, approvers, issued,
       expires, attests_documents, issued_by, standing, case_id)
ON CONFLICT (tenant, reference) DO UPDATE
    SET standing = excluded.standing, case_id = excluded.case_id
    WHERE r.loan_id = excluded.loan_id
"""

SAVE_CASES = """
INSERT INTO authorization_case AS c (
    case_id, tenant, loan_id, stage, terms, reviewer, cause, heard, agent, is_attested, makers,
    row_name, level, people, grant_id, need)
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::uuid[], $8::text[],
    $9::text[], $10::bool[], $11::jsonb[], $12::text[], $13::int[], $14::int[], $15::uuid[],
    $16::jsonb[])
ON CONFLICT (case_id) DO UPDATE
    SET stage = excluded.stage, terms = coalesce(excluded.terms, c.terms),
        reviewer = excluded.reviewer, cause = excluded.cause, heard = excluded.heard,
        agent = excluded.agent, is_attested = excluded.is_attested, makers = excluded.makers,
        row_name = excluded.row_name, level = excluded.level, people = excluded.people,
        grant_id = excluded.grant_id, need = excluded.need
"""

ADD_APPROVALS = """
INSERT INTO approval (approval_id, case_id, place, approver, level, at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::timestamptz[])
"""

ADD_DECISIONS = """
INSERT INTO decision (
    decision_id, tenant, case_id, outcome, at, code, approval_reference, declined_by, comment,
    grant_id, row_name, level, approvers, amount_max_minor, expires_at, matrix_version, terms_hash)
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::uuid[], $11::text[], $12::int[], $13::jsonb[], $14::bigint[],
    $15::timestamptz[], $16::text[], $17::text[])
"""

SAVE_WRITTEN_OFF = """
INSERT INTO written_off AS w (transaction_id, tenant, loan_id, case_id, kind, amount_minor,
                              currency, booked, need, approvers, returned_minor, is_gone)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::bigint[],
                     $7::text[], $8::date[], $9::jsonb[], $10::jsonb[], $11::bigint[], $12::bool[])
ON CONFLICT (transaction_id) DO UPDATE
    SET returned_minor = excluded.returned_minor, is_gone = excluded.is_gone
    WHERE (w.tenant, w.loan_id) = (excluded.tenant, excluded.loan_id)
"""


class Store:
    """Keeps what is known of loans."""

    def __init__(self, reference_named_by: Callable[[Message], str | None]) -> None:
        """`reference_named_by` says which approval reference, maybe another loan's, to look up."""
        self._named_by = reference_named_by

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, Loan]:
        """Give every loan, an empty one where nothing is known."""
        keys = list(wanted)
        of_loans = ([key.tenant for key in keys], [key.id for key in keys])
        cases = await _load_cases(reader, keys, of_loans)
        references = await self._load_references(reader, wanted, of_loans)
        written_off = {key: dict[UUID, WrittenOff]() for key in keys}
        for row in await reader.fetch(LOAD_WRITTEN_OFF, *of_loans):
            written_off[key_of(row)][row["transaction_id"]] = rows.to_written_off(row)
        tasks = await load_tasks(reader, keys)
        return {
            key: Loan(
                tenant=key.tenant,
                loan_id=key.id,
                cases=cases[key],
                references=references[key],
                written_off=written_off[key],
                tasks={task.task_id: task for task in tasks[key]},
            )
            for key in keys
        }

    async def save(self, tx: Transaction, changes: Sequence[Change[Loan, Event]]) -> None:
        """Keep what is new or changed."""
        await write(tx, SAVE_REFERENCES, _changed_references(changes))
        await write(tx, SAVE_CASES, _changed_cases(changes))
        await write(tx, ADD_APPROVALS, _new_approvals(changes))
        await write(tx, ADD_DECISIONS, _new_decisions(changes))
        await write(tx, SAVE_WRITTEN_OFF, _changed_losses(changes))
        await save_tasks(
            tx,
            [
                (change.key, change.lane, task)
                for change in changes
                for task in changed(change.before.tasks, change.after.tasks)
            ],
        )

    async def _load_references(
        self,
        reader: Reader,
        wanted: Mapping[Key, Sequence[Message]],
        of_loans: tuple[list[str], list[str]],
    ) -> dict[Key, dict[str, Reference]]:
        """Give the loans' references, and beside them those that messages name."""
        named = {
            (key, number)
            for key, messages in wanted.items()
            for message in messages
            if (number := self._named_by(message)) is not None
        }
        of_names = ([key.tenant for key, _ in named], [number for _, number in named])
        known: dict[tuple[str, str], Reference] = {}
        found = {key: dict[str, Reference]() for key in wanted}
        for row in await reader.fetch(LOAD_REFERENCES, *of_loans, *of_names):
            reference = rows.to_reference(row)
            known[row["tenant"], reference.reference] = reference
            if key_of(row) in found:
                found[key_of(row)][reference.reference] = reference
        for key, number in named:
            if (key.tenant, number) in known:
                found[key][number] = known[key.tenant, number]
        return found


async def _load_cases(
    reader: Reader, keys: Sequence[Key], of_loans: tuple[list[str], list[str]]
) -> dict[Key, dict[UUID, Case]]:
    found = await reader.fetch(LOAD_CASES, *of_loans)
    asked = [row["case_id"] for row in found if row["stage"] == "REQUESTED"]
    approvals = {case_id: list[Approver]() for case_id in asked}
    for row in await reader.fetch(LOAD_APPROVALS, asked) if asked else ():
        approvals[row["case_id"]].append(Approver(row["approver"], row["level"]))
    cases = {key: dict[UUID, Case]() for key in keys}
    for row in found:
        case = rows.to_case(row, approvals.get(row["case_id"], ()))
        cases[key_of(row)][case.case_id] = case
    return cases


def _changed_references(changes: Sequence[Change[Loan, Event]]) -> list[Values]:
    return [
        rows.from_reference(change.key, reference)
        for change in changes
        for reference in changed(change.before.references, change.after.references)
    ]


def _changed_cases(changes: Sequence[Change[Loan, Event]]) -> list[Values]:
    return [
        rows.from_case(change.key, case)
        for change in changes
        for case in changed(change.before.cases, change.after.cases)
    ]


def _new_approvals(changes: Sequence[Change[Loan, Event]]) -> list[Values]:
    found = (rows.from_approval(told) for change in changes for told in change.told)
    return [values for values in found if values is not None]


def _new_decisions(changes: Sequence[Change[Loan, Event]]) -> list[Values]:
    found = (rows.from_decision(change.key, told) for change in changes for told in change.told)
    return [values for values in found if values is not None]


def _changed_losses(changes: Sequence[Change[Loan, Event]]) -> list[Values]:
    return [
        rows.from_written_off(change.key, loss)
        for change in changes
        for loss in changed(change.before.written_off, change.after.written_off)
    ]
