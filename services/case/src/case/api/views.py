"""How cases look at the door: JSON of what the store and the domain hold."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from case.domain.case import Case, LoanFile
from case.domain.lifecycle import CLOSED_DECLINED, CLOSED_REFUSED
from case.domain.money import to_text
from case.domain.policy import Policy
from case.domain.portal import view_of
from case.store.reads import Rows

type Json = dict[str, Any]


def listed(row: Mapping[str, Any]) -> Json:
    """Show a case in a list."""
    shown = {name: value for name, value in row.items() if name != "amount_minor"}
    return shown | {"amount": _amount(row["amount_minor"], row["currency"])}


def detail(file: LoanFile, case_id: UUID, *, timeline: Rows, work_notes: Rows) -> Json:
    """Show all that is known of a case."""
    case = file.cases[case_id]
    tasks = [asdict(task) for task in file.tasks.values() if task.case_id == case_id]
    return {
        "case_id": case_id,
        "case_number": case.number,
        "tenant": file.tenant,
        "loan_id": file.loan_id,
        "state": case.place.state,
        "stage": case.place.stage,
        "waiting": case.waits,
        "waits_for_core": case.waits_for_core,
        "code": case.code,
        "opened_at": case.opened_at,
        "updated_at": case.updated_at,
        "closed_at": case.closed_at,
        "request": _with_amount(asdict(case.request)),
        "terms": _with_amount(asdict(case.terms)) if case.terms else None,
        "posting": _with_amount(asdict(case.posting)) if case.posting else None,
        "notices": case.notices,
        "timeline": [dict(row) for row in timeline],
        "work_notes": [dict(row) for row in work_notes],
        "tasks": [task | {"barred": sorted(task["barred"])} for task in tasks],
    }


def status(file: LoanFile, case: Case, policy: Policy) -> Json:
    """Show a case as portals see it: what its status record says."""
    view = view_of(file, case, policy)
    return {
        "tenant": file.tenant,
        "case_id": case.case_id,
        "version": case.seq,
        "case_number": case.number,
        "loan_id": file.loan_id,
        "kind": case.request.kind,
        "amount": _amount(view.amount_minor, view.currency),
        "opened_at": case.opened_at,
        "updated_at": case.updated_at,
        **{n: value for n, value in view._asdict().items() if n != "amount_minor"},
    }


def report(rows: Sequence[Mapping[str, Any]]) -> Json:
    """Sum up a tenant's cases; amounts as booked, else as reviewed, else as asked for."""
    cases: defaultdict[str, Counter[str]] = defaultdict(Counter)
    refused: Counter[str] = Counter()
    amounts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    declined = waiting = still_open = 0
    for row in rows:
        state, count = row["state"], row["cases"]
        cases[state][row["stage"]] += count
        if state == CLOSED_REFUSED.state:
            refused[row["code"]] += count
        declined += count if state == CLOSED_DECLINED.state else 0
        waiting += count if row["waiting"] else 0
        still_open += count if row["open"] else 0
        if row["amount_minor"] is not None and row["currency"] is not None:
            amounts[row["currency"]][state] += int(row["amount_minor"])
    return {
        "cases": cases,
        "refused": dict(sorted(refused.items())),
        "declined": declined,
        "waiting": waiting,
        "open": still_open,
        "requested": {c: to_text(by.total(), c) for c, by in sorted(amounts.items())},
        "amounts": {
            c: {state: to_text(minor, c) for state, minor in by.items()}
            for c, by in sorted(amounts.items())
        },
    }


def _with_amount(told: Json) -> Json:
    return told | {"amount": _amount(told["amount_minor"], told["currency"])}


def _amount(amount_minor: int | None, currency: str | None) -> str | None:
    """Show an amount as decimal text."""
    if amount_minor is None or currency is None:
        return None
    return to_text(amount_minor, currency)
