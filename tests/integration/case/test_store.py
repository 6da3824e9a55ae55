"""What the store keeps, and what PostgreSQL itself refuses."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from case.store import reads
from contracts.records import authorization, common, documents, ledger, notifications, requests
from contracts.records import tasks as task_records
from contracts.types import from_date
from mesh.service import Actor, Message

pytestmark = pytest.mark.stack

TODAY = from_date(datetime(2026, 11, 24, tzinfo=UTC).date())
LANE = 4


def request(house: Any, number: int, **changes: Any) -> Message:
    names: dict[str, Any] = {
        "meta": house.meta("LN-1"),
        "request_id": f"R-{number}",
        "kind": "WRITE_OFF",
        "scope": "PARTIAL",
        "amount": common.Money(amount_minor=100, currency="USD"),
        "date": TODAY,
        "reason": "AGED",
        "litigation": "N",
        "fraud": False,
        "related_party": False,
        "collection_ceases": False,
        "documents": [
            common.SuppliedDocument(
                document="COLLECTION_LOG", sha256="ab" * 32, dated=TODAY, source="desk"
            )
        ],
        "notes": "as agreed",
    }
    return Message(
        kind="WriteOffRequested",
        body=requests.WriteOffRequested(**{**names, **changes}),
        message_id=uuid4(),
        tenant=house.tenant,
        source="lending",
        actor=Actor("upstream", "lending"),
        correlation_id=uuid4(),
        request_id=f"R-{number}",
    )


def terms(case: Any) -> common.Terms:
    return common.Terms(
        case_number=case.number,
        customer_id="C-1",
        product="PERSONAL_LOAN",
        segment="PERSONAL",
        kind="WRITE_OFF",
        scope="PARTIAL",
        amount=common.Money(amount_minor=100, currency="USD"),
        usd_rate="1",
        reason="AGED",
        date=TODAY,
        channel="TOPIC",
        source="lending",
        maker="m",
        litigation="N",
        fraud=False,
        related_party=False,
        collection_ceases=False,
        outstanding_minor=100_000,
        charged_off_minor=0,
    )


class Named:
    number = "WO-1"


async def open_case(house: Any) -> Any:
    await house.loan("LN-1")
    asked = request(house, 1)
    await house.turn(house.key("LN-1"), asked)
    [file] = (await house.service.load(house, {house.key("LN-1"): ()})).values()
    return file.cases[asked.message_id]


async def follow_to_the_end(house: Any, case: Any) -> None:
    """Tell all that other services tell of a case."""

    def meta() -> common.Meta:
        return house.meta("LN-1", case.case_id)

    task_id = str(uuid4())
    approver = common.Approver(id="l1-amy", level=1)
    requirement = documents.Requirement(document="COLLECTION_LOG", rule="R2", state="OPEN")
    posting = ledger.WriteOffPosted(
        meta=meta(),
        terms=terms(case),
        transaction_id=str(uuid4()),
        grant_id=str(uuid4()),
        value_date=TODAY,
        amount=common.Money(amount_minor=100, currency="USD"),
        components=common.Components(
            principal_minor=100, interest_minor=0, fees_minor=0, penalties_minor=0, tax_minor=0
        ),
        reclassified_minor=0,
        balance_before_minor=100_000,
        balance_after_minor=99_900,
        approvers=[approver],
        policy_version="1",
    )
    for record, source in (
        (documents.RequirementsDetermined(meta=meta(), requirements=[requirement]), "documents"),
        (documents.VerificationCompleted(meta=meta(), terms=terms(case)), "documents"),
        (
            task_records.TaskOpened(
                meta=meta(), task_id=task_id, task="loan authorization", queue="AUTH-L1", due_at=0
            ),
            "authorization",
        ),
        (
            authorization.ApprovalRecorded(meta=meta(), approver=approver, still_needed=0),
            "authorization",
        ),
        (
            task_records.TaskClosed(
                meta=meta(), task_id=task_id, task="loan authorization", result="approved"
            ),
            "authorization",
        ),
        (posting, "ledger"),
        (
            notifications.NoticesRecorded(meta=meta(), posting_id=posting.transaction_id),
            "notifications",
        ),
    ):
        await house.fact(record, source)


async def test_what_was_saved_is_loaded_at_every_step_to_the_end(house: Any) -> None:
    case = await open_case(house)

    await follow_to_the_end(house, case)

    [file] = (await house.service.load(house, {house.key("LN-1"): ()})).values()
    assert file.cases[case.case_id].place.state == "Closed Complete"
    assert file.cases[case.case_id].notices == ()


async def test_what_a_kind_asks_for_and_a_core_that_is_waited_for_are_kept(house: Any) -> None:
    await house.loan("LN-1", written_off_minor=500, status="CLOSED_WRITTEN_OFF")
    await house.loan("LN-1", 2)
    parts = common.Components(
        principal_minor=60, interest_minor=40, fees_minor=0, penalties_minor=0, tax_minor=0
    )
    of_kind = common.KindTerms(components=parts)
    asked = request(house, 1, kind="CHARGE_OFF", amount=None, of_kind=of_kind)
    await house.turn(house.key("LN-1"), asked)
    before = await house.service.count_on_the_way(house, LANE)

    meta = house.meta("LN-1", asked.message_id)
    posted = ledger.ChargeOffPosted(
        meta=meta,
        terms=terms(Named),
        transaction_id=str(uuid4()),
        grant_id=str(uuid4()),
        value_date=TODAY,
        amount=common.Money(amount_minor=100, currency="USD"),
        components=parts,
        charged_off_minor=100,
        is_full=False,
        balance_before_minor=100_000,
        balance_after_minor=99_900,
        policy_version="1",
        instructed="vault",
    )
    await house.fact(posted, "ledger")
    waiting = await house.service.count_on_the_way(house, LANE)
    await house.fact(
        ledger.PostingAcknowledged(
            meta=house.meta("LN-1", asked.message_id),
            instruction_id=str(uuid4()),
            transaction_id=posted.transaction_id,
            core="vault",
            core_reference="V-1",
        ),
        "ledger",
    )

    [file] = (await house.service.load(house, {house.key("LN-1"): ()})).values()
    case = file.cases[asked.message_id]
    assert case.terms.of_kind.components.parts == (60, 40, 0, 0, 0)
    assert (case.place.state, case.core_reference) == ("Closed Complete", "V-1")
    assert waiting == before - 1, "a core that is silent keeps nobody else out"


async def test_timeline_and_work_notes_number_all_that_happened(house: Any) -> None:
    case = await open_case(house)
    await follow_to_the_end(house, case)

    timeline = await reads.timeline(house, case.case_id)
    notes = await reads.work_notes(house, case.case_id)

    seqs = sorted([*(row["seq"] for row in timeline), *(row["seq"] for row in notes)])
    assert seqs == list(range(1, len(seqs) + 1))
    [approval] = [row for row in timeline if row["what"] == "ApprovalRecorded"]
    assert (approval["actor_role"], approval["actor_id"]) == ("authorizer", "l1-amy")
    assert (approval["stage_before"], approval["stage_after"]) == ("Authorization",) * 2
    assert [row["by"] for row in notes] == ["source:lending", "mesh"]


async def test_a_turn_of_many_cases_has_one_statement_a_table(house: Any) -> None:
    await house.loan("LN-1")
    house.statements.clear()

    await house.turn(house.key("LN-1"), *[request(house, number) for number in range(20)])

    assert len(house.statements) == 3  # cases, timeline, work notes
    assert (await reads.report(house, house.tenant))[0]["cases"] == 20


async def test_what_is_on_the_way_is_counted(house: Any) -> None:
    before = await house.service.count_on_the_way(house, LANE)
    case = await open_case(house)

    assert await house.service.count_on_the_way(house, LANE) == before + 1
    await follow_to_the_end(house, case)
    assert await house.service.count_on_the_way(house, LANE) == before


@pytest.mark.parametrize("table", ["timeline", "work_note"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET lane = 0", "DELETE FROM {}", "TRUNCATE {}"])
async def test_history_can_only_be_added_to(house: Any, table: str, verb: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await house.connection.execute(verb.format(table))


async def test_a_case_cannot_be_deleted(house: Any) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await house.connection.execute("DELETE FROM wcase")


async def test_one_identity_is_one_case(house: Any) -> None:
    await house.loan("LN-1")
    await house.turn(house.key("LN-1"), request(house, 1))

    with pytest.raises(asyncpg.UniqueViolationError):
        await house.turn(house.key("LN-1"), request(house, 1))


async def test_a_case_of_another_tenant_is_not_found(house: Any) -> None:
    case = await open_case(house)

    assert await reads.find(house, house.tenant, str(case.case_id))
    assert await reads.find(house, house.tenant, case.number)
    assert await reads.find(house, "stranger", str(case.case_id)) is None
    assert await reads.find(house, "stranger", case.number) is None
    assert await reads.standing(house, "stranger", [case.case_id]) == []
    assert await reads.missing_loans(house, "stranger", ["LN-1"]) == ["LN-1"]
    assert isinstance(case.case_id, UUID)
