"""What the store of authorization keeps, and what PostgreSQL itself refuses."""

from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from authorization.domain.loan import Granted, Over, Requested, Reviewed, Verified
from contracts.records import common
from mesh.people import Person

pytestmark = pytest.mark.stack

BO = Person("l2-bo", frozenset({"authorizer"}), 2)
CAL = Person("l3-cal", frozenset({"authorizer"}), 3)
NUMBER = "APPR-2026-001"


async def test_a_loan_never_heard_of_is_empty(turns: Any) -> None:
    loan = await turns.held()

    assert (loan.tenant, loan.loan_id) == (turns.tenant, "LN-1")
    assert not loan.cases
    assert not loan.references
    assert not loan.written_off
    assert not loan.tasks


async def test_a_reviewed_case_is_loaded_as_it_was_saved(turns: Any) -> None:
    states = await turns.turn(turns.reviewed(turns.terms(fraud=True)))

    assert await turns.held() == states["LN-1"]
    [case] = states["LN-1"].cases.values()
    assert isinstance(case, Reviewed)


async def test_a_case_verified_before_its_review_is_loaded_as_it_was_saved(turns: Any) -> None:
    states = await turns.turn(turns.verified(turns.terms()))

    assert await turns.held() == states["LN-1"]
    [case] = states["LN-1"].cases.values()
    assert isinstance(case, Verified)


async def test_a_case_that_people_decide_on_is_loaded_at_every_step(turns: Any) -> None:
    terms = turns.terms(amount=common.Money(amount_minor=2_600_000, currency="USD"))
    terms = replace(terms, collection_ceases=False)
    states = await turns.turn(turns.reviewed(terms), turns.verified(terms))
    asked = states["LN-1"]
    assert await turns.held() == asked

    states = await turns.turn(turns.complete(asked, BO, decision="approve"))
    once = states["LN-1"]
    assert await turns.held() == once
    [case] = once.cases.values()
    assert isinstance(case, Requested)
    assert [approver.id for approver in case.approvals] == ["l2-bo"]

    states = await turns.turn(turns.complete(once, CAL, decision="approve"))
    assert await turns.held() == states["LN-1"]
    [case] = states["LN-1"].cases.values()
    assert isinstance(case, Granted)


async def test_two_approvals_within_one_turn_are_kept_in_order(turns: Any) -> None:
    terms = turns.terms(amount=common.Money(amount_minor=2_600_000, currency="USD"))
    terms = replace(terms, collection_ceases=False)
    asked = (await turns.turn(turns.reviewed(terms), turns.verified(terms)))["LN-1"]
    first = turns.complete(asked, BO, decision="approve")
    once = asked
    for event in turns.service.decide(asked, first, now=next(iter(asked.tasks.values())).opened_at):
        once = turns.service.evolve(once, event)

    await turns.turn(first, turns.complete(once, CAL, decision="approve"))

    [case_id] = asked.cases
    rows = await turns.fetch(
        "SELECT approver FROM approval WHERE case_id = $1 ORDER BY place", case_id
    )
    assert [row["approver"] for row in rows] == ["l2-bo", "l3-cal"]


async def test_a_declined_case_is_loaded_as_it_was_saved(turns: Any) -> None:
    terms = turns.terms()
    asked = (await turns.turn(turns.reviewed(terms), turns.verified(terms)))["LN-1"]

    states = await turns.turn(turns.complete(asked, BO, decision="decline", comment="too early"))

    assert await turns.held() == states["LN-1"]


async def test_a_reference_is_loaded_in_every_standing(turns: Any) -> None:
    terms = turns.terms(approval_reference=NUMBER)
    await turns.turn(turns.issue(NUMBER), turns.reviewed(terms))

    granted = await turns.turn(turns.verified(terms))
    assert await turns.held() == granted["LN-1"]
    assert granted["LN-1"].references[NUMBER].standing == "RESERVED"

    returned = await turns.turn(turns.not_posted())
    assert await turns.held() == returned["LN-1"]
    assert returned["LN-1"].references[NUMBER].standing == "ISSUED"

    await turns.turn(turns.reviewed(terms, number=2), turns.verified(terms, number=2))
    posted = await turns.turn(turns.posted(terms, number=2))
    assert await turns.held() == posted["LN-1"]
    assert posted["LN-1"].references[NUMBER].standing == "CONSUMED"
    assert len(posted["LN-1"].written_off) == 1


async def test_a_loss_and_what_becomes_of_it_are_loaded_as_they_were_saved(turns: Any) -> None:
    off = turns.terms(kind="CHARGE_OFF", collection_ceases=False)
    asked = await turns.turn(turns.reviewed(off), turns.verified(off))
    await turns.turn(turns.complete(asked["LN-1"], BO, decision="approve"))

    posted = await turns.turn(turns.charged_off(off))
    assert await turns.held() == posted["LN-1"]
    [loss] = posted["LN-1"].written_off.values()
    assert (loss.kind, loss.need.level, loss.approvers[0].id) == ("CHARGE_OFF", 1, "l2-bo")

    removed = await turns.turn(turns.removed(off, 50_000, number=2))
    assert await turns.held() == removed["LN-1"]

    taken_back = await turns.turn(turns.taken_back(off, of=loss.transaction_id, number=3))
    assert await turns.held() == taken_back["LN-1"]
    [gone] = taken_back["LN-1"].written_off.values()
    assert (gone.returned_minor, gone.is_gone, gone.standing_minor) == (50_000, True, 0)


