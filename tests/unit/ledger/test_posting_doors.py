"""The ledger's own doors: who may post, what is answered, and that the same again is the same."""

from typing import Any

import aiohttp
import pytest

from .door import ROW, MemoryLedger, as_, take_in

DAY = "2026-11-20"
MISMATCH = "CURRENCY_MISMATCH"


async def ask(
    client: aiohttp.ClientSession,
    path: str,
    *,
    by: str = "bea",
    key: str | None = None,
    **body: Any,
) -> tuple[int, dict[str, Any]]:
    headers = as_(by) | ({"Idempotency-Key": key} if key else {})
    async with client.post(path, json={"date": DAY, **body}, headers=headers) as response:
        told = await response.json()
        return response.status, told.get("error", told)


async def test_a_payment_is_posted_and_told(client: aiohttp.ClientSession) -> None:
    await take_in(client, ROW)

    status, told = await ask(client, "/v1/loans/LN-1/repay", amount="100.00")

    assert status == 200
    assert told["entries"]
    assert told.pop("transaction_id")
    assert {name: told[name] for name in told.keys() - {"entries"}} == {
        "result": "posted",
        "currency": "USD",
        "amount": "100.00",
        "balance_before": "900.00",
        "balance_after": "800.00",
        "customer_owes": "800.00",
        "overpaid": "0.00",
        "status": "ACTIVE",
    }


async def test_each_door_puts_its_command_in(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    await take_in(client, ROW | {"rate": "12"})
    portions = {"principal": "30.00"}

    answers = [
        await ask(client, "/v1/loans/LN-1/accrue"),
        await ask(client, "/v1/loans/LN-1/refund", amount="30.00", portions=portions, origin="x"),
        await ask(client, "/v1/loans/LN-1/goodwill-credit", amount="1.00"),
        await ask(client, "/v1/loans/LN-1/repay", amount="5000.00"),
        await ask(client, "/v1/loans/LN-1/credit-balance-refund", amount="1.00"),
    ]

    assert [status for status, _ in answers] == [200] * 5
    assert answers[-2][1]["status"] == "OVERPAID"
    assert ledger.heard[-5:] == [
        "Accrue", "Refund", "GoodwillCredit", "Repay", "CreditBalanceRefund",
    ]  # fmt: skip


async def test_the_same_key_again_gets_the_same_answer_and_posts_nothing(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    await take_in(client, ROW)

    first = await ask(client, "/v1/loans/LN-1/repay", key="k1", amount="100.00")
    again = await ask(client, "/v1/loans/LN-1/repay", key="k1", amount="100.00")
    other = await ask(client, "/v1/loans/LN-1/repay", key="k1", amount="100.01")
    refused = [
        await ask(client, "/v1/loans/LN-1/repay", key="k2", amount="1.00", date="2030-01-01")
        for _ in range(2)
    ]

    assert first == again
    assert (other[0], other[1]["code"]) == (409, "ID_REUSED")
    assert refused[0] == refused[1]
    assert ledger.heard.count("Repay") == 2


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/loans/LN-9/repay", {"amount": "1.00"}, 404, "UNKNOWN_LOAN"),
        ("/v1/loans/a%20b/repay", {"amount": "1.00"}, 404, "UNKNOWN_LOAN"),
        ("/v1/loans/LN-1/repay", {"amount": "1.001"}, 400, "AMOUNT_SCALE"),
        ("/v1/loans/LN-1/repay", {"amount": "0"}, 400, "AMOUNT_NOT_POSITIVE"),
        ("/v1/loans/LN-1/repay", {"amount": "ten"}, 400, "INVALID_FIELDS"),
        ("/v1/loans/LN-1/repay", {"amount": 1.5}, 400, "INVALID_FIELDS"),
        ("/v1/loans/LN-1/repay", {"amount": "9999999999999999"}, 400, "INVALID_FIELDS"),
        ("/v1/loans/LN-1/repay", {}, 400, "INVALID_FIELDS"),
        ("/v1/loans/LN-1/repay", {"amount": "1.00", "full": True}, 400, "INVALID_FIELDS"),
        ("/v1/loans/LN-1/repay", {"amount": "1", "date": "1066-10-14"}, 400, "INVALID_FIELDS"),
        ("/v1/loans/LN-1/repay", {"amount": "1", "date": "2026-11-25"}, 422, "FUTURE_DATE"),
        ("/v1/loans/LN-1/repay", {"amount": "1", "currency": "EUR"}, 422, MISMATCH),
        ("/v1/loans/LN-1/refund", {"amount": "1", "portions": {"x": "1"}}, 400, "INVALID_FIELDS"),
        ("/v1/loans/LN-1/credit-balance-refund", {"amount": "1.00"}, 422, "NOT_OVERPAID"),
        ("/v1/allowance/USD/provision", {"amount": "1.00"}, 422, "NOT_ALLOWANCE_METHOD"),
        ("/v1/allowance/USD/provision", {}, 400, "INVALID_FIELDS"),
        ("/v1/allowance/JPY/provision", {"amount": "1", "currency": "EUR"}, 422, MISMATCH),
        ("/v1/allowance/ZZZ/provision", {"amount": "1"}, 404, "UNKNOWN_CURRENCY"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_told_by_its_code(
    client: aiohttp.ClientSession, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    await take_in(client, ROW)

    told = await ask(client, path, **body)

    assert (told[0], told[1]["code"]) == (status, code)


@pytest.mark.parametrize(
    "path", ["/v1/loans/LN-1/repay", "/v1/loans/LN-1/accrue", "/v1/allowance/USD/provision"]
)
async def test_only_back_office_and_admin_post(
    client: aiohttp.ClientSession, ledger: MemoryLedger, path: str
) -> None:
    await take_in(client, ROW)
    ledger.heard.clear()

    status, _ = await ask(client, path, by="ana", amount="1.00")

    assert (status, ledger.heard) == (403, [])


async def test_a_loss_is_posted_by_no_door(client: aiohttp.ClientSession) -> None:
    async with client.post("/v1/loans/LN-1/write-off", json={}, headers=as_("bea")) as response:
        assert response.status == 404
