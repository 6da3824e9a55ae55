"""A mapping says how a line becomes a row, and what is wrong is told before anything is sent."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from writeoff.exits import Exit, Trouble
from writeoff.mapping.mapping import (
    LOANS,
    REFERENCES,
    REQUESTS,
    Form,
    Mapped,
    Problem,
    map_file,
    read_mapping,
)

TODAY = date(2026, 11, 24)

LOAN = """
tenant = "demo"
[fields]
loan_id = { column = "Id" }
customer_id = { template = "P-{Id}" }
family_name = { column = "Name" }
product = "PERSONAL_LOAN"
segment = "PERSONAL"
currency = { column = "Cur" }
principal = { column = "Owed", thousands = "," }
interest = 0
fees = 0
penalties = 0
tax = 0
unearned_interest = 0
opened = { column = "Since", pattern = "%d.%m.%Y" }
status = { column = "State", values = { A = "ACTIVE", C = "CLOSED_OBLIGATIONS_MET" } }
"""

HEADER = "Id,Name,Cur,Owed,Since,State"
LINE = '1,Doe,USD,"1,250",31.12.2020,A'


def write(folder: Path, mapping: str, *lines: str) -> tuple[Path, Path]:
    (folder / "m.toml").write_text(mapping)
    (folder / "f.csv").write_text("\n".join(lines) + "\n")
    return folder / "m.toml", folder / "f.csv"


def mapped(folder: Path, mapping: str, *lines: str, form: Form = LOANS) -> list[Mapped | Problem]:
    rules, file = write(folder, mapping, *lines)
    return list(map_file(read_mapping(rules, form), file, today=TODAY))


def refusal(folder: Path, mapping: str, *lines: str, form: Form = LOANS) -> Trouble:
    with pytest.raises(Trouble) as caught:
        mapped(folder, mapping, *lines, form=form)
    assert caught.value.exit_code is Exit.USAGE
    return caught.value


def values(rows: list[Mapped | Problem]) -> list[dict[str, Any]]:
    assert all(isinstance(row, Mapped) for row in rows), rows
    return [row.values for row in rows if isinstance(row, Mapped)]


def test_columns_constants_templates_value_maps_and_forms_make_a_loan(tmp_path: Path) -> None:
    (loan,) = values(mapped(tmp_path, LOAN, HEADER, LINE))

    assert loan == {
        "loan_id": "1",
        "customer_id": "P-1",
        "family_name": "Doe",
        "product": "PERSONAL_LOAN",
        "segment": "PERSONAL",
        "currency": "USD",
        "principal": "1250.00",
        "interest": "0.00",
        "fees": "0.00",
        "penalties": "0.00",
        "tax": "0.00",
        "unearned_interest": "0.00",
        "opened": "2020-12-31",
        "status": "ACTIVE",
    }


@pytest.mark.parametrize(
    ("currency", "owed", "written"),
    [
        ("JPY", "1250", "1250"),
        ("KWD", "1250.5", "1250.500"),
        ("USD", "1250.5", "1250.50"),
        ("USD", "1250.555", "1250.555"),
    ],
)
def test_money_has_its_currencys_decimals_and_keeps_more_for_the_ledger_to_refuse(
    tmp_path: Path, currency: str, owed: str, written: str
) -> None:
    (loan,) = values(mapped(tmp_path, LOAN, HEADER, f"1,Doe,{currency},{owed},31.12.2020,A"))

    assert loan["principal"] == written


def test_a_loan_with_a_business_name_is_a_businesss(tmp_path: Path) -> None:
    mapping = LOAN.replace("family_name", "business_name")

    (loan,) = values(mapped(tmp_path, mapping, HEADER, LINE))

    assert loan["segment"] == "BUSINESS"


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ("1,Doe,USD,12x,31.12.2020,A", "principal", "NOT_A_NUMBER"),
        ("1,Doe,USD,1e9,31.12.2020,A", "principal", "NOT_A_NUMBER"),
        ("1,Doe,USD,12,2020-12-31,A", "opened", "NOT_A_DATE"),
        ("1,Doe,USD,12,31.12.2020,X", "status", "UNKNOWN_VALUE"),
        ("1,Doe,USD,,31.12.2020,A", "principal", "MISSING_VALUE"),
    ],
)
def test_a_line_that_cannot_be_mapped_is_told_by_number_field_and_code_and_others_go_on(
    tmp_path: Path, line: str, field: str, code: str
) -> None:
    problem, good = mapped(tmp_path, LOAN, HEADER, line, LINE)

    assert isinstance(problem, Problem)
    assert (problem.line, problem.field, problem.code) == (2, field, code)
    assert isinstance(good, Mapped)
    assert good.line == 3


def test_all_that_is_wrong_with_a_line_is_told_at_once(tmp_path: Path) -> None:
    problems = mapped(tmp_path, LOAN, HEADER, ",Doe,USD,x,y,A")

    fields = {problem.field for problem in problems if isinstance(problem, Problem)}
    assert fields == {"loan_id", "customer_id", "principal", "opened"}


def test_a_mapping_that_lacks_a_needed_field_is_refused_by_its_name(tmp_path: Path) -> None:
    trouble = refusal(tmp_path, LOAN.replace('product = "PERSONAL_LOAN"', ""), HEADER, LINE)

    assert "lacks 'product'" in trouble.message


def test_a_mapping_without_any_name_or_segment_is_refused(tmp_path: Path) -> None:
    mapping = LOAN.replace('family_name = { column = "Name" }', "")

    assert "lacks a name" in refusal(tmp_path, mapping, HEADER, LINE).message


def test_a_file_that_lacks_a_column_is_refused_with_the_header_it_has(tmp_path: Path) -> None:
    trouble = refusal(tmp_path, LOAN, HEADER.replace("Owed", "Due"), LINE)

    assert "no column 'Owed' (for principal)" in trouble.message
    assert "Id, Name, Cur, Due, Since, State" in trouble.next_step


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('tenant = "demo"', 'tenannt = "demo"', "unknown key 'tenannt'"),
        ("[fields]", "[feilds]", "no part [fields]"),
        ("interest = 0", "intrest = 0", "no field 'intrest'"),
        ('{ column = "Id" }', '{ colum = "Id" }', "'colum' is not a key here"),
        ('{ column = "Id" }', '{ column = "Id", constant = "1" }', "exactly one of"),
        ('"P-{Id}"', '"P-{Id"', "a brace stands alone"),
        ('"P-{Id}"', '"P-{}"', "empty braces"),
        ('pattern = "%d.%m.%Y"', 'pattern = "dd.mm.yyyy"', "strptime"),
        ('pattern = "%d.%m.%Y"', 'days_since = "1960"', "days_since is a date"),
        ('thousands = ","', 'thousands = "00"', "a mark is one sign"),
        ("values = {", "valeus = {", "'valeus' is not a key here"),
        ("interest = 0", "interest = ", "not TOML"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_with_what_is_wrong(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in LOAN

    assert told in refusal(tmp_path, LOAN.replace(old, new), HEADER, LINE).message


def test_everything_wrong_with_a_mapping_is_told_at_once(tmp_path: Path) -> None:
    mapping = LOAN.replace("tax = 0", "tacks = 0").replace('"P-{Id}"', '"P-{Id"')

    message = refusal(tmp_path, mapping, HEADER, LINE).message

    assert "tacks" in message
    assert "a brace stands alone" in message
    assert "lacks 'tax'" in message


@pytest.mark.parametrize(
    ("only", "told"),
    [
        ('[[only]]\ncolumn = "State"', "give `in` or `not_in`"),
        ('[[only]]\ncolumn = "State"\nin = "A"', "are lists"),
        ('[[only]]\nin = ["A"]', "a table with a column"),
        ('[[only]]\ncolumn = "State"\nin = ["A"]\nbut = 1', "unknown key but"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(tmp_path: Path, only: str, told: str) -> None:
    assert told in refusal(tmp_path, LOAN + only, HEADER, LINE).message


def test_filters_take_or_leave_out_lines_by_a_columns_value(tmp_path: Path) -> None:
    closed = LINE.replace(",A", ",C").replace("1,Doe", "2,Roe")
    taken = '[[only]]\ncolumn = "State"\nin = ["A"]\n'
    left = '[[only]]\ncolumn = "State"\nnot_in = ["A"]\n'

    (one,) = values(mapped(tmp_path, LOAN + taken, HEADER, LINE, closed))
    (other,) = values(mapped(tmp_path, LOAN + left, HEADER, LINE, closed))

    assert (one["loan_id"], other["loan_id"]) == ("1", "2")


def test_a_line_that_the_filter_leaves_out_need_not_be_good(tmp_path: Path) -> None:
    taken = '[[only]]\ncolumn = "State"\nin = ["A"]\n'

    assert len(mapped(tmp_path, LOAN + taken, HEADER, "2,Roe,USD,x,y,Z", LINE)) == 1


REQUEST = """
[fields]
request_id = { template = "R-{Id}" }
loan_id = { column = "Id" }
kind = "WRITE_OFF"
scope = "FULL"
currency = "EUR"
date = "today"
reason = { column = ["Why", "Code"], default = "AGED" }
fraud = { column = "Fraud" }
amount = { column = "Sum", thousands = ".", decimal = "," }
[issue]
reference = { template = "APPR-2026-{Id}" }
loan_id = { column = "Id" }
kind = "WRITE_OFF"
amount = { column = "Sum", thousands = ".", decimal = "," }
currency = "EUR"
approvers = [{ id = "l5-eve", level = 5 }, { id = "l4-deb", level = 4 }]
reasons = { column = "Code", split = "|" }
issued = "today"
expires = "today + 90 days"
attests_documents = true
"""

REQUEST_HEADER = "Id,Why,Code,Fraud,Sum"


def test_the_first_column_that_is_not_empty_counts_and_then_the_default(tmp_path: Path) -> None:
    lines = ("1,text,C,no,1", "2,,C,y,2", "3,,,,3")

    rows = values(mapped(tmp_path, REQUEST, REQUEST_HEADER, *lines, form=REQUESTS))

    assert [row["reason"] for row in rows] == ["text", "C", "AGED"]
    assert [row.get("fraud") for row in rows] == [False, True, None]


def test_numbers_are_read_in_the_form_of_their_country(tmp_path: Path) -> None:
    (row,) = values(mapped(tmp_path, REQUEST, REQUEST_HEADER, '1,x,C,no,"1.234,5"', form=REQUESTS))

    assert row["amount"] == "1234.50"


def test_a_registers_entry_counts_its_days_from_today(tmp_path: Path) -> None:
    (row,) = values(mapped(tmp_path, REQUEST, REQUEST_HEADER, "1,x,A|B,no,5", form=REFERENCES))

    assert (row["issued"], row["expires"]) == ("2026-11-24", "2027-02-22")
    assert row["reasons"] == ["A", "B"]
    assert row["approvers"][1] == {"id": "l4-deb", "level": 4}
    assert row["amount"] == "5.00"


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ('"{""principal"": 1.50, ""tax"": ""2""}"', {"principal": "1.50", "tax": "2"}),
        ("", None),
        ("1.50", "NOT_A_TABLE"),
        ("{principal", "NOT_A_TABLE"),
    ],
)
def test_a_table_keeps_its_numbers_as_they_are_written(
    tmp_path: Path, cell: str, found: object
) -> None:
    mapping = REQUEST.replace("[issue]", 'components = { column = "Parts" }\n[issue]')

    [row] = mapped(
        tmp_path, mapping, f"{REQUEST_HEADER},Parts", f"1,x,C,no,1,{cell}", form=REQUESTS
    )

    told = row.values.get("components") if isinstance(row, Mapped) else row.code
    assert told == found


def test_json_lines_are_read_without_floats_and_keep_lists(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(
        REQUEST.replace(
            'amount = { column = "Sum", thousands = ".", decimal = "," }', "", 1
        ).replace(
            "[issue]", 'amount = { column = "Sum" }\ndocuments = { column = "Docs" }\n[issue]'
        )
    )
    paper = (
        '{"document": "COLLECTION_LOG", "sha256": "ab", "dated": "2026-01-02", "source": "core"}'
    )
    (tmp_path / "f.jsonl").write_text(
        f'{{"Id": 7, "Why": "x", "Fraud": false, "Sum": 0.10, "Docs": [{paper}]}}\nnot json\n[1]\n'
    )

    good, *broken = list(
        map_file(read_mapping(tmp_path / "m.toml", REQUESTS), tmp_path / "f.jsonl", today=TODAY)
    )

    assert isinstance(good, Mapped)
    assert good.values["loan_id"] == "7"
    assert good.values["amount"] == "0.10"
    assert good.values["documents"][0]["document"] == "COLLECTION_LOG"
    assert [(each.line, getattr(each, "code", "")) for each in broken] == [
        (2, "BROKEN_LINE"),
        (3, "BROKEN_LINE"),
    ]