async def test_what_a_kind_asks_for_is_loaded_as_it_was_saved(turns: Any) -> None:
    parts = common.Components(
        principal_minor=1, interest_minor=2, fees_minor=3, penalties_minor=4, tax_minor=5
    )
    of_kind = common.KindTerms(percent="12.5", components=parts, cause="ERROR")
    terms = turns.terms(kind="REMOVAL", of_kind=of_kind)

    states = await turns.turn(turns.reviewed(terms), turns.verified(terms))

    assert await turns.held() == states["LN-1"]
    [case] = states["LN-1"].cases.values()
    assert str(case.terms.of_kind.components) == "1,2,3,4,5"


async def test_a_case_closed_elsewhere_is_loaded_as_it_was_saved(turns: Any) -> None:
    terms = turns.terms()
    await turns.turn(turns.reviewed(terms), turns.verified(terms))

    states = await turns.turn(turns.closed("WITHDRAWN"))

    assert await turns.held() == states["LN-1"]
    [case] = states["LN-1"].cases.values()
    assert isinstance(case, Over)


async def test_another_loans_reference_is_seen_where_it_is_named_only(turns: Any) -> None:
    await turns.turn(turns.issue(NUMBER, loan_id="LN-2"))
    named = turns.reviewed(turns.terms(approval_reference=NUMBER))

    seen = await turns.held("LN-1", named)
    unseen = await turns.held("LN-1")
    await turns.turn(named, turns.verified(turns.terms(approval_reference=NUMBER)))

    assert seen.references[NUMBER].loan_id == "LN-2"
    assert not unseen.references
    rows = await turns.fetch("SELECT code FROM decision WHERE tenant = $1", turns.tenant)
    assert [row["code"] for row in rows] == ["APPROVAL_OTHER_LOAN"]


async def test_another_tenants_reference_is_unknown(turns: Any) -> None:
    await turns.turn(turns.issue(NUMBER, loan_id="LN-2"))
    turns.tenant = f"{turns.tenant}-other"
    terms = turns.terms(approval_reference=NUMBER)

    await turns.turn(turns.reviewed(terms), turns.verified(terms))

    rows = await turns.fetch("SELECT code FROM decision WHERE tenant = $1", turns.tenant)
    assert [row["code"] for row in rows] == ["APPROVAL_UNKNOWN"]


async def test_a_grant_that_only_the_books_know_is_kept_as_a_decision(turns: Any) -> None:
    await turns.turn(turns.posted(turns.terms()))

    [row] = await turns.fetch("SELECT * FROM decision WHERE tenant = $1", turns.tenant)
    assert (row["outcome"], row["grant_id"]) == ("GRANTED", turns.name("grant", "LN-1/1"))
    assert row["terms_hash"]
    assert row["row_name"] is None, "which row it was, the books do not tell"


async def test_the_same_facts_again_write_nothing(turns: Any) -> None:
    terms = turns.terms(approval_reference=NUMBER)
    facts = [turns.reviewed(terms), turns.verified(terms), turns.posted(terms)]
    await turns.turn(turns.issue(NUMBER), *facts)

    await turns.turn(*facts, turns.closed("COMPLETE"))

    assert turns.statements == 0


async def test_a_burst_takes_one_statement_a_table(turns: Any) -> None:
    loans = [f"LN-{number}" for number in range(300)]
    issues, facts = [], []
    for place, loan_id in enumerate(loans):
        number = f"APPR-2026-{place:06}"
        terms = turns.terms(approval_reference=number)
        issues.append(turns.issue(number, loan_id=loan_id))
        facts += [
            turns.reviewed(terms, loan_id=loan_id),
            turns.verified(terms, loan_id=loan_id),
        ]
    await turns.turn(*issues)

    states = await turns.turn(*facts)

    assert turns.statements == 3, "references, cases, decisions"
    assert await turns.held("LN-299") == states["LN-299"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decision SET outcome = 'GRANTED'",
        "DELETE FROM decision",
        "TRUNCATE decision",
        "UPDATE approval SET approver = 'me'",
        "DELETE FROM approval",
        "UPDATE written_off SET amount_minor = 1",
        "DELETE FROM written_off",
        "UPDATE approval_reference SET amount_max_minor = 1",
        "UPDATE approval_reference SET approvers = '[]'",
        "DELETE FROM approval_reference",
        "DELETE FROM authorization_case",
        "ALTER TABLE decision DISABLE TRIGGER ALL",
    ],
)
async def test_the_service_itself_cannot_rewrite_what_was_decided(
    turns: Any, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await turns.connection.execute(statement)
