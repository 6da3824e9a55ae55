"""A core's balance file held against the books."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.core.balances import (
    BadLine,
    Difference,
    FileUnreadable,
    Held,
    Reconciled,
    Told,
    read,
    reconcile,
)

HEAD = "loan_id,currency,outstanding,charged_off\n"
BOOKS = {
    "LN-1": Held("USD", 100_000, 0, 0),
    "LN-2": Held("USD", 0, 50_000, 1),
    "LN-3": Held("JPY", 700, 0, 0),
    "LN-4": Held("USD", 0, 0, 0),
}


def of(*lines: str, head: str = HEAD) -> Reconciled:
    return reconcile(read([head, *(f"{line}\n" for line in lines)]), BOOKS)


def test_equal_balances_are_equal() -> None:
    found = of("LN-1,USD,1000.00,0", "LN-2,USD,0,500", "LN-3,JPY,700,0")

    assert (found.equal, found.bad, found.differences) == (3, [], [])


def test_what_differs_is_listed_with_both_sides_and_what_may_explain_it() -> None:
    found = of("LN-1,USD,999.99,0", "LN-2,USD,500,0", "LN-3,USD,700,0")

    assert found.differences == [
        Difference("LN-1", 2, "outstanding", "999.99", "1000.00", 0),
        Difference("LN-2", 3, "outstanding", "500.00", "0.00", 1),
        Difference("LN-2", 3, "charged_off", "0.00", "500.00", 1),
        Difference("LN-3", 4, "currency", "USD", "JPY", 0),
    ]


def test_a_loan_that_the_file_lacks_is_missing_unless_nothing_is_on_it() -> None:
    found = of("LN-1,USD,1000.00,0", "LN-2,USD,0,500")

    assert found.differences == [Difference("LN-3", None, "missing", None, "700", 0)]


def test_a_file_may_leave_out_what_the_core_does_not_keep() -> None:
    found = of("LN-2,0.00,USD", head="loan_id,outstanding,currency\n")

    assert found.equal == 1


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("LN-9,USD,1.00,0", "FOREIGN_LOAN", "the books know no such loan that this core keeps"),
        ("LN-1,USD,1.000,0", "INVALID_FIELDS", "outstanding: not a decimal number of at most 2"),
        ("LN-1,USD,one,0", "INVALID_FIELDS", "outstanding: not a decimal number"),
        ('LN-1,USD,"1,000.00",0', "INVALID_FIELDS", "outstanding: not a decimal number"),
        ("LN-1,USD,,0", "INVALID_FIELDS", "outstanding: not a decimal number"),
        ("LN-1,USD,1e3,0", "INVALID_FIELDS", "outstanding: not a decimal number"),
        ("LN-1,USD,NaN,0", "INVALID_FIELDS", "outstanding: not a decimal number"),
        (f"LN-1,USD,{'9' * 5_000},0", "INVALID_FIELDS", "outstanding: not a decimal number"),
        ("LN-1,USD,92233720368547758.08,0", "INVALID_FIELDS", "at most 2 decimals and 18 digits"),
        ("LN-1,USD,1000.00,x", "INVALID_FIELDS", "charged_off: not a decimal number"),
        ("LN-1,XXQ,1000.00,0", "INVALID_FIELDS", "currency: not one of ISO 4217"),
        (",USD,1000.00,0", "INVALID_FIELDS", "loan_id: 1 to 64 characters"),
        ("LN-1,USD,1000.00", "BROKEN_LINE", "3 cells, 4 columns"),
        ('LN-1,USD,"10"00,0', "BROKEN_LINE", "expected after"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_the_others_go_on(
    line: str, code: str, message: str
) -> None:
    found = of("LN-2,USD,0,500", line, "LN-3,JPY,700,0")

    [bad] = found.bad
    assert (bad.line, bad.code) == (3, code)
    assert message in bad.message
    assert found.equal == 2


def test_a_loan_told_twice_is_named_with_both_lines() -> None:
    found = of("LN-1,USD,1000.00,0", "LN-1,USD,1.00,0")

    assert found.bad == [BadLine(3, "DUPLICATE_LOAN", "LN-1", "the loan stands on line 2")]
    assert found.equal == 1


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ([], "the file is empty"),
        (["loan_id,outstanding\n"], "there is no column currency"),
        (["loan_id,currency,outstanding,loan_id\n"], "column loan_id is there twice"),
    ],
)
def test_a_file_that_is_none_is_told_as_a_whole(text: list[str], because: str) -> None:
    with pytest.raises(FileUnreadable, match=because):
        list(read(text))


def test_a_mark_at_the_beginning_and_blank_lines_do_no_harm() -> None:
    found = reconcile(read([f"\ufeff{HEAD}", "\n", "LN-1,USD,1000.00,0\n"]), BOOKS)

    assert found.equal == 1


@given(st.lists(st.text(max_size=60), max_size=12))
def test_no_text_brings_it_down(lines: list[str]) -> None:
    told = list(read([HEAD, *lines]))

    assert all(isinstance(each, Told | BadLine) for each in told)
    found = reconcile(told, BOOKS)
    assert found.equal + len(found.bad) <= len(told)
