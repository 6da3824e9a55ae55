"""Loan files in the database: one query a table to load them, one statement a table to save."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

import orjson
from mesh.saving import write
from mesh.service import Actor, Change, Key, Message, Reader, Told, Transaction
from mesh.taskstore import load_tasks, save_tasks

from case.domain.case import Case, LoanFile
from case.domain.events import Event, WorkNoteAdded
from case.domain.history import Line, lines
from case.domain.lifecycle import place_named
from case.domain.terms import Loan, Request
from case.store.shape import build, dump, read

LOANS = """
SELECT l.* FROM loan l
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
"""

CASES = """
SELECT c.case_id, c.tenant, c.loan_id, c.case_number, c.request::text AS request, c.opened_at,
       c.state, c.stage, c.seq, c.code, c.updated_at, c.closed_at, c.rest::text AS rest
FROM wcase c
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
ORDER BY c.opened_at, c.case_id
"""

SAVE_LOANS = """
INSERT INTO loan AS l (tenant, loan_id, lane, incarnation, number, customer_id, guarantor_id,
                       product, segment, currency, status, opened, outstanding_minor,
                       charged_off_minor, last_transaction, sanctioner, sanction_level, fraud,
                       told_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::text[],
                     $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::date[],
                     $13::bigint[], $14::bigint[], $15::date[], $16::text[], $17::int[],
                     $18::bool[], $19::timestamptz[])
ON CONFLICT (tenant, loan_id) DO UPDATE SET
    incarnation = excluded.incarnation, number = excluded.number,
    customer_id = excluded.customer_id, guarantor_id = excluded.guarantor_id,
    product = excluded.product, segment = excluded.segment, currency = excluded.currency,
    status = excluded.status, opened = excluded.opened,
    outstanding_minor = excluded.outstanding_minor, charged_off_minor = excluded.charged_off_minor,
    last_transaction = excluded.last_transaction, sanctioner = excluded.sanctioner,
    sanction_level = excluded.sanction_level, fraud = excluded.fraud,
    told_at = excluded.told_at
WHERE (l.incarnation, l.number) < (excluded.incarnation, excluded.number)
"""

SAVE_CASES = """
INSERT INTO wcase AS c (case_id, lane, tenant, loan_id, case_number, channel, source, request_id,
                        request, opened_at, state, stage, seq, on_the_way, waiting, currency,
                        amount_minor, code, updated_at, closed_at, rest)
SELECT case_id, lane, tenant, loan_id, case_number, channel, source, request_id, request::jsonb,
       opened_at, state, stage, seq, on_the_way, waiting, currency, amount_minor, code, updated_at,
       closed_at, rest::jsonb
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::text[], $10::timestamptz[], $11::text[], $12::text[], $13::int[],
            $14::bool[], $15::bool[], $16::text[], $17::bigint[], $18::text[], $19::timestamptz[],
            $20::timestamptz[], $21::text[])
  AS n(case_id, lane, tenant, loan_id, case_number, channel, source, request_id, request, opened_at,
       state, stage, seq, on_the_way, waiting, currency, amount_minor, code, updated_at, closed_at,
       rest)
ON CONFLICT (case_id) DO UPDATE SET state = excluded.state, stage = excluded.stage,
    seq = excluded.seq, on_the_way = excluded.on_the_way, waiting = excluded.waiting,
    currency = excluded.currency, amount_minor = excluded.amount_minor, code = excluded.code,
    updated_at = excluded.updated_at, closed_at = excluded.closed_at, rest = excluded.rest
