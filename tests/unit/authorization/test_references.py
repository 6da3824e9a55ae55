"""Approval references: which one covers a case, and what becomes of it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from authorization.domain.events import (
    AuthorizationGranted,
    AuthorizationRefused,
    CaseEnded,
    CommandRefused,
    ReferenceConsumed,
    ReferenceIssued,
    ReferenceReserved,
    ReferenceReturned,
    ReferenceRevoked,
    ReferenceUnchanged,
    WriteOffRecorded,
)
from authorization.domain.references import REFUSALS
from authorization.domain.terms import Approver

NUMBER = "APPR-2026-001"


def refused_with(code: str, words: Any) -> tuple[AuthorizationRefused]:
    return (AuthorizationRefused(words.case, code, NUMBER),)


def test_a_reference_that_covers_the_case_grants_it(scene: Any, words: Any) -> None:
    scene.hear(words.issue(), words.review(words.named))

    reserved, granted = scene.hear(words.verification(words.named, is_attested=True))

    assert reserved == ReferenceReserved(NUMBER, words.case)
    assert isinstance(granted, AuthorizationGranted)
    assert (granted.row, granted.level) == ("REFERENCE", 5)
    assert granted.approvers == words.reference.approvers
    assert granted.amount_max_minor == 204_000, "growth is covered under a reference, too"
    assert not scene.loan.tasks


def test_an_unknown_reference_never_falls_back_to_people(scene: Any, words: Any) -> None:
    scene.hear(words.review(words.named))

    refused = scene.hear(words.verification(words.named))

    assert refused == refused_with("APPROVAL_UNKNOWN", words)
    assert not scene.loan.tasks


@pytest.mark.parametrize(
    ("reference", "terms", "code"),
    [
        ({"expires": date(2026, 11, 23)}, {}, "APPROVAL_EXPIRED"),
        ({"kind": "CHARGE_OFF"}, {}, "APPROVAL_OTHER_KIND"),
        ({"reasons": frozenset({"AGED", "SKIP"})}, {}, "APPROVAL_OTHER_REASON"),
        ({"amount_max_minor": 199_999}, {}, "APPROVAL_AMOUNT"),
        ({"currency": "EUR"}, {}, "APPROVAL_AMOUNT"),
        ({}, {"maker": "l4-deb"}, "MAKER_IS_CHECKER"),
        ({}, {"sanctioner": "l5-eve"}, "SANCTIONER_EXCLUDED"),
        ({"approvers": (Approver("l1-amy", 1),)}, {"product": "MORTGAGE"}, "LEVEL_TOO_LOW"),
        ({"attests_documents": False}, {}, "APPROVAL_NOT_ATTESTED"),
        ({}, {"reason": "FRAUD"}, "APPROVAL_NOT_ATTESTED"),
    ],
)
def test_a_reference_that_does_not_cover_the_case_is_refused(
    scene: Any, words: Any, reference: dict[str, Any], terms: dict[str, Any], code: str
) -> None:
    asked = replace(words.named, **terms)
    scene.hear(words.issue(**reference), words.review(asked))

    assert scene.hear(words.verification(asked, is_attested=True)) == refused_with(code, words)


def test_a_reference_is_good_on_its_last_day(scene: Any, words: Any) -> None:
    scene.hear(words.issue(expires=words.now.date()), words.review(words.named))

    _, granted = scene.hear(words.verification(words.named))

    assert isinstance(granted, AuthorizationGranted)


@pytest.mark.parametrize(("who", "place"), [("reviewer", 0), ("agent", 1)])
def test_who_reviewed_or_verified_is_no_approver(
    scene: Any, words: Any, who: str, place: int
) -> None:
    scene.hear(words.issue())
    approver = words.reference.approvers[place].id

    scene.hear(words.review(words.named, reviewer=approver if who == "reviewer" else None))
    refused = scene.hear(
        words.verification(words.named, agent=approver if who == "agent" else None)
    )

    assert refused == refused_with("MAKER_IS_CHECKER", words)


def test_a_reference_counts_against_all_that_counts_on_the_loan(scene: Any, words: Any) -> None:
    before = replace(words.terms, amount_minor=400_000)
    scene.hear(words.posting(before, case=words.other_case))
    scene.hear(words.issue(approvers=(Approver("l1-amy", 1),)), words.review(words.named))

    refused = scene.hear(words.verification(words.named))

    assert refused == refused_with("LEVEL_TOO_LOW", words)


def test_a_revoked_reference_is_refused(scene: Any, words: Any) -> None:
    scene.hear(words.issue())
    assert scene.hear(words.revoke()) == (ReferenceRevoked(NUMBER),)
    scene.hear(words.review(words.named))

    refused = scene.hear(words.verification(words.named))

    assert refused == refused_with("APPROVAL_REVOKED", words)


def test_another_loans_reference_is_told_from_an_unknown_one(scene: Any, words: Any) -> None:
    others = replace(words.reference, loan_id="LN-2")
    scene.loan = replace(scene.loan, references={NUMBER: others})
    scene.hear(words.review(words.named))

    refused = scene.hear(words.verification(words.named))

    assert refused == refused_with("APPROVAL_OTHER_LOAN", words)
    assert scene.loan.references == {NUMBER: others}


def test_a_reference_is_used_once(scene: Any, words: Any) -> None:
    scene.hear(words.issue(), words.review(words.named), words.verification(words.named))
    second = {"case": words.other_case}
    scene.hear(words.review(words.named, **second))

    refused = scene.hear(words.verification(words.named, **second))

    assert refused == (AuthorizationRefused(words.other_case, "APPROVAL_USED", NUMBER),)


def test_the_first_refusal_that_applies_is_the_answer() -> None:
    assert [code for code, _ in REFUSALS] == [
        "APPROVAL_REVOKED",
        "APPROVAL_EXPIRED",
        "APPROVAL_USED",
        "APPROVAL_OTHER_LOAN",
        "APPROVAL_OTHER_KIND",
        "APPROVAL_OTHER_REASON",
        "APPROVAL_AMOUNT",
        "MAKER_IS_CHECKER",
        "SANCTIONER_EXCLUDED",
        "LEVEL_TOO_LOW",
        "APPROVAL_NOT_ATTESTED",
    ]


def test_documents_attested_by_nobody_are_refused(scene: Any, words: Any) -> None:
    scene.hear(words.review())

    refused = scene.hear(words.verification(is_attested=True))

    assert refused == (AuthorizationRefused(words.case, "APPROVAL_UNKNOWN", None),)


def test_a_posting_uses_the_reference_up(scene: Any, words: Any) -> None:
    scene.hear(words.issue(), words.review(words.named), words.verification(words.named))

    recorded, consumed, ended = scene.hear(words.posting(words.named))

    assert isinstance(recorded, WriteOffRecorded)
    assert recorded.write_off.amount_minor == words.named.amount_minor
    assert consumed == ReferenceConsumed(NUMBER, words.case)
    assert ended == CaseEnded(words.case, "POSTED")
    assert scene.loan.references[NUMBER].standing == "CONSUMED"
    assert scene.hear(words.closing("COMPLETE")) == ()


def test_a_reference_is_given_back_when_nothing_was_posted(scene: Any, words: Any) -> None:
    scene.hear(words.issue(), words.review(words.named), words.verification(words.named))

    returned, ended = scene.hear(words.refusal())

    assert returned == ReferenceReturned(NUMBER)
    assert ended == CaseEnded(words.case, "POSTING_REFUSED")
    assert scene.loan.references[NUMBER] == words.reference


def test_a_reference_is_given_back_when_the_case_is_closed(scene: Any, words: Any) -> None:
    scene.hear(words.issue(), words.review(words.named), words.verification(words.named))

    scene.hear(words.closing("WITHDRAWN"))

    assert scene.loan.references[NUMBER] == words.reference


def test_a_complete_case_keeps_its_reference_until_the_posting_is_heard(
    scene: Any, words: Any
) -> None:
    scene.hear(words.issue(), words.review(words.named), words.verification(words.named))

    assert scene.hear(words.closing("COMPLETE")) == ()
    assert scene.loan.references[NUMBER].standing == "RESERVED"


def test_a_reference_given_back_can_be_used_again(scene: Any, words: Any) -> None:
    scene.hear(words.issue(), words.review(words.named), words.verification(words.named))
    scene.hear(words.refusal())
    second = {"case": words.other_case}
    scene.hear(words.review(words.named, **second))

    _, granted = scene.hear(words.verification(words.named, **second))

    assert isinstance(granted, AuthorizationGranted)


def test_the_same_entry_again_changes_nothing(scene: Any, words: Any) -> None:
    assert scene.hear(words.issue()) == (ReferenceIssued(words.reference),)

    assert scene.hear(words.issue()) == (ReferenceUnchanged(NUMBER),)


def test_a_used_entry_again_changes_nothing(scene: Any, words: Any) -> None:
    scene.hear(words.issue(), words.review(words.named), words.verification(words.named))
    scene.hear(words.posting(words.named))

    assert scene.hear(words.issue()) == (ReferenceUnchanged(NUMBER),)


def test_a_number_stands_for_one_grant(scene: Any, words: Any) -> None:
    scene.hear(words.issue())

    [refused] = scene.hear(words.issue(amount_max_minor=100))

    assert isinstance(refused, CommandRefused)
    assert (refused.code, refused.field) == ("REFERENCE_EXISTS", "reference")


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"reference": "APPR-26-001"}, "INVALID_FIELDS", "reference"),
        ({"reference": "APPR-2026-12"}, "INVALID_FIELDS", "reference"),
        ({"reference": "APPR-2026-1234567890123"}, "INVALID_FIELDS", "reference"),
        ({"reference": "APPR-2026-001\n"}, "INVALID_FIELDS", "reference"),
        ({"reasons": frozenset({"BOREDOM"})}, "UNKNOWN_REASON", "reasons"),
        ({"issued": date(2026, 11, 25)}, "FUTURE_DATE", "issued"),
        ({"expires": date(2026, 11, 1) + timedelta(days=181)}, "INVALID_FIELDS", "expires"),
        ({"approvers": (Approver("adele", 5),)}, "MAKER_IS_CHECKER", "approvers"),
        (
            {"amount_max_minor": 1_000_001, "approvers": (Approver("l1-amy", 1),)},
            "LEVEL_TOO_LOW",
            "approvers",
        ),
        ({"currency": "BRL", "approvers": (Approver("l5-eve", 5),)}, "LEVEL_TOO_LOW", "approvers"),
    ],
)
def test_an_entry_that_breaks_a_rule_is_no_reference(
    scene: Any, words: Any, changed: dict[str, Any], code: str, field: str
) -> None:
    [refused] = scene.hear(words.issue(**changed))

    assert isinstance(refused, CommandRefused)
    assert (refused.code, refused.field) == (code, field)
    assert not scene.loan.references


@pytest.mark.parametrize(
    "changed",
    [
        {"reference": "APPR-2008-1159915000"},
        {"expires": date(2026, 11, 1) + timedelta(days=180)},
        {"amount_max_minor": 1_000_000, "approvers": (Approver("l1-amy", 1),)},
        {"kind": "REVERSAL"},
    ],
)
def test_an_entry_that_keeps_the_rules_is_a_reference(
    scene: Any, words: Any, changed: dict[str, Any]
) -> None:
    [issued] = scene.hear(words.issue(**changed))

    assert isinstance(issued, ReferenceIssued)


@pytest.mark.parametrize("role", ["authorizer", "loan_agent", "auditor"])
def test_only_an_admin_imports_a_register(scene: Any, words: Any, role: str) -> None:
    [refused] = scene.hear(words.issue(words.person("l5-ed", level=5, role=role)))

    assert isinstance(refused, CommandRefused)
    assert refused.code == "ROLE_NEEDED"


def test_what_a_case_holds_is_not_revoked(scene: Any, words: Any) -> None:
    scene.hear(words.issue(), words.review(words.named), words.verification(words.named))

    [refused] = scene.hear(words.revoke())

    assert isinstance(refused, CommandRefused)
    assert refused.code == "APPROVAL_USED"


def test_revoking_again_changes_nothing(scene: Any, words: Any) -> None:
    scene.hear(words.issue(), words.revoke())

    assert scene.hear(words.revoke()) == (ReferenceUnchanged(NUMBER),)


def test_revoking_needs_a_role_and_a_reference(scene: Any, words: Any) -> None:
    [unknown] = scene.hear(words.revoke())
    [not_allowed] = scene.hear(words.revoke(words.person("ana", role="loan_agent")))

    assert isinstance(unknown, CommandRefused)
    assert isinstance(not_allowed, CommandRefused)
    assert (unknown.code, not_allowed.code) == ("APPROVAL_UNKNOWN", "ROLE_NEEDED")
