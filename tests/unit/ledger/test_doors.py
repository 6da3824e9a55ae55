"""The import door: line by line, checked by the same code, and nothing told of anybody."""

import json

import aiohttp
import pytest
from mesh.service import Key

from .door import ROW, MemoryLedger, as_, take_in


async def test_rows_are_taken_in_with_their_customers(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    results = await take_in(client, ROW, ROW | {"line": 3, "loan_id": "LN-2"})

    assert results == [
        {"line": 2, "loan_id": "LN-1", "result": "imported"},
        {"line": 3, "loan_id": "LN-2", "result": "imported"},
    ]
    assert ledger.states.keys() == {
        Key("demo", "LN-1"),
        Key("demo", "LN-2"),
        Key("demo", "C-1", "party"),
    }


async def test_the_same_rows_again_change_nothing(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    await take_in(client, ROW)
    before = dict(ledger.states)

    [result] = await take_in(client, ROW)

    assert result["result"] == "unchanged"
    assert ledger.states == before


async def test_a_bad_row_is_refused_by_line_and_the_others_are_taken_in(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    bad = ROW | {"line": 3, "loan_id": "LN-2", "family_name": "L" * 300}

    results = await take_in(client, bad, ROW)

    assert [(r["line"], r["result"], r.get("code"), r.get("field")) for r in results] == [
        (3, "refused", "INVALID_FIELDS", "family_name"),
        (2, "imported", None, None),
    ]
    assert Key("demo", "LN-2") not in ledger.states


async def test_another_row_of_a_known_loan_leaves_loan_and_customer_as_they_are(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    await take_in(client, ROW)
    before = dict(ledger.states)

    [result] = await take_in(client, ROW | {"principal": 901, "email": "new@example.org"})

    assert (result["result"], result["code"]) == ("refused", "LOAN_EXISTS")
    assert ledger.states == before


async def test_a_check_tells_what_would_be_and_puts_nothing_in(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    await take_in(client, ROW)
    ledger.heard.clear()
    before = dict(ledger.states)

    results = await take_in(
        client,
        ROW,
        ROW | {"principal": "1"},
        ROW | {"loan_id": "LN-2"},
        ROW | {"loan_id": "LN-2", "principal": "2"},
        ROW | {"loan_id": "LN-3", "currency": "XXX"},
        check=True,
    )

    assert [(r["result"], r.get("code")) for r in results] == [
        ("unchanged", None),
        ("refused", "LOAN_EXISTS"),
        ("ok", None),
        ("refused", "LOAN_EXISTS"),
        ("refused", "UNKNOWN_CURRENCY"),
    ]
    assert (ledger.heard, ledger.states) == ([], before)


async def test_only_those_who_may_take_loans_in(client: aiohttp.ClientSession) -> None:
    async with client.post("/v1/loans/import", json={"rows": []}, headers=as_("ana")) as response:
        assert response.status == 403


async def test_a_value_that_is_no_text_spoils_the_request_and_is_not_told(
    client: aiohttp.ClientSession,
) -> None:
    body = {"rows": [ROW | {"family_name": ["Lovelace"]}]}

    async with client.post("/v1/loans/import", json=body, headers=as_("bea")) as response:
        assert response.status == 400
        assert "Lovelace" not in await response.text()


async def test_a_foreign_or_unknown_loan_is_not_there(client: aiohttp.ClientSession) -> None:
    await take_in(client, ROW)

    async with client.get("/v1/loans/LN-9", headers=as_("ana")) as response:
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "UNKNOWN_LOAN"
    async with client.get("/v1/loans/LN-1", headers=as_("ana", "sba")) as response:
        assert response.status == 403


async def test_a_loan_is_shown_in_three_books_without_a_name(
    client: aiohttp.ClientSession,
) -> None:
    await take_in(client, ROW | {"charged_off_principal": "100.00"})

    async with client.get("/v1/loans/LN-1", headers=as_("ana")) as response:
        told = await response.json()

    assert told["books"]["BNK"]["total"] == "900.00"
    assert told["books"]["CO"]["principal"] == "100.00"
    assert told["books"]["CUST"]["total"] == "1000.00"
    assert (told["charged_off"], told["totals"]["remaining"]) == ("PARTIAL", "100.00")
    assert told["lots"][0]["account"] == "6100"
    assert "Lovelace" not in json.dumps(told)


@pytest.mark.parametrize(
    "path", ["/v1/loans?limit=0", "/v1/loans?limit=x", "/v1/journals", "/v1/journals?case_id=1"]
)
async def test_a_question_that_is_none_is_told(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path, headers=as_("ana")) as response:
        assert response.status == 400


async def test_an_operator_sees_no_books(client: aiohttp.ClientSession) -> None:
    async with client.get("/v1/report", headers=as_("oz")) as response:
        assert response.status == 403
