"""A preview tells what a command would give, and posts nothing."""

from typing import Any

import aiohttp

from .door import ROW, MemoryLedger, as_, take_in


async def preview(
    client: aiohttp.ClientSession, command: str, *, loan: str = "LN-1", **body: Any
) -> dict[str, Any]:
    asked = {"command": command, "date": "2026-11-20", **body}
    path = f"/v1/loans/{loan}/preview"
    async with client.post(path, json=asked, headers=as_("ana")) as response:
        return await response.json()


async def test_a_write_off_is_looked_at_and_not_posted(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    await take_in(client, ROW | {"interest": "50.00"})
    before, heard = dict(ledger.states), list(ledger.heard)

    told = await preview(client, "write_off", full=True, reason="SETTLEMENT")

    [journal] = told["journals"]
    assert (journal["kind"], journal["command"], journal["loan_id"]) == (
        "POST",
        "write_off",
        "LN-1",
    )
    assert [(x["book"], x["code"], x["debit"], x["credit"]) for x in journal["lines"]][:2] == [
        ("BNK", "6220", "900.00", "0.00"),
        ("BNK", "6220", "50.00", "0.00"),
    ]
    assert told["before"]["outstanding"] == "950.00"
    assert (told["after"]["status"], told["after"]["customer_owes"]) == (
        "CLOSED_WRITTEN_OFF",
        "950.00",
    )
    assert (told["bureau_record"]["status"], told["bureau_record"]["balance"]) == ("97", 950)
    assert told["tax_form"] == {
        "on": "2026-11-20",
        "amount": "900.00",
        "currency": "USD",
        "code": "F",
    }
    assert (ledger.states, ledger.heard) == (before, heard)


async def test_a_refusal_is_told_as_the_lane_would(client: aiohttp.ClientSession) -> None:
    await take_in(client, ROW)

    told = await preview(client, "charge_off", amount="901.00", reason="AGED")

    assert (told["result"], told["code"]) == ("refused", "AMOUNT_EXCEEDS_OUTSTANDING")


async def test_a_refinance_is_looked_at_with_its_new_loan(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    await take_in(client, ROW)

    told = await preview(client, "refinance", new_loan="LN-2", rate="5")

    assert [journal["loan_id"] for journal in told["journals"]] == ["LN-1", "LN-2"]
    assert told["after"]["status"] == "CLOSED_REFINANCED"
    assert (told["new_loan"]["loan_id"], told["new_loan"]["outstanding"]) == ("LN-2", "900.00")
    assert told["tax_form"] == {"why": "no debt is lost by it"}


async def test_a_reversal_is_looked_at_with_what_it_replays(client: aiohttp.ClientSession) -> None:
    await take_in(client, ROW)
    path = "/v1/loans/LN-1/repay"
    body = {"date": "2026-11-01", "amount": "100.00"}
    async with client.post(path, json=body, headers=as_("bea")) as response:
        first = await response.json()

    told = await preview(client, "reverse", of=first["transaction_id"])

    assert [journal["kind"] for journal in told["journals"]] == ["REVERSE"]
    assert told["after"]["outstanding"] == "900.00"


async def test_what_cannot_be_read_is_told(client: aiohttp.ClientSession) -> None:
    await take_in(client, ROW)

    unknown = await preview(client, "vanish")
    missing = await preview(client, "repay", loan="LN-9", amount="1.00")
    floating = await preview(client, "repay", amount=1.5)

    assert unknown["code"] == "INVALID_FIELDS"
    assert missing["error"]["code"] == "UNKNOWN_LOAN"
    assert floating["error"]["code"] == "INVALID_FIELDS"
