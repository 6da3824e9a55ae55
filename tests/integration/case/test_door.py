"""The door on a real store: requests come in, cases are looked at."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from case.api.routes import routes
from mesh.doors import Doors
from mesh.http import Health, build, serve
from mesh.tokens import Tokens
from prometheus_client import CollectorRegistry

pytestmark = pytest.mark.stack

PEOPLE = {"ana": "loan_agent", "bea": "back_office", "dora": "document_agent", "oz": "operator"}


@pytest.fixture
async def client(tmp_path: Path, house: Any) -> AsyncIterator[aiohttp.ClientSession]:
    people = [
        {
            "name": name,
            "roles": [role],
            "tenants": ["*"],
            "token_sha256": hashlib.sha256(name.encode()).hexdigest(),
        }
        for name, role in PEOPLE.items()
    ]
    path = tmp_path / "people.json"
    path.write_text(json.dumps(people))
    doors = Doors(house, house, lanes=6, now=house.now, new_id=uuid4, on_put=lambda _: None)
    app = build(
        routes(doors, house.service),
        tokens=Tokens(path),
        health=Health(still_s=lambda: 0.0, reasons=lambda: [], lanes=lambda: []),
        registry=CollectorRegistry(),
        tenants=[house.tenant, "stranger"],
    )
    runner = await serve(app, "127.0.0.1", 0)
    address = runner.addresses[0]
    headers = {"Authorization": "Bearer ana", "X-Tenant-ID": house.tenant}
    base = f"http://{address[0]}:{address[1]}"
    async with aiohttp.ClientSession(base, headers=headers) as session:
        yield session
    await doors.close()
    await runner.cleanup()


def line(number: int, **changes: Any) -> dict[str, Any]:
    asked = {
        "line": number,
        "request_id": f"R-{number}",
        "loan_id": f"LN-{number}",
        "scope": "FULL",
        "currency": "USD",
        "date": "2026-11-24",
        "reason": "AGED",
    }
    return asked | changes


async def post(client: Any, path: str, body: Any, status: int = 200, **headers: str) -> Any:
    async with client.post(path, json=body, headers=headers) as response:
        told = await response.json()
        assert response.status == status, told
        return told


async def get(client: Any, path: str, status: int = 200, **headers: str) -> Any:
    async with client.get(path, headers=headers) as response:
        told = await response.json()
        assert response.status == status, told
        return told


async def submit(client: Any, *lines: dict[str, Any], **more: Any) -> list[Any]:
    told = await post(client, "/v1/requests", {"requests": lines, "channel": "FILE", **more})
    return told["results"]


async def test_each_line_is_answered_by_itself(house: Any, client: Any) -> None:
    await house.loan("LN-1")
    await house.loan("LN-2")

    good, refused, broken, scale, currency, waiting = await submit(
        client,
        line(1),
        line(2, amount="1000.01"),
        line(3, date="yesterday", extra=1),
        line(4, amount="1.001"),
        line(5, currency="XXX", amount="1"),
        line(6),
    )

    assert (good["state"], good["stage"]) == ("Open", "Document Verification")
    assert refused["code"] == "AMOUNT_EXCEEDS_OUTSTANDING"
    assert refused["state"] == "Closed Refused"
    assert broken["code"] == "INVALID_FIELDS"
    assert {wrong["field"] for wrong in broken["fields"]} == {"date", "extra"}
    assert broken["line"] == 3
    assert scale["code"] == "AMOUNT_SCALE"
    assert currency["code"] == "CURRENCY_MISMATCH"
    assert (waiting["state"], waiting["stage"]) == ("New", "Intake")


async def test_a_line_asks_for_any_kind_with_its_terms(house: Any, client: Any) -> None:
    for number in range(1, 5):
        await house.loan(f"LN-{number}")
    share = {"kind": "CHARGE_OFF", "scope": "PARTIAL", "reason": "AGED"}

    part, refinance, broken, foreign = await submit(
        client,
        line(1, **share, components={"principal": "1.5", "fees": "2"}),
        line(2, kind="REFINANCE", new_loan_id="LN-9", rate="7.25"),
        line(3, **share, components={"principal": "1.555"}),
        line(4, kind="REFINANCE", new_loan_id="LN 9", rate="much", colour="red"),
    )
    terms = [
        (await get(client, f"/v1/cases/{told['case_id']}"))["terms"] for told in (part, refinance)
    ]

    assert [each["amount"] for each in terms] == ["3.50", "1000.00"]
    assert terms[0]["of_kind"]["components"]["principal_minor"] == 150
    assert terms[1]["of_kind"]["new_loan_id"] == "LN-9"
    assert (broken["code"], broken["fields"][0]["field"]) == ("AMOUNT_SCALE", "components")
    assert {wrong["field"] for wrong in foreign["fields"]} == {"new_loan_id", "rate", "colour"}


async def test_the_same_request_again_gets_the_same_answer(house: Any, client: Any) -> None:
    await house.loan("LN-1")

    first = await submit(client, line(1))
    again = await submit(client, line(1))
    [other] = await submit(client, line(1, reason="SKIP"))

    assert again == first
    assert other["code"] == "ID_REUSED"


async def test_a_check_says_what_would_be_and_sends_nothing(house: Any, client: Any) -> None:
    await house.loan("LN-1")
    [known] = await submit(client, line(1))

    results = await submit(client, line(1), line(2), line(3, amount="x"), check=True)

    assert results[0]["case_id"] == known["case_id"]
    assert results[1]["code"] == "UNKNOWN_LOAN"
    assert results[2]["code"] == "INVALID_FIELDS"
    assert len((await get(client, "/v1/cases"))["cases"]) == 1


async def test_who_may_not_open_cases_is_told_so(client: Any) -> None:
    body = {"requests": [line(1)], "channel": "FILE"}

    await post(client, "/v1/requests", body, 403, Authorization="Bearer dora")
    await post(client, "/v1/requests", body, 401, Authorization="Bearer nobody")
    await get(client, "/v1/report", 403, Authorization="Bearer oz")


async def test_only_back_office_submits_failed_repossessions(house: Any, client: Any) -> None:
    await house.loan("LN-1")
    await house.loan("LN-2")
    body = {"requests": [line(2, reason="REPOSSESSION_FAILED")]}

    [refused] = await submit(client, line(1, reason="REPOSSESSION_FAILED"))
    told = await post(client, "/v1/requests", body, Authorization="Bearer bea")

    assert refused["code"] == "REASON_NOT_ALLOWED"
    assert told["results"][0]["state"] == "Open"


async def test_a_case_is_shown_with_all_that_is_known(house: Any, client: Any) -> None:
    await house.loan("LN-1")
    [opened] = await submit(client, line(1, notes="As agreed.", maker="u-7"))

    by_id = await get(client, f"/v1/cases/{opened['case_id']}")
    by_number = await get(client, f"/v1/cases/{opened['case_number']}")

    assert by_id == by_number
    assert by_id["terms"]["amount"] == "1000.00"
    assert by_id["terms"]["maker"] == "ana"
    assert [row["what"] for row in by_id["timeline"]] == [
        "CaseOpened",
        "IntakePassed",
        "CaseReviewed",
    ]
    assert [row["text"] for row in by_id["work_notes"]] == ["Prepared by u-7. As agreed."]


async def test_a_review_is_shown_as_a_task(house: Any, client: Any) -> None:
    await house.loan("LN-1")
    body = {"requests": [line(1)], "channel": "AGENT"}
    [opened] = (await post(client, "/v1/requests", body))["results"]

    [task] = (await get(client, f"/v1/cases/{opened['case_id']}"))["tasks"]
    standing = await post(client, "/v1/cases/wait", {"cases": [opened["case_id"], str(uuid4())]})

    assert task["task"] == "case review and details"
    assert standing["cases"] == {
        opened["case_id"]: {"state": "Open", "waiting": True, "code": None}
    }


async def test_the_portal_sees_a_status(house: Any, client: Any) -> None:
    await house.loan("LN-1")
    [opened] = await submit(client, line(1))

    status = await get(client, f"/v1/status/{opened['case_id']}")

    assert status["portal_text"] == "Checking documents"
    assert (status["amount"], status["currency"]) == ("1000.00", "USD")
    assert status["reason"] == "AGED"


async def test_a_strangers_case_looks_like_one_that_never_was(house: Any, client: Any) -> None:
    await house.loan("LN-1")
    [opened] = await submit(client, line(1))

    foreign = await get(
        client, f"/v1/cases/{opened['case_id']}", 404, **{"X-Tenant-ID": "stranger"}
    )
    unknown = await get(client, f"/v1/cases/{uuid4()}", 404)

    assert foreign == unknown


async def test_cases_are_listed_in_parts(house: Any, client: Any) -> None:
    for number in range(1, 4):
        await house.loan(f"LN-{number}")
    await submit(client, line(1), line(2, amount="5000"), line(3))

    first = (await get(client, "/v1/cases?limit=2"))["cases"]
    rest = (await get(client, f"/v1/cases?after={first[-1]['case_id']}"))["cases"]
    refused = (await get(client, "/v1/cases?state=Closed%20Refused"))["cases"]

    assert len({case["case_id"] for case in (*first, *rest)}) == 3
    assert [case["loan_id"] for case in refused] == ["LN-2"]
    assert refused[0]["amount"] == "5000.00"
    await get(client, "/v1/cases?limit=0&colour=red", 400)


async def test_the_report_counts_and_sums(house: Any, client: Any) -> None:
    await house.loan("LN-1")
    await house.loan("LN-2")
    await submit(client, line(1), line(2, amount="2000"), line(9))

    told = await get(client, "/v1/report")

    assert told == {
        "cases": {
            "Open": {"Document Verification": 1},
            "Closed Refused": {"Closed Refused": 1},
            "New": {"Intake": 1},
        },
        "refused": {"AMOUNT_EXCEEDS_OUTSTANDING": 1},
        "declined": 0,
        "waiting": 0,
        "open": 2,
        "requested": {"USD": "3000.00"},
        "amounts": {"USD": {"Open": "1000.00", "Closed Refused": "2000.00"}},
    }


async def test_loans_that_are_not_held_are_named(house: Any, client: Any) -> None:
    await house.loan("LN-1")

    told = await post(client, "/v1/loans/held", {"loans": ["LN-2", "LN-1", "LN-3"]})

    assert told == {"missing": ["LN-2", "LN-3"]}