WHERE c.seq < excluded.seq
"""

TIMELINE = (
    *("case_id", "seq", "lane", "at", "what", "detail", "actor_role", "actor_id", "causation_id"),
    *("state_before", "stage_before", "state_after", "stage_after"),
)

ADD_WORK_NOTES = """
INSERT INTO work_note (case_id, seq, lane, at, by, text)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], $5::text[], $6::text[])
"""

COUNT_ON_THE_WAY = "SELECT count(*) AS cases FROM wcase WHERE lane = $1 AND on_the_way"

REST = (
    "looking_until",
    "terms",
    "wanted",
    "posting",
    "core_reference",
    "confirmed",
    "notices",
    "open_tasks",
    "heard",
)
"""What a case has that nobody asks for in SQL; written where it is not as it began."""

DEFAULTS = {field.name: field.default for field in fields(Case)}

OTHERS = frozenset({"documents", "authorization", "ledger", "notifications"})
"""Services whose records name who acted."""

type _Change = Change[LoanFile, Event]
type _Changes = Sequence[_Change]
type _Row = tuple[Any, ...]


class FileStore:
    """Keeps loan files; `wanted` keys are all loans."""

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, LoanFile]:
        """Give a file for every key."""
        keys = list(wanted)
        columns = [key.tenant for key in keys], [key.id for key in keys]
        loans = {_key(row): _loan(row) for row in await reader.fetch(LOANS, *columns)}
        cases: dict[Key, dict[UUID, Case]] = {key: {} for key in keys}
        for row in await reader.fetch(CASES, *columns):
            cases[_key(row)][row["case_id"]] = _case(row)
        tasks = await load_tasks(reader, keys)
        return {
            key: LoanFile(
                tenant=key.tenant,
                loan_id=key.id,
                loan=loans.get(key),
                cases=cases[key],
                tasks={task.task_id: task for task in tasks[key]},
            )
            for key in keys
        }

    async def save(self, tx: Transaction, changes: _Changes) -> None:
        """Keep what changed: loans, cases, and after them what refers to cases."""
        loans = [_loan_row(c) for c in changes if c.after.loan is not c.before.loan]
        await write(tx, SAVE_LOANS, loans)
        await write(tx, SAVE_CASES, [row for c in changes for row in _case_rows(c)])
        history = [_history(c) for c in changes]
        timeline = [row for lines, _ in history for row in lines]
        if timeline:
            await tx.copy("timeline", columns=TIMELINE, rows=timeline)
        await write(tx, ADD_WORK_NOTES, [row for _, notes in history for row in notes])
        await save_tasks(
            tx,
            [
                (c.key, c.lane, task)
                for c in changes
                for task_id, task in c.after.tasks.items()
                if c.before.tasks.get(task_id) is not task
            ],
        )

    async def count_on_the_way(self, reader: Reader, lane: int) -> int:
        """Count the cases of a lane that the mesh moves by itself."""
        [row] = await reader.fetch(COUNT_ON_THE_WAY, lane)
        return row["cases"]


def _key(row: Mapping[str, Any]) -> Key:
    return Key(row["tenant"], row["loan_id"])


def _loan(row: Mapping[str, Any]) -> Loan:
    told = {f.name: row[f.name] for f in fields(Loan) if f.name != "version"}
    return Loan(version=(row["incarnation"], row["number"]), **told)


def _loan_row(change: _Change) -> _Row:
    loan = change.after.loan
    assert loan is not None, "a loan once known stays known"
    return (
        change.key.tenant,
        change.key.id,
        change.lane,
        *loan.version,
        loan.customer_id,
        loan.guarantor_id,
        loan.product,
        loan.segment,
        loan.currency,
        loan.status,
        loan.opened,
        loan.outstanding_minor,
        loan.charged_off_minor,
        loan.last_transaction,
        loan.sanctioner,
        loan.sanction_level,
        loan.fraud,
        loan.told_at,
    )


def _case(row: Mapping[str, Any]) -> Case:
    return Case(
        case_id=row["case_id"],
        number=row["case_number"],
        request=build(Request, orjson.loads(row["request"])),
        opened_at=row["opened_at"],
        place=place_named(row["state"], row["stage"]),
        seq=row["seq"],
        code=row["code"],
        updated_at=row["updated_at"],
        closed_at=row["closed_at"],
        **read(Case, orjson.loads(row["rest"])),
    )


def _case_rows(change: _Change) -> list[_Row]:
    """Flatten the cases that changed."""
    before = change.before.cases
    changed = [c for case_id, c in change.after.cases.items() if before.get(case_id) is not c]
    return [_case_row(change, case, is_new=case.case_id not in before) for case in changed]


def _case_row(change: _Change, case: Case, *, is_new: bool) -> _Row:
    return (
        case.case_id,
        change.lane,
        change.key.tenant,
        change.key.id,
        case.number,
        case.request.channel,
        case.request.source,
        case.request.request_id,
        dump(case.request) if is_new else "{}",  # it never changes, so it is written once
        case.opened_at,
        case.place.state,
        case.place.stage,
        case.seq,
        case.is_on_the_way,
        case.waits,
        case.asked.currency,
        case.asked.amount_minor,
        case.code,
        case.updated_at,
        case.closed_at,
        dump({name: value for name in REST if (value := getattr(case, name)) != DEFAULTS[name]}),
    )


def _history(change: _Change) -> tuple[list[_Row], list[_Row]]:
    """Write a turn's events as lines of the timeline, and its remarks as work notes."""
    timeline: list[_Row] = []
    notes: list[_Row] = []
    told = change.told
    found = lines(change.before, change.after, [t.event for t in told])
    for t, line in zip(told, found, strict=True):
        if line and isinstance(t.event, WorkNoteAdded):
            note = (line.case_id, line.seq, change.lane, t.at, t.event.by, t.event.text)
            notes.append(note)
        elif line:
            timeline.append(_timeline_row(change.lane, t, line))
    return timeline, notes


def _timeline_row(lane: int, told: Told[Event], line: Line) -> _Row:
    return (
        line.case_id,
        line.seq,
        lane,
        told.at,
        line.what,
        line.detail,
        *_actor(told.message),
        told.message.message_id,
        line.before.state,
        line.before.stage,
        line.after.state,
        line.after.stage,
    )


def _actor(message: Message) -> Actor:
    """Say who caused a message: for a fact of another service, whom that service names."""
    if message.by is None and message.source in OTHERS:
        actor = message.body.meta.actor
        return Actor(actor.role, actor.id)
    return message.actor
