"""The example of real loans is mapped to the cent."""

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

from writeoff.mapping.mapping import (
    LOANS,
    REFERENCES,
    REQUESTS,
    Form,
    Mapped,
    map_file,
    read_mapping,
)

SBA = Path(__file__).parents[3] / "examples" / "sba"
TODAY = date(2026, 11, 24)


def mapped(mapping: str, form: Form) -> list[Mapped]:
    rules = read_mapping(SBA / mapping, form)
    rows = list(map_file(rules, SBA / "sba_foia_sample.csv", today=TODAY))
    good = [row for row in rows if isinstance(row, Mapped)]
    assert len(good) == len(rows)
    return good


def total(rows: list[Mapped], field: str) -> Decimal:
    return sum((Decimal(row.values[field]) for row in rows), Decimal(0))


def test_three_hundred_loans_of_which_120_owe_all_that_is_owed() -> None:
    loans = mapped("loans.toml", LOANS)

    owing = [loan for loan in loans if loan.values["status"] == "ACTIVE"]
    assert (len(loans), len(owing)) == (300, 120)
    assert total(owing, "principal") == total(loans, "principal") == Decimal("7709487.00")
    assert {loan.values["segment"] for loan in loans} == {"BUSINESS"}
    assert {len(loan.values["loan_id"]) for loan in loans} == {10}


def test_every_loan_that_owes_has_a_request_and_an_approval_of_its_amount() -> None:
    owing = {
        loan.values["loan_id"]: loan.values
        for loan in mapped("loans.toml", LOANS)
        if loan.values["status"] == "ACTIVE"
    }
    requests = mapped("requests.toml", REQUESTS)
    approvals = {a.values["reference"]: a.values for a in mapped("requests.toml", REFERENCES)}

    assert Counter(r.values["loan_id"] for r in requests) == Counter(list(owing))
    for request in requests:
        loan = owing[request.values["loan_id"]]
        approval = approvals[request.values["approval_reference"]]
        assert approval["loan_id"] == request.values["loan_id"]
        assert approval["amount"] == loan["principal"]
        assert loan["opened"] <= request.values["date"] < TODAY.isoformat()
