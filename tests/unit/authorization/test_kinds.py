"""Every kind of case: who decides on it, what of a loss still counts, and what is hashed."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from authorization.domain.events import AuthorizationGranted, AuthorizationRequested
from authorization.domain.loan import Over, Requested
from authorization.domain.matrix import Need
from authorization.domain.terms import Approver, KindTerms
from authorization.domain.terms import terms_hash as hashed_here
from authorization.wire.heard import to_terms
from contracts.records import common
from contracts.types import to_date
from hypothesis import given
from hypothesis import strategies as st
from ledger.domain.grant import Terms as LedgerTerms
from ledger.domain.grant import terms_hash as hashed_there
from ledger.wire.heard import to_kind_terms

LATER = UUID(int=3)
AMY, BO = Approver("l1-amy", 1), Approver("l2-bo", 2)


def of_kind(words: Any, kind: str, amount_minor: int, **of_kind: Any) -> Any:
    terms = replace(words.terms, kind=kind, amount_minor=amount_minor, reason="OTHER")
    return replace(terms, of_kind=KindTerms(**of_kind)) if of_kind else terms


def decided(scene: Any, words: Any, terms: Any, case: UUID | None = None) -> Any:
    """Hear a case until authority has said something, and give what it said first."""
    scene.hear(words.review(terms, case=case))
    return scene.hear(words.verification(terms, case=case))[0]


def take(scene: Any, words: Any, terms: Any, case: UUID, *approvers: Approver) -> None:
    """Let a loss be granted by these people, and be posted."""
    scene.hear(words.review(terms, case=case), words.verification(terms, case=case))
    for approver in approvers:
        person = words.person(approver.id, level=approver.level)
        scene.hear(words.complete(scene.open_task, person))
    scene.hear(words.posting(terms, case=case, approvers=approvers))


@pytest.mark.parametrize(
    ("kind", "amount_minor", "level"),
    [
        ("RECOVERY", 1_000_000, 0),
        ("RECOVERY", 1_000_001, 1),
        ("PAY_OFF", 900_000_000, 0),
        ("REFINANCE", 1, 1),
    ],
)
def test_what_is_no_loss_is_decided_by_its_kind(
    scene: Any, words: Any, kind: str, amount_minor: int, level: int
) -> None:
    said = decided(scene, words, of_kind(words, kind, amount_minor))

    if level:
        assert isinstance(said, AuthorizationRequested)
        assert said.case.need == Need(kind, level, 1)
    else:
        assert isinstance(said, AuthorizationGranted)
        assert (said.row, said.approvers) == (kind, ())


def test_a_related_partys_refinance_needs_more_people(scene: Any, words: Any) -> None:
    terms = replace(of_kind(words, "REFINANCE", 1), flags=frozenset({"related_party"}))

    assert decided(scene, words, terms).case.need == Need("REFINANCE", 4, 2)


def test_open_recoveries_add_up(scene: Any, words: Any) -> None:
    decided(scene, words, of_kind(words, "RECOVERY", 600_000), words.other_case)

    said = decided(scene, words, of_kind(words, "RECOVERY", 600_000))

    assert said.case.need == Need("RECOVERY", 1, 1)


def test_money_that_came_in_does_not_add_to_a_loss(scene: Any, words: Any) -> None:
    decided(scene, words, of_kind(words, "RECOVERY", 999_999), words.other_case)

    assert decided(scene, words, words.terms).case.need == Need("A1", 1, 1)


@pytest.mark.parametrize("terms", [{"undo": "write_off"}, {"transaction_id": "posted"}])
def test_a_loss_is_taken_back_at_its_level_by_other_people(
    scene: Any, words: Any, terms: dict[str, str]
) -> None:
    big = replace(words.terms, amount_minor=2_000_000)
    take(scene, words, big, words.other_case, BO)
    if "transaction_id" in terms:
        terms = {"transaction_id": str(words.transaction(words.other_case))}

    said = decided(scene, words, of_kind(words, "REVERSAL", 2_000_000, cause="ERROR", **terms))

    assert isinstance(said, AuthorizationRequested)
    assert said.case.need == Need("A2", 2, 1)
    [refused] = scene.hear(words.complete(scene.open_task, words.person("l2-bo", level=2)))
    assert refused.code == "MAKER_IS_CHECKER"
    scene.hear(words.complete(scene.open_task, words.person("l2-ben", level=2)))
    assert scene.loan.cases[words.case].need == Need("A2", 2, 1)


def test_a_correction_needs_the_second_level_at_least(scene: Any, words: Any) -> None:
    take(scene, words, words.terms, words.other_case, AMY)
    unknown = of_kind(words, "REVERSAL", 1, transaction_id=str(UUID(int=99)))

    said = decided(scene, words, of_kind(words, "REVERSAL", 200_000, undo="write_off"))
    other = decided(scene, words, unknown, LATER)

    assert said.case.need == Need("A1", 2, 1)
    assert other.case.need == Need("A1", 2, 1)


def test_what_was_reversed_counts_no_more(scene: Any, words: Any) -> None:
    take(scene, words, replace(words.terms, amount_minor=400_000), words.other_case, AMY)
    reversal = words.reversal(words.transaction(words.other_case), case=LATER)

    scene.hear(reversal)
    again = scene.hear(reversal)

    assert again == ()
    assert scene.loan.cases[LATER] == Over(case_id=LATER, end="POSTED")
    assert decided(scene, words, words.terms).case.need.row == "A1"
    unknown = of_kind(words, "REVERSAL", 1, undo="write_off")
    assert scene.loan.taken_back(unknown) == []


def test_what_was_put_back_counts_no_more_and_again_when_that_is_reversed(
    scene: Any, words: Any
) -> None:
    off = replace(words.terms, kind="CHARGE_OFF", scope="PARTIAL", amount_minor=300_000)
    take(scene, words, off, words.other_case, AMY)

    scene.hear(words.removal(250_000, case=LATER), words.removal(250_000, case=LATER))
    [loss] = scene.loan.written_off.values()
    scene.hear(words.reversal(UUID(int=50), case=UUID(int=4), restores_minor=250_000))
    [restored] = scene.loan.written_off.values()

    assert (loss.standing_minor, restored.standing_minor) == (50_000, 300_000)


def test_a_write_off_of_what_was_charged_off_counts_it_once(scene: Any, words: Any) -> None:
    off = replace(words.terms, kind="CHARGE_OFF", scope="PARTIAL", amount_minor=300_000)
    take(scene, words, off, words.other_case, AMY)
    rest = replace(words.terms, amount_minor=500_000)

    said = decided(scene, words, rest)
    scene.hear(words.complete(scene.open_task, words.person("l1-ann", level=1)))
    scene.hear(words.posting(rest, adds_minor=200_000))

    assert said.case.need == Need("A1", 1, 1)
    assert sum(loss.standing_minor for loss in scene.loan.written_off.values()) == 500_000


@pytest.mark.parametrize("kind", ["RECOVERY", "PAY_OFF", "REFINANCE"])
def test_what_is_no_loss_is_over_when_its_case_is_complete(
    scene: Any, words: Any, kind: str
) -> None:
    number = words.reference.reference
    terms = replace(of_kind(words, kind, 100_000), approval_reference=number)
    scene.hear(words.issue(kind=kind), words.review(terms), words.verification(terms))

    scene.hear(words.closing("COMPLETE", terms=terms))

    assert scene.loan.references[number].standing == "CONSUMED"
    assert scene.loan.cases[words.case] == Over(case_id=words.case, end="POSTED")
    assert scene.hear(words.closing("COMPLETE", terms=terms)) == ()
    assert not scene.loan.written_off


def test_a_reference_of_another_kind_covers_nothing(scene: Any, words: Any) -> None:
    terms = replace(of_kind(words, "RECOVERY", 1), approval_reference=words.reference.reference)

    scene.hear(words.issue(), words.review(terms))

    assert scene.hear(words.verification(terms))[0].code == "APPROVAL_OTHER_KIND"


def test_people_are_asked_about_the_terms_of_the_kind(scene: Any, words: Any) -> None:
    terms = of_kind(words, "REFINANCE", 100_000, new_loan_id="LN-2", rate="7.5")

    decided(scene, words, terms)

    case = scene.loan.cases[words.case]
    assert isinstance(case, Requested)
    assert case.terms.of_kind == KindTerms(new_loan_id="LN-2", rate="7.5")


ids = st.none() | st.from_regex(r"[A-Za-z0-9._:-]{1,12}", fullmatch=True)
minor = st.integers(0, 2**62)
kind_terms = st.none() | st.builds(
    common.KindTerms,
    transaction_id=ids,
    undo=st.sampled_from([None, "charge_off", "write_off"]),
    cause=st.sampled_from([None, "ERROR"]),
    new_loan_id=ids,
    rate=st.sampled_from([None, "0", "7.25"]),
    percent=st.sampled_from([None, "12.5"]),
    components=st.none()
    | st.builds(
        common.Components,
        principal_minor=minor,
        interest_minor=minor,
        fees_minor=minor,
        penalties_minor=minor,
        tax_minor=minor,
    ),
)


@given(told=kind_terms, amount_minor=minor, scope=st.sampled_from(["FULL", "PARTIAL"]))
def test_the_ledger_works_out_the_same_hash(told: Any, amount_minor: int, scope: Any) -> None:
    terms = common.Terms(
        case_number="WO-1",
        customer_id="C-1",
        product="PERSONAL_LOAN",
        segment="PERSONAL",
        kind="REFINANCE",
        scope=scope,
        amount=common.Money(amount_minor=amount_minor, currency="USD"),
        reason="OTHER",
        date=20_000,
        channel="TOPIC",
        source="lending",
        maker="u",
        litigation="N",
        fraud=False,
        related_party=False,
        collection_ceases=False,
        outstanding_minor=0,
        charged_off_minor=0,
        of_kind=told,
    )
    there = LedgerTerms(
        kind=terms.kind,
        scope=terms.scope,
        amount_minor=amount_minor,
        currency="USD",
        reason=terms.reason,
        date=to_date(terms.date),
        of_kind=to_kind_terms(told) if told else None,
    )

    here = hashed_here(to_terms(terms), tenant="demo", loan_id="LN-1")

    assert here == hashed_there("demo", "LN-1", there)
