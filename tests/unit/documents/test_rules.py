"""Which documents the rules ask for."""

from dataclasses import replace
from fractions import Fraction

import pytest
from documents.domain.file import Terms
from documents.domain.policy import POLICY
from documents.domain.rules import is_special, required, usd

PERSONAL = Terms(
    kind="WRITE_OFF",
    segment="PERSONAL",
    product="PERSONAL_LOAN",
    reason="UNCOLLECTIBLE",
    amount_minor=50_000,
    currency="USD",
    usd_rate=Fraction(1),
    channel="TOPIC",
    has_guarantor=False,
    litigation="N",
    legal_code=None,
    collection_ceases=False,
    maker="u-17",
    approval_reference=None,
    heard="{}",
)
BUSINESS = replace(PERSONAL, segment="BUSINESS", product="BUSINESS_TERM_LOAN")
BASE = ["STATEMENT_OF_ACCOUNT", "COLLECTION_LOG"]


def asked(terms: Terms) -> list[str]:
    return [r.document for r in required(terms, POLICY)]


def test_a_statement_is_made_and_met_and_a_collection_log_is_asked() -> None:
    statement, log = required(PERSONAL, POLICY)

    assert (statement.rule, statement.state, statement.basis) == ("R1", "MET", "MADE")
    assert (log.rule, log.document, log.state) == ("R2", "COLLECTION_LOG", "OPEN")


@pytest.mark.parametrize(
    ("change", "documents"),
    [
        ({"reason": "SMALL_BALANCE"}, ["STATEMENT_OF_ACCOUNT"]),
        ({"kind": "CHARGE_OFF"}, BASE),
        ({"amount_minor": 99_999}, BASE),
        ({"amount_minor": 100_000}, [*BASE, "FINAL_DEMAND"]),
        ({"amount_minor": 100_000, "reason": "AGED"}, [*BASE, "FINAL_DEMAND"]),
        ({"amount_minor": 100_000, "reason": "SKIP"}, [*BASE, "FINAL_DEMAND", "TRACE_REPORT"]),
        ({"reason": "BANKRUPTCY"}, [*BASE, "COURT_NOTICE"]),
        ({"reason": "DECEASED"}, [*BASE, "DEATH_CERTIFICATE", "ESTATE_REPORT"]),
        ({"reason": "FRAUD"}, [*BASE, "FRAUD_REPORT", "POLICE_REPORT"]),
        ({"reason": "SETTLEMENT"}, [*BASE, "SETTLEMENT_AGREEMENT"]),
        ({"reason": "REPOSSESSION_FAILED"}, [*BASE, "REPOSSESSION_REPORT"]),
        ({"reason": "COLLATERAL_SHORTFALL"}, [*BASE, "VALUATION", "SALE_STATEMENT"]),
        ({"reason": "STATUTE_BARRED"}, [*BASE, "COURT_DECISION"]),
        ({"collection_ceases": True}, [*BASE, "DISCHARGE_DECISION"]),
        ({"litigation": "L"}, [*BASE, "COURT_PAPER"]),
        ({"litigation": "P"}, [*BASE, "COURT_PAPER"]),
        ({"product": "AUTO_LOAN"}, BASE),
        (
            {"product": "AUTO_LOAN", "amount_minor": 500_000},
            [*BASE, "FINAL_DEMAND", "VALUATION"],
        ),
        (
            {"product": "AUTO_LOAN", "amount_minor": 500_000, "reason": "REPOSSESSION_FAILED"},
            [*BASE, "REPOSSESSION_REPORT"],
        ),
        (
            {"has_guarantor": True, "amount_minor": 500_000},
            [*BASE, "FINAL_DEMAND", "GUARANTOR_DEMAND"],
        ),
        (
            {"amount_minor": 10_000_000},
            [*BASE, "FINAL_DEMAND", "RECOVERY_OPINION", "STAFF_ACCOUNTABILITY_REVIEW"],
        ),
        ({"kind": "REMOVAL"}, ["ERROR_EVIDENCE"]),
        ({"kind": "REVERSAL"}, ["ERROR_EVIDENCE"]),
        ({"kind": "RECOVERY", "channel": "AGENT", "amount_minor": 1_000_000}, ["RECEIPT"]),
        ({"kind": "RECOVERY", "channel": "AGENT", "amount_minor": 999_999}, []),
        ({"kind": "RECOVERY", "amount_minor": 1_000_000}, []),
        ({"kind": "PAY_OFF"}, []),
        ({"kind": "REFINANCE"}, []),
    ],
)
def test_a_persons_case_needs(change: dict[str, object], documents: list[str]) -> None:
    assert asked(replace(PERSONAL, **change)) == documents


@pytest.mark.parametrize(
    ("change", "documents"),
    [
        ({"amount_minor": 499_999}, BASE),
        ({"amount_minor": 500_000}, [*BASE, "FINAL_DEMAND", "FINANCIAL_STATEMENTS"]),
        ({"amount_minor": 500_000, "reason": "WINDING_UP"}, [*BASE, "LIQUIDATOR_REPORT"]),
        (
            {"amount_minor": 25_000_000},
            [
                *BASE,
                "FINAL_DEMAND",
                "FINANCIAL_STATEMENTS",
                "RECOVERY_OPINION",
                "STAFF_ACCOUNTABILITY_REVIEW",
            ],
        ),
    ],
)
def test_a_businesss_case_needs(change: dict[str, object], documents: list[str]) -> None:
    assert asked(replace(BUSINESS, **change)) == documents


@pytest.mark.parametrize(
    ("currency", "amount_minor", "rate", "dollars"),
    [
        ("EUR", 100_000, Fraction("1.10"), Fraction(1100)),
        ("JPY", 100_000, Fraction("0.0067"), Fraction(670)),
        ("KWD", 100_000, Fraction("3.25"), Fraction(325)),
    ],
)
def test_amounts_are_dollars_exactly(
    currency: str, amount_minor: int, rate: Fraction, dollars: Fraction
) -> None:
    terms = replace(PERSONAL, currency=currency, amount_minor=amount_minor, usd_rate=rate)

    assert usd(terms) == dollars


def test_an_amount_without_a_rate_is_above_every_limit() -> None:
    terms = replace(PERSONAL, currency="XYZ", amount_minor=1, usd_rate=None)

    assert "STAFF_ACCOUNTABILITY_REVIEW" in asked(terms)
    assert is_special(terms, POLICY)


@pytest.mark.parametrize(
    ("change", "special"),
    [
        ({}, False),
        ({"reason": "FRAUD"}, True),
        ({"litigation": "P"}, True),
        ({"amount_minor": 25_000_000}, False),
        ({"amount_minor": 25_000_001}, True),
    ],
)
def test_special_cases_are(change: dict[str, object], special: bool) -> None:
    assert is_special(replace(PERSONAL, **change), POLICY) is special
