"""A register's entries, line by line."""

from datetime import date
from typing import Any

import pytest
from authorization.api.register import Line, read_line
from authorization.domain.events import CommandRefused
from authorization.domain.matrix import Matrix
from authorization.domain.references import Reference

TODAY = date(2026, 11, 24)
ENTRY: dict[str, Any] = {
    "line": 2,
    "reference": "APPR-2026-001",
    "loan_id": "LN-1",
    "kind": "WRITE_OFF",
    "amount": "2000.00",
    "currency": "USD",
    "reasons": [],
    "approvers": [{"id": "l5-eve", "level": 5}, {"id": "l4-deb", "level": 4}],
    "attests_documents": True,
}


def read(
    matrix: Matrix, words: Any, known: Reference | None = None, **changed: Any
) -> Reference | CommandRefused:
    line = Line.model_validate(ENTRY | changed)
    return read_line(line, known, by=words.admin, matrix=matrix, today=TODAY)


@pytest.mark.parametrize(
    ("amount", "currency", "amount_minor"),
    [
        ("2000.00", "USD", 200_000),
        ("2000", "USD", 200_000),
        ("2000.5", "USD", 200_050),
        ("2000", "JPY", 2_000),
        ("2000.005", "KWD", 2_000_005),
        ("0.01", "USD", 1),
    ],
)
def test_an_amount_is_read_in_minor_units(
    matrix: Matrix, words: Any, amount: str, currency: str, amount_minor: int
) -> None:
    reference = read(matrix, words, amount=amount, currency=currency)

    assert isinstance(reference, Reference)
    assert reference.amount_max_minor == amount_minor


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"amount": "2000.005"}, "AMOUNT_SCALE", "amount"),
        ({"amount": "2000.0", "currency": "JPY"}, "AMOUNT_SCALE", "amount"),
        ({"amount": "0.00"}, "AMOUNT_NOT_POSITIVE", "amount"),
        ({"amount": "-5"}, "AMOUNT_NOT_POSITIVE", "amount"),
        ({"amount": "1e3"}, "INVALID_FIELDS", "amount"),
        ({"amount": "2,000.00"}, "INVALID_FIELDS", "amount"),
        ({"amount": "١٢"}, "INVALID_FIELDS", "amount"),
        ({"amount": ""}, "INVALID_FIELDS", "amount"),
        ({"currency": "usd"}, "INVALID_FIELDS", "currency"),
        ({"kind": "GIFT"}, "INVALID_FIELDS", "kind"),
        ({"kind": "WRITE_OFF "}, "INVALID_FIELDS", "kind"),
        ({"loan_id": "a/b"}, "INVALID_FIELDS", "loan_id"),
        ({"issued": "2026-02-30"}, "INVALID_FIELDS", "issued"),
        ({"issued": "2026-11-25"}, "FUTURE_DATE", "issued"),
        ({"issued": "2026-11-20", "expires": "2026-11-19"}, "INVALID_FIELDS", "expires"),
        ({"expires": "2027-11-24"}, "INVALID_FIELDS", "expires"),
        ({"approvers": []}, "LEVEL_TOO_LOW", "approvers"),
        ({"reference": "APPR-1"}, "INVALID_FIELDS", "reference"),
    ],
)
def test_a_bad_entry_is_refused_by_its_field(
    matrix: Matrix, words: Any, changed: dict[str, Any], code: str, field: str
) -> None:
    refused = read(matrix, words, **changed)

    assert isinstance(refused, CommandRefused)
    assert (refused.code, refused.field) == (code, field)


def test_a_reference_lives_ninety_days_unless_it_says_else(matrix: Matrix, words: Any) -> None:
    plain = read(matrix, words)
    dated = read(matrix, words, issued="2026-11-01", expires="2026-12-01")

    assert isinstance(plain, Reference)
    assert (plain.issued, plain.expires) == (TODAY, date(2027, 2, 22))
    assert isinstance(dated, Reference)
    assert (dated.issued, dated.expires) == (date(2026, 11, 1), date(2026, 12, 1))


def test_an_entry_without_days_is_the_same_on_another_day(matrix: Matrix, words: Any) -> None:
    first = read(matrix, words, issued="2026-10-01", expires="2026-12-01")
    assert isinstance(first, Reference)

    again = read(matrix, words, first)

    assert isinstance(again, Reference)
    assert again.is_same_grant(first)
