"""Rows of the journal, of reversals and refusals ↔ the domain."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from mesh.service import Change, Key, Told

from ledger.domain import written
from ledger.domain.command import Reverse, Undo
from ledger.domain.decide import (
    AskRefused,
    ChargeOffReported,
    Event,
    LoanImported,
    Posted,
    PostingRefused,
    Provisioned,
    RefinanceOpened,
    State,
)
from ledger.domain.history import Transaction
from ledger.domain.money import Component
from ledger.domain.policy import Book
from ledger.domain.posting import Entry, EntryKind, Line

JOURNAL = (
    "entry_id", "lane", "tenant", "loan_id", "transaction_id", "tx", "reverses", "kind", "command",
    "asked", "reason", "amount_minor", "value_date", "booked_at", "currency", "policy_version",
    "case_id", "grant_id", "actor", "cause_id", "line_count",
)  # fmt: skip

LINE = (
    "entry_id", "place", "book", "code", "component", "debit_minor", "credit_minor", "holds",
)  # fmt: skip

REVERSAL = (
    "reversal_id", "lane", "tenant", "loan_id", "transaction_id", "command", "cause", "done_on",
    "booked_at", "grant_id", "case_id", "actor", "cause_id",
)  # fmt: skip

REFUSAL = (
    "refusal_id", "lane", "tenant", "loan_id", "command", "code", "message", "grant_id", "case_id",
    "refused_at", "actor", "cause_id",
)  # fmt: skip

type Row = Mapping[str, Any]
type Values = tuple[Any, ...]


def entries(event: Event) -> Sequence[Entry]:
    """Give the entries that an event adds to the journal, in their order."""
    match event:
        case Posted():
            return event.entries
        case LoanImported() | RefinanceOpened() | Provisioned() | ChargeOffReported():
            return (event.entry,)
        case _:
            return ()


def of_entries(change: Change[State, Event]) -> Iterator[tuple[Values, Entry]]:
    """Give the entries of a change, each with its row in the order of JOURNAL."""
    for told in change.told:
        for entry in entries(told.event):
            yield _of_entry(change.key, change.lane, told, entry), entry


def _of_entry(key: Key, lane: int, told: Told[Event], entry: Entry) -> Values:
    asked = None if entry.asked is None else json.dumps(written.to_json(entry.asked))
    return (
        entry.entry_id,
        lane,
        key.tenant,
        key.id if key.kind == "loan" else None,
        entry.transaction_id,
        entry.tx if entry.tx != str(entry.transaction_id) else None,
        entry.reverses,
        entry.kind.value,
        entry.command,
        asked,
        entry.reason,
        entry.amount_minor,
        entry.value_date,
        entry.booked_at,
        entry.currency,
        entry.policy_version,
        entry.case_id,
        entry.grant_id,
        _actor(told),
        told.message.message_id,
        len(entry.lines),
    )


def of_lines(entry: Entry) -> Iterator[Values]:
    """Give the rows of an entry's lines, in the order of LINE."""
    entry_id = entry.entry_id
    for place, line in enumerate(entry.lines):
        component = line.component.value if line.component else None
        sides = (line.debit_minor, line.credit_minor)
        yield (entry_id, place, line.book.value, line.code, component, *sides, line.holds)


def of_reversals(change: Change[State, Event]) -> Iterator[Values]:
    """Give the rows of what a change takes back, in the order of REVERSAL."""
    for told in change.told:
        match told.event:
            case Posted(ask=ask, asked=Reverse() | Undo() as asked, gone=Transaction() as gone):
                yield (
                    told.event_id,
                    change.lane,
                    change.key.tenant,
                    change.key.id,
                    gone.transaction_id,
                    asked.name,
                    asked.cause,
                    ask.value_date,
                    told.at,
                    ask.grant_id,
                    ask.case_id,
                    _actor(told),
                    told.message.message_id,
                )
            case _:
                pass


def of_refusals(change: Change[State, Event]) -> Iterator[Values]:
    """Give the rows of what a change refuses, in the order of REFUSAL."""
    for told in change.told:
        match told.event:
            case PostingRefused(grant_id=grant_id, case_id=case_id, refusal=refusal):
                command = told.message.kind
            case AskRefused(ask, refusal):
                command, grant_id, case_id = ask.name, ask.grant_id, ask.case_id
            case _:
                continue
        yield (
            told.event_id,
            change.lane,
            change.key.tenant,
            change.key.id if change.key.kind == "loan" else None,
            command,
            refusal.code,
            refusal.message,
            grant_id,
            case_id,
            told.at,
            _actor(told),
            told.message.message_id,
        )


def _actor(told: Told[Event]) -> str:
    actor = told.message.actor
    return f"{actor.role}/{actor.id}"


def to_transactions(entries: Sequence[Row], lines: Sequence[Row]) -> tuple[Transaction, ...]:
    """Read a loan's transactions, in order of arrival, from its entries in order of commit."""
    of_entry: dict[UUID, list[Line]] = defaultdict(list)
    for row in lines:
        of_entry[row["entry_id"]].append(_to_line(row))
    posted = [row for row in entries if row["asked"] is not None]
    newest = {row["transaction_id"]: row for row in entries}
    kept = {row["transaction_id"]: row for row in entries if row["kind"] != EntryKind.REVERSE}
    return tuple(
        _to_transaction(
            row,
            kept[row["transaction_id"]],
            of_entry,
            arrival=arrival,
            standing=newest[row["transaction_id"]]["kind"] != EntryKind.REVERSE,
        )
        for arrival, row in enumerate(posted, start=1)
    )


def _to_transaction(
    post: Row,
    latest: Row,
    lines: Mapping[UUID, Sequence[Line]],
    *,
    arrival: int,
    standing: bool,
) -> Transaction:
    """Read a transaction of its POST entry and the newest that posts it."""
    return Transaction(
        tx=post["tx"] or str(post["transaction_id"]),
        transaction_id=post["transaction_id"],
        arrival=arrival,
        value_date=post["value_date"],
        asked=written.from_json(post["command"], json.loads(post["asked"])),
        policy_version=post["policy_version"],
        entry_id=latest["entry_id"],
        lines=tuple(lines.get(latest["entry_id"], ())),
        amount_minor=latest["amount_minor"],
        standing=standing,
    )


def _to_line(row: Row) -> Line:
    return Line(
        book=Book(row["book"]),
        code=row["code"],
        debit_minor=row["debit_minor"],
        credit_minor=row["credit_minor"],
        component=Component(row["component"]) if row["component"] else None,
        holds=row["holds"],
    )
