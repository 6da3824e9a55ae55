"""The reports by their doors, compared byte by byte with what was worked out by hand."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from ...stack_fixture import wait_for  # noqa: TID252 - tests are no package
from .report_books import GOLDEN, as_, doors, fill, migrated

pytestmark = pytest.mark.stack

MARCH = {"as_of": "2026-03-31", "known_at": "2026-03-31T23:59:59.999999Z"}
MARCH_KNOWN_IN_APRIL = MARCH | {"known_at": "2026-04-30T23:59:59.999999Z"}
APRIL = MARCH_KNOWN_IN_APRIL | {"as_of": "2026-04-30"}

GOLDEN_REPORTS: dict[str, tuple[str, dict[str, str]]] = {
    "journal-april.csv": ("journal", APRIL | {"from": "2026-04-01"}),
    "journal-jpy.json": ("journal", APRIL | {"currency": "JPY"}),
    "trial-balance-march.csv": ("trial-balance", MARCH),
    "trial-balance-march-as-known-in-april.csv": (
        "trial-balance",
        MARCH_KNOWN_IN_APRIL | {"currency": "USD"},
    ),
    "statement-march.csv": ("statement", MARCH | {"loan": "L-1", "from": "2026-01-01"}),
    "statement-april.csv": ("statement", APRIL | {"loan": "L-1"}),
    "roll-forward-march.csv": ("roll-forward", MARCH | {"currency": "USD"}),
    "roll-forward-april.csv": ("roll-forward", APRIL),
    "ageing-loans-march.csv": ("ageing", MARCH | {"by": "loan"}),
    "ageing-days-march.csv": ("ageing", MARCH | {"by": "days", "currency": "USD"}),
    "ageing-months-april.json": ("ageing", APRIL | {"by": "months", "currency": "KWD"}),
    "fasb-percent.csv": ("fasb", MARCH | {"percent": "33.35"}),
    "fasb-amount.json": ("fasb", MARCH | {"loan": "L-1", "amount": "100.5"}),
}


@pytest.fixture(scope="module")
def filled_dsn(owner_dsn: str, dsn: str) -> str:
    async def make() -> None:
        await migrated(owner_dsn)
        await fill(owner_dsn)

    wait_for(make())
    return dsn


@pytest.fixture
async def client(filled_dsn: str, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with doors(filled_dsn, tmp_path, "books", "empty", "lost") as session:
        yield session


async def told(client: aiohttp.ClientSession, name: str, **asked: str) -> Any:
    async with client.get(f"/v1/reports/{name}", params=asked, headers=as_()) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def refused(
    client: aiohttp.ClientSession, name: str, tenant: str = "books", **asked: str
) -> tuple[int, str, str]:
    headers = as_(tenant=tenant)
    async with client.get(f"/v1/reports/{name}", params=asked, headers=headers) as response:
        error = (await response.json())["error"]
        fields = [field["field"] for field in error.get("fields", [])]
        return response.status, error["code"], ",".join(fields)


@pytest.mark.parametrize("file", GOLDEN_REPORTS)
async def test_a_report_is_what_was_worked_out_by_hand(
    client: aiohttp.ClientSession, file: str
) -> None:
    name, asked = GOLDEN_REPORTS[file]
    params = asked | {"format": file.rpartition(".")[2]}

    async with client.get(f"/v1/reports/{name}", params=params, headers=as_()) as response:
        assert response.status == 200, await response.text()
        body = await response.read()
        rows = int(response.headers["Report-Rows"])

    assert body.decode() == (GOLDEN / file).read_bytes().decode()
    assert rows == len(body.splitlines()) - (1 if file.endswith(".csv") else 2)


def test_every_golden_file_is_asked_for() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {*GOLDEN_REPORTS, "books.toml"}


async def test_a_report_without_dates_is_of_today_and_can_be_asked_for_again(
    client: aiohttp.ClientSession,
) -> None:
    now = await told(client, "trial-balance")

    again = await told(client, "trial-balance", as_of=now["as_of"], known_at=now["known_at"])

    assert again == now


async def test_as_of_is_the_day_of_known_at_when_only_that_is_said(
    client: aiohttp.ClientSession,
) -> None:
    report = await told(client, "trial-balance", known_at="2026-03-31T22:00:00-03:00")

    assert (report["as_of"], report["known_at"]) == ("2026-04-01", "2026-04-01T01:00:00.000000Z")


@pytest.mark.parametrize(
    "asked",
    [
        {"as_of": "2025-12-31"},
        {"as_of": "2026-02-10", "known_at": "2026-03-31T23:00:00Z"},
        {"as_of": "2026-02-10", "known_at": "2026-04-10T08:59:59Z"},
        {"as_of": "2026-02-10", "known_at": "2026-04-10T09:00:00Z"},
        {"as_of": "2026-03-05"},
        {"as_of": "2026-04-15"},
        {},
    ],
)
async def test_every_book_balances_and_cust_is_bnk_and_co_whenever_it_was(
    client: aiohttp.ClientSession, asked: dict[str, str]
) -> None:
    rows = (await told(client, "trial-balance", **asked))["rows"]

    proofs = [row for row in rows if row["line"] in ("TOTAL", "PROOF")]
    assert {row["line"] for row in proofs} == {"TOTAL", "PROOF"}
    assert {row["balance"].strip("0.") for row in proofs} == {""}


async def test_all_accounts_of_a_year_are_its_journal(client: aiohttp.ClientSession) -> None:
    journal = await told(client, "journal", **APRIL)
    accounts = await told(client, "trial-balance", **APRIL)

    totals = {
        (row["currency"], row["book"]): (row["debit"], row["credit"])
        for row in accounts["rows"]
        if row["line"] == "TOTAL"
    }
    assert totals == {
        (currency, book): (sides["debit"], sides["credit"])
        for currency, books in journal["totals"].items()
        for book, sides in books.items()
    }


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"as_of": "2100-01-01"}, "FUTURE_DATE", "as_of"),
        ({"known_at": "2100-01-01T00:00:00Z"}, "FUTURE_DATE", "known_at"),
        (
            {"as_of": "2026-04-01", "known_at": "2026-03-31T00:00:00Z"},
            "FUTURE_DATE",
            "as_of",
        ),
        ({"as_of": "2025-12-30"}, "DATE_BEFORE_OPENING", "as_of"),
        (
            {"as_of": "2026-01-01", "known_at": "2026-01-02T07:59:59Z"},
            "DATE_BEFORE_OPENING",
            "known_at",
        ),
    ],
)
@pytest.mark.parametrize("name", ["journal", "trial-balance", "roll-forward", "ageing"])
async def test_a_day_without_books_is_refused(
    client: aiohttp.ClientSession, name: str, asked: dict[str, str], code: str, field: str
) -> None:
    assert await refused(client, name, **asked) == (422, code, field)


async def test_a_tenant_without_books_is_told_so(client: aiohttp.ClientSession) -> None:
    assert await refused(client, "journal", "empty") == (422, "DATE_BEFORE_OPENING", "")


@pytest.mark.parametrize(
    ("name", "asked", "field"),
    [
        ("journal", {"as_of": "31.03.2026"}, "as_of"),
        ("journal", {"as_of": "20260331"}, "as_of"),
        ("journal", {"as_of": "2026-02-30"}, "as_of"),
        ("journal", {"as_of": "1700000000"}, "as_of"),
        ("journal", {"known_at": "2026-03-31T12:00:00"}, "known_at"),
        ("journal", {"from": "2026-04-02", "as_of": "2026-04-01"}, "from"),
        ("journal", {"currency": "XXX"}, "currency"),
        ("journal", {"format": "xls"}, "format"),
        ("journal", {"form": "csv"}, "form"),
        ("ageing", {"by": "weeks"}, "by"),
        ("statement", {}, "loan"),
        ("statement", {"loan": "L-1", "currency": "USD"}, "currency"),
        ("fasb", {}, "percent"),
        ("fasb", {"percent": "10", "amount": "1", "loan": "L-1"}, "percent"),
        ("fasb", {"percent": "1e1"}, "percent"),
        ("fasb", {"amount": "10"}, "loan"),
        ("fasb", {"loan": "L-1", "amount": "1,0"}, "amount"),
    ],
)
async def test_a_wrong_question_names_its_field(
    client: aiohttp.ClientSession, name: str, asked: dict[str, str], field: str
) -> None:
    assert await refused(client, name, **asked) == (400, "INVALID_FIELDS", field)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"percent": "0"}, "PERCENT_OUT_OF_RANGE"),
        ({"percent": "100.01"}, "PERCENT_OUT_OF_RANGE"),
        ({"percent": "-1"}, "PERCENT_OUT_OF_RANGE"),
        ({"loan": "L-1", "amount": "0.00"}, "AMOUNT_NOT_POSITIVE"),
        ({"loan": "L-1", "amount": "-1"}, "AMOUNT_NOT_POSITIVE"),
        ({"loan": "L-1", "amount": "1.001"}, "AMOUNT_SCALE"),
        ({"loan": "-4", "amount": "1.0", "as_of": "2026-04-01"}, "AMOUNT_SCALE"),
        ({"loan": "L-1", "amount": "880.01"}, "AMOUNT_EXCEEDS_OUTSTANDING"),
        ({"loan": "L-2", "percent": "10"}, "NOTHING_OUTSTANDING"),
        ({"product": "MORTGAGE", "percent": "10"}, "NOTHING_OUTSTANDING"),
    ],
)
async def test_a_loss_that_cannot_be_reported_is_refused(
    client: aiohttp.ClientSession, asked: dict[str, str], code: str
) -> None:
    status, told_code, _ = await refused(client, "fasb", **APRIL | asked)

    assert (status, told_code) == (422, code)


async def test_a_loss_of_the_whole_of_a_loan_leaves_nothing(client: aiohttp.ClientSession) -> None:
    report = await told(client, "fasb", **APRIL, loan="L-1", amount="880")

    assert report["rows"][0]["remaining"] == "0.00"


@pytest.mark.parametrize("name", ["statement", "fasb"])
async def test_an_unknown_loan_is_not_there(client: aiohttp.ClientSession, name: str) -> None:
    asked = {"loan": "L-9"} | ({"percent": "1"} if name == "fasb" else {})

    assert await refused(client, name, **asked) == (404, "UNKNOWN_LOAN", "loan")


async def test_a_loan_is_not_told_before_it_was_in_the_books(client: aiohttp.ClientSession) -> None:
    asked = {"loan": "L-3", "as_of": "2025-12-31"}

    assert await refused(client, "statement", **asked) == (422, "DATE_BEFORE_OPENING", "as_of")


async def test_only_who_may_read_the_books_sees_reports(client: aiohttp.ClientSession) -> None:
    async with client.get("/v1/reports/journal", headers=as_("oz")) as response:
        assert response.status == 403
    async with client.get("/v1/reports/journal", headers=as_(tenant="other")) as response:
        assert response.status == 403


async def test_a_journal_that_lost_a_line_is_never_told_as_a_whole(
    client: aiohttp.ClientSession, owner_dsn: str
) -> None:
    await fill(owner_dsn, "lost", after=10_000)
    await lose_a_line(owner_dsn, "lost")

    async with client.get("/v1/reports/journal", headers=as_(tenant="lost")) as response:
        with pytest.raises(aiohttp.ClientError):
            await response.read()


async def lose_a_line(owner_dsn: str, tenant: str) -> None:
    connection = await asyncpg.connect(owner_dsn)
    try:
        await connection.execute("ALTER TABLE journal_line DISABLE TRIGGER USER")
        status = await connection.execute(
            "DELETE FROM journal_line n USING journal j WHERE j.entry_id = n.entry_id "
            "AND j.tenant = $1 AND j.command = 'recover' AND n.place = 0",
            tenant,
        )
        assert status == "DELETE 1"
        await connection.execute("ALTER TABLE journal_line ENABLE ALWAYS TRIGGER only_added_to")
        await connection.execute("ALTER TABLE journal_line ENABLE ALWAYS TRIGGER lines_balance")
    finally:
        await connection.close()
