"""What a loss is to the credit bureau and to the tax authority."""

from dataclasses import replace
from datetime import date

import pytest
from ledger.domain.loan import Status
from ledger.preview.bureau import BureauRecord, NoRecord, Standing, bureau_record
from ledger.preview.bureaus import Bureaus, BureausWrong
from ledger.preview.settings import PreviewSettings, own_bureaus
from ledger.preview.tax import Loss, NoForm, TaxForm, tax_result

DAY = date(2026, 2, 10)
CURRENT = Standing(
    on=DAY,
    segment="PERSONAL",
    currency="USD",
    opened=date(2024, 1, 1),
    status=Status.ACTIVE,
    is_all_lost=False,
    off_minor=0,
    owed_minor=123_456,
    days_past_due=0,
    oldest_unpaid_due=None,
)


BUREAUS = Bureaus.parse(own_bureaus())


def record(product: str = "PERSONAL_LOAN", **changed: object) -> BureauRecord:
    loan = replace(CURRENT, **changed)  # pyright: ignore[reportArgumentType]
    told = bureau_record(loan, BUREAUS.of("demo", product))
    assert isinstance(told, BureauRecord)
    return told


@pytest.mark.parametrize(
    ("days", "status"),
    [(0, "11"), (29, "11"), (30, "71"), (60, "78"), (90, "80"), (120, "82"), (150, "83"),
     (179, "83"), (180, "84"), (400, "84")],
)  # fmt: skip
def test_an_unpaid_loan_is_told_by_its_days(days: int, status: str) -> None:
    assert record(days_past_due=days).status == status


def test_amounts_are_whole_dollars_cut_off_and_the_day_is_the_months_last() -> None:
    told = record()

    assert (told.balance, told.account_date) == (1234, date(2026, 2, 28))
    assert (told.past_due, told.original_charge_off, told.closed) == (0, 0, None)


def test_a_full_loss_is_97_with_its_amount_and_stays_open() -> None:
    lost = record(is_all_lost=True, off_minor=200_099, owed_minor=150_050, days_past_due=200)

    assert (lost.status, lost.balance, lost.past_due) == ("97", 1500, 1500)
    assert (lost.original_charge_off, lost.closed) == (2000, None)


def test_what_is_paid_after_a_loss_is_64_on_the_day() -> None:
    paid = record(is_all_lost=True, off_minor=200_000, owed_minor=0, paid_on=DAY)

    assert (paid.status, paid.balance, paid.past_due) == ("64", 0, 0)
    assert (paid.original_charge_off, paid.closed, paid.account_date) == (2000, DAY, DAY)


def test_a_partial_charge_off_reports_no_loss() -> None:
    partial = record(off_minor=50_000, days_past_due=130)

    assert (partial.status, partial.original_charge_off, partial.past_due) == ("82", 0, None)


def test_portfolios_and_the_end_of_a_credit_line() -> None:
    line = record(product="CREDIT_LINE", is_all_lost=True, off_minor=1, owed_minor=100)

    assert (record().portfolio, record(product="MORTGAGE").portfolio, line.portfolio) == (
        "I",
        "M",
        "C",
    )
    assert line.closed == DAY


def test_a_currency_is_told_in_its_whole_units() -> None:
    assert record(currency="EUR").balance == 1234
    assert record(currency="JPY").balance == 123_456
    assert record(currency="KWD").balance == 123


def test_of_whom_a_bureau_is_told_is_policy() -> None:
    special = """
[[special]]
tenant = "acme"
reports = false
[[special]]
tenant = "acme"
product = "AUTO_LOAN"
reports = true
segments = ["BUSINESS"]
"""
    bureaus = Bureaus.parse(own_bureaus() + special)

    def told(tenant: str, product: str, segment: str) -> object:
        return bureau_record(replace(CURRENT, segment=segment), bureaus.of(tenant, product))

    assert isinstance(told("demo", "AUTO_LOAN", "PERSONAL"), BureauRecord)
    assert told("demo", "AUTO_LOAN", "BUSINESS") == NoRecord(
        "by policy no BUSINESS loan is reported"
    )
    assert isinstance(told("acme", "PERSONAL_LOAN", "PERSONAL"), NoRecord)
    assert isinstance(told("acme", "AUTO_LOAN", "BUSINESS"), BureauRecord)
    assert bureaus.of("acme", "MORTGAGE").portfolio == "M"


@pytest.mark.parametrize(
    ("change", "because"),
    [
        (('version = "2026-11"', ""), "version: missing"),
        (("reports = true", ""), "reports: missing"),
        (("reports = true", "reports = 1"), "reports: 1 is not right"),
        (('["PERSONAL"]', '["RETAIL"]'), "segments:"),
        (('portfolio = "C"', 'portfolio = "X"'), "special 2: portfolio: 'X' is not right"),
        (('portfolio = "C"', "colour = 1"), "special 2: colour: unknown key"),
        (('product = "CREDIT_LINE"\n', ""), "special 2: names a tenant"),
        (('product = "CREDIT_LINE"', 'product = "MORTGAGE"'), "special 2: told twice"),
    ],
)
def test_what_is_wrong_with_it_is_named(change: tuple[str, str], because: str) -> None:
    assert change[0] in own_bureaus()

    with pytest.raises(BureausWrong) as wrong:
        Bureaus.parse(own_bureaus().replace(*change, 1))

    assert because in str(wrong.value)


def test_a_missing_file_of_bureaus_stops_the_process() -> None:
    with pytest.raises(SystemExit, match="LEDGER_BUREAU_FILE"):
        PreviewSettings.read({"LEDGER_BUREAU_FILE": "/no/such/file"})


LOSS = Loss(
    on=DAY, currency="USD", principal_minor=600_00, segment="BUSINESS", reason="UNCOLLECTIBLE"
)


@pytest.mark.parametrize(
    ("loss", "code", "on"),
    [
        (replace(LOSS, reason="SETTLEMENT"), "F", DAY),
        (replace(LOSS, reason="STATUTE_BARRED"), "C", DAY),
        (replace(LOSS, collection_ceases=True), "G", DAY),
        (
            replace(LOSS, reason="BANKRUPTCY", legal_code="12", legal_date=date(2026, 1, 5)),
            "A",
            date(2026, 1, 5),
        ),
    ],
)
def test_an_identifiable_event_makes_a_form(loss: Loss, code: str, on: date) -> None:
    assert tax_result(loss) == TaxForm(on=on, amount_minor=600_00, currency="USD", code=code)


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        (None, "no debt is lost"),
        (LOSS, "no identifiable event"),
        (replace(LOSS, reason="SETTLEMENT", principal_minor=599_99), "less than 600.00"),
        (replace(LOSS, reason="SETTLEMENT", currency="EUR"), "US dollars"),
        (replace(LOSS, reason="BANKRUPTCY", legal_code="12"), "business debt only"),
        (
            replace(
                LOSS, reason="BANKRUPTCY", segment="PERSONAL", legal_code="12", legal_date=DAY
            ),
            "business debt only",
        ),
        (
            replace(LOSS, reason="BANKRUPTCY", legal_code="11", legal_date=DAY,
                    collection_ceases=True),
            "business debt only",
        ),
    ],
)  # fmt: skip
def test_no_form_has_its_reason(loss: Loss | None, why: str) -> None:
    told = tax_result(loss)

    assert isinstance(told, NoForm)
    assert why in told.why
