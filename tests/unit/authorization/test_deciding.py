"""The decision on a case: by policy or by people."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from authorization.domain.events import (
    ApprovalRecorded,
    AuthorizationDeclined,
    AuthorizationGranted,
    AuthorizationRefused,
    AuthorizationRequested,
    CaseEnded,
    CaseReviewed,
    CaseVerified,
    CommandRefused,
)
from authorization.domain.loan import Granted, Over, Requested
from authorization.domain.matrix import Need
from authorization.domain.terms import Approver
from mesh.tasks import TaskClaimed, TaskClosed, TaskOpened, TaskRefused, TaskReleased


def small(words: Any) -> Any:
    return replace(words.terms, reason="SMALL_BALANCE", amount_minor=10_000)


def test_a_small_balance_is_granted_by_policy(scene: Any, words: Any) -> None:
    terms = small(words)

    scene.hear(words.review(terms))
    [granted] = scene.hear(words.verification(terms))

    assert isinstance(granted, AuthorizationGranted)
    assert (granted.row, granted.level, granted.approvers) == ("A0", 0, ())
    assert granted.amount_max_minor == 10_200
    assert granted.expires_at == words.now + timedelta(days=30)
    assert granted.matrix_version == "2026-1"
    assert isinstance(scene.loan.cases[words.case], Granted)


def test_a_grant_names_its_terms_by_a_hash(scene: Any, words: Any) -> None:
    terms = small(words)
    text = "demo|LN-1|WRITE_OFF|10000|USD|FULL|SMALL_BALANCE|2026-11-24"

    scene.hear(words.review(terms))
    [granted] = scene.hear(words.verification(terms))

    assert granted.terms_hash == sha256(text.encode()).hexdigest()


def test_a_partial_grant_covers_its_amount_only(scene: Any, words: Any) -> None:
    terms = replace(small(words), scope="PARTIAL")

    scene.hear(words.review(terms))
    [granted] = scene.hear(words.verification(terms))

    assert granted.amount_max_minor == 10_000


def test_nothing_is_decided_before_review_and_verification_are_heard(
    scene: Any, words: Any
) -> None:
    terms = small(words)

    assert scene.hear(words.verification(terms)) == (CaseVerified(words.verification(terms).case),)
    [granted] = scene.hear(words.review(terms))

    assert isinstance(granted, AuthorizationGranted)


def test_a_review_opens_the_case(scene: Any, words: Any) -> None:
    assert scene.hear(words.review()) == (CaseReviewed(words.review().case),)


def test_people_are_asked_at_the_lowest_level_that_the_matrix_accepts(
    scene: Any, words: Any
) -> None:
    terms = replace(words.terms, sanctioner="l2-bo")

    scene.hear(words.review(terms, reviewer="ana"))
    requested, opened = scene.hear(words.verification(terms, agent="dora"))

    assert isinstance(requested, AuthorizationRequested)
    assert requested.case.need == Need("A1", 1, 1)
    assert requested.queue == "AUTH-L1"
    assert isinstance(opened, TaskOpened)
    assert opened.task.task == "loan authorization"
    assert (opened.task.queue, opened.task.role, opened.task.level_min) == (
        "AUTH-L1",
        "authorizer",
        1,
    )
    assert opened.task.barred == {"u-17", "ana", "dora", "l2-bo"}
    assert opened.task.due_at == words.now + timedelta(days=2)


def test_who_reviewed_may_not_decide_also_when_that_is_heard_late(scene: Any, words: Any) -> None:
    scene.hear(words.verification(), words.review(reviewer="l1-amy"))

    [refused] = scene.hear(words.complete(scene.open_task, words.person("l1-amy", level=1)))

    assert isinstance(refused, TaskRefused)
    assert refused.code == "MAKER_IS_CHECKER"


def test_a_case_that_people_decide_on_is_not_decided_again(scene: Any, words: Any) -> None:
    scene.hear(words.review(), words.verification())

    assert scene.hear(words.verification()) == ()
    assert scene.hear(words.review()) == ()


def test_one_approval_of_the_level_grants(scene: Any, words: Any) -> None:
    scene.hear(words.review(), words.verification())

    closed, recorded, granted = scene.hear(
        words.complete(scene.open_task, words.person("l1-amy", level=1))
    )

    assert closed == TaskClosed(closed.task_id, "APPROVED", "l1-amy", words.now)
    assert recorded == ApprovalRecorded(words.case, Approver("l1-amy", 1), 1, 0)
    assert isinstance(granted, AuthorizationGranted)
    assert (granted.row, granted.level) == ("A1", 1)
    assert granted.approvers == (Approver("l1-amy", 1),)


def test_the_grant_is_the_same_whoever_approves_and_whenever(new_scene: Any, words: Any) -> None:
    ids: set[UUID] = set()
    for name in ("l1-amy", "l1-abe"):
        scene = new_scene()
        scene.hear(words.review(), words.verification())
        *_, granted = scene.hear(words.complete(scene.open_task, words.person(name, level=1)))
        ids.add(granted.grant_id)

    assert len(ids) == 1


def test_the_second_person_is_asked_for_what_is_still_missing(scene: Any, words: Any) -> None:
    terms = replace(words.terms, amount_minor=3_000_000)
    scene.hear(words.review(terms), words.verification(terms))
    assert (scene.open_task.queue, scene.open_task.level_min) == ("AUTH-L2", 2)

    closed, recorded, opened = scene.hear(
        words.complete(scene.open_task, words.person("l2-bo", level=2))
    )

    assert isinstance(closed, TaskClosed)
    assert recorded == ApprovalRecorded(words.case, Approver("l2-bo", 2), 1, 1)
    assert isinstance(opened, TaskOpened)
    assert (opened.task.queue, opened.task.level_min) == ("AUTH-L3", 3)
    assert "l2-bo" in opened.task.barred

    *_, granted = scene.hear(words.complete(opened.task, words.person("l3-cal", level=3)))

    assert isinstance(granted, AuthorizationGranted)
    assert granted.approvers == (Approver("l2-bo", 2), Approver("l3-cal", 3))
    assert (granted.row, granted.level) == ("A3", 3)


def test_a_high_first_approval_leaves_the_lower_one_to_ask_for(scene: Any, words: Any) -> None:
    terms = replace(words.terms, amount_minor=3_000_000)
    scene.hear(words.review(terms), words.verification(terms))

    scene.hear(words.complete(scene.open_task, words.person("l5-eve", level=5)))

    assert (scene.open_task.queue, scene.open_task.level_min) == ("AUTH-L2", 2)


def test_two_people_are_two_persons(scene: Any, words: Any) -> None:
    terms = replace(words.terms, amount_minor=3_000_000)
    scene.hear(words.review(terms), words.verification(terms))
    eve = words.person("l5-eve", level=5)
    scene.hear(words.complete(scene.open_task, eve))

    [refused] = scene.hear(words.complete(scene.open_task, eve))

    assert isinstance(refused, TaskRefused)
    assert refused.code == "MAKER_IS_CHECKER"


def test_back_office_decides_as_level_two(scene: Any, words: Any) -> None:
    terms = replace(words.terms, amount_minor=2_000_000)
    scene.hear(words.review(terms), words.verification(terms))

    *_, granted = scene.hear(
        words.complete(scene.open_task, words.person("bea", role="back_office"))
    )

    assert granted.approvers == (Approver("bea", 2),)


def test_one_no_ends_the_case(scene: Any, words: Any) -> None:
    scene.hear(words.review(), words.verification())
    task = scene.open_task

    closed, declined = scene.hear(
        words.complete(task, words.person("l1-amy", level=1), "decline", "too early")
    )

    assert closed == TaskClosed(task.task_id, "DECLINED", "l1-amy", words.now)
    assert declined == AuthorizationDeclined(words.case, Approver("l1-amy", 1), "too early")
    assert scene.loan.cases[words.case] == Over(case_id=words.case, end="DECLINED")


@pytest.mark.parametrize(
    ("decision", "comment", "code"),
    [
        ("decline", "", "INVALID_FIELDS"),
        ("decline", "x" * 2_001, "INVALID_FIELDS"),
        ("send_back", "again, please", "NOT_YET"),
        ("perhaps", "", "INVALID_FIELDS"),
    ],
)
def test_what_is_no_decision_changes_nothing(
    scene: Any, words: Any, decision: str, comment: str, code: str
) -> None:
    scene.hear(words.review(), words.verification())
    before = scene.loan

    [refused] = scene.hear(
        words.complete(scene.open_task, words.person("l1-amy", level=1), decision, comment)
    )

    assert isinstance(refused, CommandRefused)
    assert refused.code == code
    assert scene.loan == before


@pytest.mark.parametrize(
    ("name", "level", "role", "code"),
    [
        ("u-17", 5, "authorizer", "MAKER_IS_CHECKER"),
        ("ana", 5, "authorizer", "MAKER_IS_CHECKER"),
        ("dora", 5, "authorizer", "MAKER_IS_CHECKER"),
        ("sam", 5, "authorizer", "SANCTIONER_EXCLUDED"),
        ("l1-amy", 1, "authorizer", "ROLE_NEEDED"),
        ("ben", 0, "loan_agent", "ROLE_NEEDED"),
        ("lending", 0, "upstream", "ROLE_NEEDED"),
    ],
)
def test_who_may_not_decide_is_told_why(  # noqa: PLR0917 - a row of a table
    scene: Any, words: Any, name: str, level: int, role: str, code: str
) -> None:
    terms = replace(words.terms, amount_minor=2_000_000, sanctioner="sam")
    scene.hear(words.review(terms, reviewer="ana"), words.verification(terms, agent="dora"))
    person = words.person(name, level=level, role=role)

    [claimed] = scene.hear(words.claim(scene.open_task, person))
    [completed] = scene.hear(words.complete(scene.open_task, person))

    assert isinstance(claimed, TaskRefused)
    assert isinstance(completed, TaskRefused)
    assert claimed.code == completed.code == code


def test_a_task_is_claimed_and_given_back(scene: Any, words: Any) -> None:
    amy, abe = (words.person(name, level=1) for name in ("l1-amy", "l1-abe"))
    scene.hear(words.review(), words.verification())
    task = scene.open_task

    assert scene.hear(words.claim(task, amy)) == (TaskClaimed(task.task_id, "l1-amy"),)
    [refused] = scene.hear(words.claim(task, abe))
    assert isinstance(refused, TaskRefused)
    assert refused.code == "TASK_CLAIMED"
    assert scene.hear(words.release(task, amy)) == (TaskReleased(task.task_id),)
    assert scene.hear(words.claim(task, abe)) == (TaskClaimed(task.task_id, "l1-abe"),)


def test_a_case_that_is_over_asks_nobody(scene: Any, words: Any) -> None:
    scene.hear(words.review(), words.verification())
    task = scene.open_task

    ended, closed = scene.hear(words.closing("WITHDRAWN"))

    assert ended == CaseEnded(words.case, "WITHDRAWN")
    assert closed == TaskClosed(task.task_id, "CASE_CLOSED", None, words.now)
    [refused] = scene.hear(words.complete(task, words.person("l1-amy", level=1)))
    assert isinstance(refused, TaskRefused)
    assert refused.code == "TASK_CLOSED"


def test_open_cases_of_the_loan_count(scene: Any, words: Any) -> None:
    half = replace(words.terms, scope="PARTIAL", amount_minor=300_000)
    scene.hear(words.review(half, case=words.other_case), words.review(half))

    scene.hear(words.verification(half))

    case = scene.loan.cases[words.case]
    assert isinstance(case, Requested)
    assert case.need.row == "A2"


@pytest.mark.parametrize(("days", "row"), [(365, "A2"), (366, "A1")])
def test_what_was_written_off_within_a_year_counts(
    scene: Any, words: Any, days: int, row: str
) -> None:
    booked = words.now.date() - timedelta(days=days)
    big = replace(words.terms, amount_minor=400_000)
    scene.hear(words.posting(big, case=words.other_case, booked=booked))

    scene.hear(words.review(), words.verification())

    assert scene.loan.cases[words.case].need.row == row


def test_a_loss_is_counted_once(scene: Any, words: Any) -> None:
    big = replace(small(words), amount_minor=4_000)
    scene.hear(words.review(big, case=words.other_case))
    scene.hear(words.verification(big, case=words.other_case))
    scene.hear(words.posting(big, case=words.other_case))
    terms = replace(small(words), amount_minor=6_000)

    scene.hear(words.review(terms))
    [granted] = scene.hear(words.verification(terms))

    assert granted.row == "A0"


def test_an_open_case_without_a_rate_puts_the_loan_above_every_limit(
    scene: Any, words: Any
) -> None:
    scene.hear(words.review(replace(words.terms, currency="BRL"), case=words.other_case))

    scene.hear(words.review(), words.verification())

    assert scene.loan.cases[words.case].need.row == "A5"


def test_a_kind_without_rules_here_is_refused(scene: Any, words: Any) -> None:
    scene.matrix = replace(
        scene.matrix,
        kinds=scene.matrix.kinds - {"PAY_OFF"},
        kind_rows={k: row for k, row in scene.matrix.kind_rows.items() if k != "PAY_OFF"},
    )
    terms = replace(words.terms, kind="PAY_OFF")
    scene.hear(words.review(terms))

    assert scene.hear(words.verification(terms)) == (
        AuthorizationRefused(words.case, "KIND_NOT_ALLOWED", None),
    )
