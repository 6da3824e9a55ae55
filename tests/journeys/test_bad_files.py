"""A file or a mapping that is not as it should be: told where, and what is good goes on."""

from pathlib import Path

import pytest

import stack

from .bank import Bank, a_loan
from .cli import writeoff

pytestmark = pytest.mark.stack

COLUMNS = ("loan_id", "customer_id", "given_name", "family_name", "principal", "opened")

MAPPING = """
tenant = "{tenant}"

[fields]
loan_id = {{ column = "loan_id" }}
customer_id = {{ column = "customer_id" }}
given_name = {{ column = "given_name" }}
family_name = {{ column = "family_name" }}
product = "PERSONAL_LOAN"
segment = "PERSONAL"
currency = "USD"
principal = {{ column = "{principal}" }}
interest = "0"
fees = "0"
penalties = "0"
tax = "0"
unearned_interest = "0"
opened = {{ column = "opened" }}
status = "ACTIVE"
"""


def a_mapping(folder: Path, tenant: str, principal: str = "principal") -> Path:
    """Write a mapping of the file's columns."""
    path = folder / "mapping.toml"
    path.write_text(MAPPING.format(tenant=tenant, principal=principal))
    return path


def a_file(folder: Path, *loans: dict[str, str]) -> Path:
    """Write loans as CSV."""
    path = folder / "loans.csv"
    lines = [COLUMNS, *([loan[column] for column in COLUMNS] for loan in loans)]
    path.write_text("".join(",".join(line) + "\n" for line in lines))
    return path


def test_a_column_that_the_file_lacks_is_named_before_anything_is_sent(
    env: stack.Env, bank: Bank, tmp_path: Path
) -> None:
    loan = a_loan()
    mapping = a_mapping(tmp_path, bank.tenant, principal="saldo")

    code, told = writeoff(
        env, "loans", "import", str(a_file(tmp_path, loan)), "--mapping", str(mapping)
    )

    assert code == 2
    assert "saldo" in told["error"]["message"]
    assert bank.ask("GET", "ledger", f"/v1/loans/{loan['loan_id']}").status_code == 404


def test_a_mapping_that_says_nothing_of_a_needed_field_is_refused(
    env: stack.Env, bank: Bank, tmp_path: Path
) -> None:
    mapping = a_mapping(tmp_path, bank.tenant)
    mapping.write_text(mapping.read_text().replace('currency = "USD"\n', ""))

    code, told = writeoff(
        env, "loans", "import", str(a_file(tmp_path, a_loan())), "--mapping", str(mapping)
    )

    assert code == 2
    assert "currency" in told["error"]["message"]


def test_a_broken_line_is_told_by_its_number_and_the_good_lines_are_imported(
    env: stack.Env, bank: Bank, tmp_path: Path
) -> None:
    good = [a_loan(), a_loan()]
    broken = [a_loan(principal="12.345.67"), a_loan(opened="the day before"), a_loan(loan_id="a b")]
    path = a_file(tmp_path, good[0], *broken, good[1])
    with path.open("a") as file:
        file.write("one,cell,too,few\n")
    mapping = a_mapping(tmp_path, bank.tenant)

    code, told = writeoff(env, "loans", "import", str(path), "--mapping", str(mapping))

    assert code == 3
    assert sorted(row["line"] for row in told["broken"] + told["refused"]) == [3, 4, 5, 7]
    assert told["results"]["imported"] == 2
    for loan in good:
        shown = bank.get("ledger", f"/v1/loans/{loan['loan_id']}")
        assert shown["outstanding"] == loan["principal"]


def test_a_known_loan_is_unchanged_by_the_same_line_and_never_overwritten_by_another(
    env: stack.Env, bank: Bank, tmp_path: Path
) -> None:
    loan = a_loan()
    mapping = str(a_mapping(tmp_path, bank.tenant))
    words = ("loans", "import", str(a_file(tmp_path, loan)), "--mapping", mapping)
    assert writeoff(env, *words)[0] == 0

    code, told = writeoff(env, *words)
    assert (code, told["results"]) == (0, {"unchanged": 1})

    a_file(tmp_path, loan | {"principal": "61.00"})
    code, told = writeoff(env, *words)
    assert (code, [(r["line"], r["code"]) for r in told["refused"]]) == (3, [(2, "LOAN_EXISTS")])
    assert bank.get("ledger", f"/v1/loans/{loan['loan_id']}")["outstanding"] == "60.00"


def test_a_check_reads_and_reports_and_sends_nothing(
    env: stack.Env, bank: Bank, tmp_path: Path
) -> None:
    loan = a_loan()
    path, mapping = a_file(tmp_path, loan), a_mapping(tmp_path, bank.tenant)

    code, told = writeoff(env, "loans", "import", str(path), "--mapping", str(mapping), "--check")

    assert (code, told["rows"], told["sums"]) == (0, 1, {"USD": "60.00"})
    assert bank.ask("GET", "ledger", f"/v1/loans/{loan['loan_id']}").status_code == 404
