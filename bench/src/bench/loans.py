"""What a case needs before it is asked for: a loan, and an approval that attests to everything."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import partial
from typing import Any

from bench.own_stack import TENANT, Failed, OwnStack, until

CHUNK = 500
"""As many rows as a door takes at once."""

WORKERS = 4
"""Chunks on their way at once: the ledger and authorization work at the same time, and no door
has more rows waiting than it lets."""

ASKED_MAX = 5_000
TAKEN_S, HELD_S = 300.0, 600.0

PREFIX = "B-"

OWED, OWED_MINOR = "1010.00", 101_000
"""Of every loan; in USD, and in cents."""

type Told = Callable[[int], None]
"""Hears how many are done."""


def name_loans(count: int, *, first: int = 1) -> list[str]:
    """Name so many loans, from a number on."""
    return [f"{PREFIX}{number:08d}" for number in range(first, first + count)]


def prepare(mesh: OwnStack, loans: Sequence[str], told: Told, *, tenant: str = TENANT) -> None:
    """Bring loans and their approvals in, and wait until all who need them hold them."""

    def both(part: Sequence[str]) -> None:
        _lend(mesh, part, tenant)
        _approve(mesh, part, tenant)

    _in_chunks(loans, both, told)
    until(lambda: _are_lent(mesh, loans, tenant), seconds=HELD_S, what="loans held by case")
    until(lambda: _are_approved(mesh, loans, tenant), seconds=HELD_S, what="approvals held")


def lend(mesh: OwnStack, loans: Sequence[str], told: Told, *, tenant: str = TENANT) -> None:
    """Bring loans in by the ledger's import door; they get no approvals."""
    _in_chunks(loans, lambda part: _lend(mesh, part, tenant), told)


def until_lent(mesh: OwnStack, loans: Sequence[str], *, tenant: str = TENANT) -> None:
    """Wait until case holds the loans. Raises Failed."""
    until(lambda: _are_lent(mesh, loans, tenant), seconds=HELD_S, what="loans held by case")


def loan_row(loan: str) -> dict[str, str]:
    """Make a loan's row of an import, as the ledger's lane takes it."""
    return {
        "loan_id": loan,
        "customer_id": f"C-{loan}",
        "product": "PERSONAL_LOAN",
        "segment": "PERSONAL",
        "currency": "USD",
        "principal": "1000.00",
        "interest": "10.00",
        "opened": "2024-01-01",
        "status": "ACTIVE",
    }


def reference_of(loan: str) -> str:
    """Name a loan's approval."""
    return f"APPR-2026-{loan.removeprefix(PREFIX)}"


def chunks(items: Sequence[str], size: int) -> Iterator[list[str]]:
    """Cut into parts of so many, the last one with the rest."""
    for at in range(0, len(items), size):
        yield list(items[at : at + size])


def _in_chunks(loans: Sequence[str], bring: Callable[[Sequence[str]], None], told: Told) -> None:
    """Bring chunks in at the same time; the first that fails ends it."""
    done = 0
    with ThreadPoolExecutor(WORKERS) as workers:
        bringing: dict[Future[None], int] = {
            workers.submit(bring, part): len(part) for part in chunks(loans, CHUNK)
        }
        try:
            for brought in as_completed(bringing):
                brought.result()
                done += bringing[brought]
                told(done)
        finally:
            workers.shutdown(cancel_futures=True)


def _lend(mesh: OwnStack, part: Sequence[str], tenant: str) -> None:
    rows = [_loan(line, loan) for line, loan in enumerate(part)]
    asked = {"rows": rows, "check": False}
    seen = partial(_is_taken, mesh, "ledger", "/v1/loans/import", asked, tenant)
    until(seen, seconds=TAKEN_S, what="loans imported")


def _approve(mesh: OwnStack, part: Sequence[str], tenant: str) -> None:
    references = [_reference(line, loan) for line, loan in enumerate(part)]
    asked = {"references": references, "check": False}
    seen = partial(_is_taken, mesh, "authorization", "/v1/references", asked, tenant)
    until(seen, seconds=TAKEN_S, what="approvals issued")


def _is_taken(mesh: OwnStack, service: str, path: str, asked: dict[str, Any], tenant: str) -> bool:
    """Send rows, and say whether the door knows the end of all; else they are to be sent again."""
    results = mesh.call(service, path, asked, tenant=tenant)["results"]
    refused = [line for line in results if line["result"] == "refused"]
    if refused:
        raise Failed(f"{service} refuses {len(refused)} of {len(results)} rows: {refused[0]}")
    return all(line["result"] != "pending" for line in results)


def _are_lent(mesh: OwnStack, loans: Sequence[str], tenant: str) -> bool:
    return not any(
        mesh.call("case", "/v1/loans/held", {"loans": part}, tenant=tenant)["missing"]
        for part in chunks(loans, ASKED_MAX)
    )


def _are_approved(mesh: OwnStack, loans: Sequence[str], tenant: str) -> bool:
    return not any(
        mesh.call(
            "documents",
            "/v1/references/held",
            {"references": [reference_of(loan) for loan in part]},
            tenant=tenant,
        )["missing"]
        for part in chunks(loans, ASKED_MAX)
    )


def _loan(line: int, loan: str) -> dict[str, Any]:
    customer = {
        "given_name": "Ada",
        "family_name": "Example",
        "email": f"{loan.lower()}@example.com",
    }
    return {"line": line, **loan_row(loan), **customer}


def _reference(line: int, loan: str) -> dict[str, Any]:
    return {
        "line": line,
        "reference": reference_of(loan),
        "loan_id": loan,
        "kind": "WRITE_OFF",
        "amount": OWED,
        "currency": "USD",
        "reasons": [],
        "approvers": [{"id": "l5-eve", "level": 5}, {"id": "l4-deb", "level": 4}],
        "attests_documents": True,
    }
