"""Every SQL statement of documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from mesh.saving import changed, write
from mesh.service import Change, Key, Message, Reader, Transaction
from mesh.taskstore import load_tasks, save_tasks

from documents.domain.events import Event
from documents.domain.file import (
    Abandoned,
    Case,
    Completed,
    Document,
    LoanFile,
    Reference,
    Requirement,
    Verifying,
)

LOAD_VERIFICATIONS = """
SELECT v.* FROM verification v
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
"""

LOAD_DOCUMENTS = """
SELECT d.* FROM document d
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
ORDER BY d.dated DESC, d.document_id
"""

LOAD_REFERENCES = """
SELECT r.* FROM approval_reference r
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
"""

SAVE_VERIFICATIONS = """
INSERT INTO verification (case_id, tenant, loan_id, stage, reason, maker, legal_code,
                          approval_reference, heard, requirements, agent)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::text[], $10::jsonb[], $11::text[])
ON CONFLICT (case_id) DO UPDATE SET stage = excluded.stage, reason = excluded.reason,
    maker = excluded.maker, legal_code = excluded.legal_code,
    approval_reference = excluded.approval_reference, heard = excluded.heard,
    requirements = excluded.requirements, agent = excluded.agent
"""

ADD_DOCUMENTS = """
INSERT INTO document (document_id, tenant, loan_id, document, sha256, dated, agent, legal_code)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[],
                     $7::text[], $8::text[])
"""

ADD_REFERENCES = """
INSERT INTO approval_reference (reference, tenant, loan_id, attests, expires)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::date[])
"""

REQUIREMENTS_OF_CASE = """
SELECT stage, requirements, agent FROM verification WHERE tenant = $1 AND case_id = $2
"""

REFERENCES_HELD = """
SELECT reference FROM approval_reference WHERE tenant = $1 AND reference = ANY($2::text[])
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case's documents stand."""

    stage: str
    requirements: tuple[Requirement, ...]
    agent: str | None


class Store:
    """Keeps the files of loans."""

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, LoanFile]:
        """Give every loan's file, an empty one where nothing is known."""
        keys = list(wanted)
        of_loans = ([key.tenant for key in keys], [key.id for key in keys])
        cases = {key: dict[UUID, Case]() for key in keys}
        documents = {key: dict[UUID, Document]() for key in keys}
        references = {key: dict[str, Reference]() for key in keys}
        for row in await reader.fetch(LOAD_VERIFICATIONS, *of_loans):
            cases[_key(row)][row["case_id"]] = _to_case(row)
        for row in await reader.fetch(LOAD_DOCUMENTS, *of_loans):
            documents[_key(row)][row["document_id"]] = _to_document(row)
        for row in await reader.fetch(LOAD_REFERENCES, *of_loans):
            reference = Reference(row["reference"], row["attests"], row["expires"])
            references[_key(row)][reference.reference] = reference
        tasks = await load_tasks(reader, keys)
        return {
            key: LoanFile(
                documents[key], cases[key], references[key], {t.task_id: t for t in tasks[key]}
            )
            for key in keys
        }

    async def save(self, tx: Transaction, changes: Sequence[Change[LoanFile, Event]]) -> None:
        """Keep what is new or changed."""
        await write(
            tx,
            SAVE_VERIFICATIONS,
            [
                _from_case(change.key, case)
                for change in changes
                for case in changed(change.before.cases, change.after.cases)
            ],
        )
        await write(
            tx,
            ADD_DOCUMENTS,
            [
                _from_document(change.key, document)
                for change in changes
                for document in changed(change.before.documents, change.after.documents)
            ],
        )
        await write(
            tx,
            ADD_REFERENCES,
            [
                (r.reference, change.key.tenant, change.key.id, r.attests, r.expires)
                for change in changes
                for r in changed(change.before.references, change.after.references)
            ],
        )
        await save_tasks(
            tx,
            [
                (change.key, change.lane, task)
                for change in changes
                for task in changed(change.before.tasks, change.after.tasks)
            ],
        )


async def standing_of(reader: Reader, tenant: str, case_id: UUID) -> Standing | None:
    """Give where a case's documents stand; none: no such case was reviewed."""
    rows = await reader.fetch(REQUIREMENTS_OF_CASE, tenant, case_id)
    if not rows:
        return None
    return Standing(rows[0]["stage"], _to_requirements(rows[0]), rows[0]["agent"])


async def references_held(reader: Reader, tenant: str, references: Sequence[str]) -> set[str]:
    """Give those of the references that are known."""
    rows = await reader.fetch(REFERENCES_HELD, tenant, list(references))
    return {row["reference"] for row in rows}


def _key(row: Mapping[str, Any]) -> Key:
    return Key(row["tenant"], row["loan_id"])


def _to_case(row: Mapping[str, Any]) -> Case:
    requirements = _to_requirements(row)
    match row["stage"]:
        case "VERIFYING":
            return Verifying(
                case_id=row["case_id"],
                reason=row["reason"],
                maker=row["maker"],
                legal_code=row["legal_code"],
                approval_reference=row["approval_reference"],
                heard=row["heard"],
                requirements=requirements,
                agent=row["agent"],
            )
        case "COMPLETED":
            return Completed(case_id=row["case_id"], requirements=requirements, agent=row["agent"])
        case _:
            return Abandoned(case_id=row["case_id"], requirements=requirements, agent=row["agent"])


def _to_requirements(row: Mapping[str, Any]) -> tuple[Requirement, ...]:
    return tuple(Requirement(**r) for r in orjson.loads(row["requirements"]))


def _to_document(row: Mapping[str, Any]) -> Document:
    return Document(
        document_id=row["document_id"],
        document=row["document"],
        sha256=row["sha256"],
        dated=row["dated"],
        agent=row["agent"],
        legal_code=row["legal_code"],
    )


def _from_case(key: Key, case: Case) -> tuple[Any, ...]:
    """Flatten a case; what only an open one needs is not kept of others."""
    match case:
        case Verifying():
            rest = (
                *("VERIFYING", case.reason, case.maker, case.legal_code),
                *(case.approval_reference, case.heard),
            )
        case Completed():
            rest = ("COMPLETED", None, None, None, None, None)
        case Abandoned():
            rest = ("ABANDONED", None, None, None, None, None)
    return (case.case_id, key.tenant, key.id, *rest, _from_requirements(case), case.agent)


def _from_requirements(case: Case) -> str:
    return orjson.dumps(
        [
            {
                "document": r.document,
                "rule": r.rule,
                "state": r.state,
                "basis": r.basis,
                "sha256": r.sha256,
            }
            for r in case.requirements
        ]
    ).decode()


def _from_document(key: Key, document: Document) -> tuple[Any, ...]:
    return (
        document.document_id,
        key.tenant,
        key.id,
        document.document,
        document.sha256,
        document.dated,
        document.agent,
        document.legal_code,
    )
