"""CSV comes as it comes: a broken line is told by its number, and the others go on."""

from pathlib import Path

import pytest
from writeoff.exits import Trouble
from writeoff.mapping.files import Broken, Row, read_rows


def rows(folder: Path, data: bytes) -> list[Row | Broken]:
    (folder / "f.csv").write_bytes(data)
    _, found = read_rows(folder / "f.csv")
    return list(found)


def test_a_byte_order_mark_quotes_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, b'\xef\xbb\xbfA,B\r\n"x, ""y""", z \r\n')

    assert row == Row(2, {"A": 'x, "y"', "B": "z"})


def test_a_quoted_cell_may_go_on_over_lines_and_the_count_goes_on(tmp_path: Path) -> None:
    one, other = rows(tmp_path, b'A,B\n"x\ny",1\nz,2\n')

    assert one == Row(2, {"A": "x\ny", "B": "1"})
    assert other == Row(4, {"A": "z", "B": "2"})


@pytest.mark.parametrize(
    "line",
    [b"1", b"1,2,3", b'1,"2', b'"1"x,2', b"\xff\xfe,2", b"1,\x002"],
    ids=["too few", "too many", "unclosed quote", "text after a quote", "not UTF-8", "zero byte"],
)
def test_a_broken_line_breaks_nothing_but_itself(tmp_path: Path, line: bytes) -> None:
    data = b"A,B\n" + line + b'\n3,"four, five"\n6,7\n'

    broken, *good = rows(tmp_path, data)

    assert isinstance(broken, Broken)
    assert broken.line == 2
    assert good == [Row(3, {"A": "3", "B": "four, five"}), Row(4, {"A": "6", "B": "7"})]


def test_empty_lines_are_no_rows_but_count(tmp_path: Path) -> None:
    assert rows(tmp_path, b"A,B\n\n1,2\n\n") == [Row(3, {"A": "1", "B": "2"})]


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"", "it is empty"), (b"A,A\n1,2\n", "names A twice"), (b"\xff\xfeA\n", "no header")],
)
def test_a_file_without_a_good_header_is_refused(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(Trouble, match=told):
        rows(tmp_path, data)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="No such file"):
        read_rows(tmp_path / "none.csv")
