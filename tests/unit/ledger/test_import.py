"""Rows of an import: what is taken in, what is refused, and that a refusal tells no data."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from ledger.domain.decide import (
    ImportLoan,
    ImportParty,
    ImportRefused,
    ImportUnchanged,
    LoanImported,
    LoanState,
    PartyImported,
    PartyState,
    decide,
    evolve,
)
from ledger.domain.loan import LotKind, Status
from ledger.domain.money import Components
from ledger.domain.policyfile import Policies
from ledger.domain.posting import EntryKind
from ledger.domain.row import LoanRow, Party, RowRefused, read_loan, read_party, split
from ledger.settings import own_policy

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = Policies.parse(own_policy()).everybody
ROW: dict[str, object] = {
    "loan_id": "LN-1",
    "customer_id": "C-1",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "email": "ada@example.org",
    "product": "PERSONAL_LOAN",
    "segment": "PERSONAL",
    "currency": "USD",
    "principal": "900.00",
    "interest": "100.00",
    "opened": "2025-01-01",
    "status": "ACTIVE",
}


def parts(**changed: object) -> tuple[dict[str, str], dict[str, str]]:
    split_row = split(ROW | changed)
    assert not isinstance(split_row, RowRefused)
    return split_row


def command(**changed: object) -> ImportLoan:
    return ImportLoan(parts(**changed)[0], UUID(int=1), UUID(int=2))


def test_a_row_becomes_a_loan_with_an_opening_entry() -> None:
    [event] = decide(LoanState(), command(tax="1"), now=NOW, policy=POLICY)

    assert isinstance(event, LoanImported)
    assert event.loan.bnk == Components(principal=90_000, interest=10_000, tax=100)
    assert event.loan.cust == event.loan.bnk
    assert (event.loan.status, event.loan.version) == (Status.ACTIVE, 1)
    assert event.entry.kind is EntryKind.OPENING
    assert [(x.book.value, x.code, x.debit_minor, x.credit_minor) for x in event.entry.lines] == [
        ("BNK", "1100", 90_000, 0),
        ("BNK", "1110", 10_000, 0),
        ("BNK", "1120", 100, 0),
        ("BNK", "3900", 0, 100_100),
        ("CUST", "9200", 90_000, 0),
        ("CUST", "9210", 10_000, 0),
        ("CUST", "9240", 100, 0),
        ("CUST", "9299", 0, 100_100),
    ]


def test_what_was_charged_off_before_is_lots_on_the_accounts_without_a_reason() -> None:
    row = command(charged_off_principal="50", charged_off_fees="2.5", fraud=True)

    [event] = decide(LoanState(), row, now=NOW, policy=POLICY)

    assert isinstance(event, LoanImported)
    assert event.loan.off(LotKind.CHARGE_OFF) == Components(principal=5_000, fees=250)
    assert [lot.account for lot in event.loan.lots] == ["6190", "4011"]
    assert event.loan.cust.total == event.loan.bnk.total + 5_250


def test_the_same_row_again_is_unchanged_and_another_is_never_taken() -> None:
    [event] = decide(LoanState(), command(), now=NOW, policy=POLICY)
    known = evolve(LoanState(), event)

    [same] = decide(
        known, command(principal="900.0", email="new@example.org"), now=NOW, policy=POLICY
    )
    [other] = decide(known, command(principal="900.01"), now=NOW, policy=POLICY)

    assert same == ImportUnchanged()
    assert isinstance(other, ImportRefused)
    assert other.refused.code == "LOAN_EXISTS"
    assert evolve(known, other) == known


def test_the_balances_are_as_of_a_day_or_of_the_opening() -> None:
    as_of, plain = read_loan(parts(as_of="2026-10-31")[0]), read_loan(parts()[0])

    assert isinstance(as_of, LoanRow)
    assert isinstance(plain, LoanRow)
    assert as_of.particulars.opened == as_of.particulars.accrued_to == date(2026, 10, 31)
    assert plain.particulars.opened == date(2025, 1, 1)


def test_a_business_name_makes_a_business_and_the_loans_part_holds_no_personal_data() -> None:
    loan, party = parts(business_name="Ada & Co", given_name=None, family_name=" ")

    assert loan["segment"] == "BUSINESS"
    assert loan.keys().isdisjoint({"given_name", "family_name", "business_name", "email"})
    assert read_party(party) == Party(
        party_id="C-1", business_name="Ada & Co", email="ada@example.org"
    )


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"currency": "XXX"}, "UNKNOWN_CURRENCY", "currency"),
        ({"currency": None}, "INVALID_FIELDS", "currency"),
        ({"principal": "-1"}, "INVALID_FIELDS", "principal"),
        ({"principal": "1.001"}, "INVALID_FIELDS", "principal"),
        ({"principal": ""}, "INVALID_FIELDS", "principal"),
        ({"principal": "1e5"}, "INVALID_FIELDS", "principal"),
        ({"principal": "9" * 40}, "INVALID_FIELDS", "principal"),
        ({"currency": "JPY", "principal": "1.0", "interest": "0"}, "INVALID_FIELDS", "principal"),
        ({"unearned_interest": "100.01"}, "INVALID_FIELDS", "unearned_interest"),
        ({"status": "CLOSED_WRITTEN_OFF"}, "CLOSED_WITH_BALANCE", "status"),
        ({"status": "OVERPAID"}, "CLOSED_WITH_BALANCE", "status"),
        ({"status": "SLEEPING"}, "INVALID_FIELDS", "status"),
        ({"loan_id": "LN/1"}, "INVALID_FIELDS", "loan_id"),
        ({"loan_id": "L" * 65}, "INVALID_FIELDS", "loan_id"),
        ({"customer_id": "Ada Lovelace"}, "INVALID_FIELDS", "customer_id"),
        ({"product": "P" * 201}, "INVALID_FIELDS", "product"),
        ({"product": "P\n"}, None, None),
        ({"product": "P\x07Q"}, "INVALID_FIELDS", "product"),
        ({"segment": "ROYAL"}, "INVALID_FIELDS", "segment"),
        ({"opened": "31.12.2025"}, "INVALID_FIELDS", "opened"),
        ({"opened": "1899-12-31"}, "INVALID_FIELDS", "opened"),
        ({"as_of": "2024-12-31"}, "INVALID_FIELDS", "as_of"),
        ({"accrued_to": "2025-01-02"}, "INVALID_FIELDS", "accrued_to"),
        ({"rate": "-1"}, "INVALID_FIELDS", "rate"),
        ({"days_past_due": "many"}, "INVALID_FIELDS", "days_past_due"),
        ({"sanction_level": "6"}, "INVALID_FIELDS", "sanction_level"),
        ({"fraud": "maybe"}, "INVALID_FIELDS", "fraud"),
    ],
)
def test_a_row_that_breaks_a_rule_names_its_field(
    changed: dict[str, object], code: str | None, field: str | None
) -> None:
    read = read_loan(parts(**changed)[0])

    found = (read.code, read.field) if isinstance(read, RowRefused) else (None, None)
    assert found == (code, field)


def test_a_closed_loan_without_balances_is_taken() -> None:
    row = parts(status="CLOSED_OBLIGATIONS_MET", principal="0.00", interest="")[0]

    assert isinstance(read_loan(row), LoanRow)


def test_a_column_nobody_knows_is_refused() -> None:
    assert split({**ROW, "colour": "red"}) == RowRefused(
        "INVALID_FIELDS", "unknown field colour", "colour"
    )


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"given_name": "", "family_name": None}, "family_name"),
        ({"email": "Ada Lovelace"}, "email"),
        ({"family_name": "L" * 201}, "family_name"),
        ({"family_name": "Love\x00lace"}, "family_name"),
    ],
)
def test_a_party_that_breaks_a_rule_names_its_field_and_not_its_value(
    changed: dict[str, object], field: str
) -> None:
    read = read_party(parts(**changed)[1])

    assert isinstance(read, RowRefused)
    assert (read.code, read.field) == ("INVALID_FIELDS", field)
    assert "ada" not in read.message.lower()
    assert "love" not in read.message.lower()


def test_a_party_is_kept_once_and_what_is_told_anew_counts() -> None:
    row = ImportParty(parts()[1])
    [event] = decide(PartyState(), row, now=NOW, policy=POLICY)
    known = evolve(PartyState(), event)

    [same] = decide(known, row, now=NOW, policy=POLICY)
    [newer] = decide(known, ImportParty(parts(email="a@b.org")[1]), now=NOW, policy=POLICY)

    assert isinstance(known, PartyState)
    assert known.version == 1
    assert same == ImportUnchanged()
    assert isinstance(newer, PartyImported)
    assert evolve(known, newer) == PartyState(newer.party, 2)
