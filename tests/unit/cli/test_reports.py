"""A report is read as it comes and counted; what is not whole is trouble, and leaves no file."""

import csv
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result
from writeoff.app import app
from writeoff.reports.reading import CsvReading, JsonReading

CELLS = st.text(st.sampled_from("a,\"\n\r'=é"), max_size=6)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=8)

HEAD = {
    "report": "ageing",
    "tenant": "demo",
    "as_of": "2026-03-31",
    "known_at": "2026-03-31T23:59:59.999999Z",
    "columns": ["loan_id", "owed"],
}
ROWS = [{"loan_id": f"L-{number}", "owed": "-1234.50"} for number in range(3)]


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


@given(TABLES, st.lists(st.integers(1, 9)))
def test_csv_is_counted_as_it_is_read_wherever_it_is_cut(
    table: list[list[str]], sizes: list[int]
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(table)
    reading = CsvReading()

    for chunk in cut(out.getvalue().encode(), sizes):
        reading.feed(chunk)

    assert reading.count == len(table) - 1


@given(st.lists(st.integers(1, 200)))
def test_json_is_counted_wherever_it_is_cut_and_its_first_rows_are_kept(sizes: list[int]) -> None:
    reading = JsonReading(shown_max=2)

    for chunk in cut(document(ROWS), sizes):
        reading.feed(chunk)

    assert (reading.count, reading.tail["count"]) == (3, 3)
    assert (reading.head["report"], reading.shown) == ("ageing", ROWS[:2])


def document(rows: list[dict[str, str]], *, count: int | None = None) -> bytes:
    """Write a report as the ledger does."""
    head = json.dumps(HEAD)[:-1] + ', "rows":['
    tail = json.dumps({"totals": {"USD": {"owed": "-3703.50"}}, "count": count or len(rows)})
    return "\n".join([head, ",\n".join(map(json.dumps, rows)), f"],{tail[1:]}", ""]).encode()


class Ledger:
    """Plays a ledger that tells one report, perhaps not all of it."""

    def __init__(self) -> None:
        self.rows = len(ROWS)
        self.body = document(ROWS)
        self.ends = True
        self.asked: list[str] = []
        self.port = 0

    def tell(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        handler.send_response(200)
        handler.send_header("Report-Rows", str(self.rows))
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(self.body), self.body))
        if self.ends:
            handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    it = Ledger()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            it.tell(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    it.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield it
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def folder(stack_dir: Path, ledger: Ledger) -> Path:
    """Give the folder of a stack whose ledger is this one."""
    path = stack_dir / "env.json"
    env = json.loads(path.read_text())
    env["services"]["ledger"] = [f"http://127.0.0.1:{ledger.port}"]
    path.write_text(json.dumps(env))
    return stack_dir


def type_(folder: Path, *args: str) -> Result:
    return CliRunner().invoke(
        app, ["reports", *args, "--tenant", "demo", "--stack-dir", str(folder)]
    )


def test_a_table_has_the_first_rows_and_the_totals(folder: Path) -> None:
    done = type_(folder, "ageing", "--by", "loan")

    assert done.exit_code == 0, done.stderr
    assert "ageing of demo as of 2026-03-31" in done.stdout
    assert "-1,234.50" in done.stdout
    assert "-3,703.50" in done.stdout
    assert "3 rows" in done.stdout


def test_a_machine_gets_the_report_as_it_is(folder: Path, ledger: Ledger) -> None:
    done = type_(folder, "ageing", "--json")

    assert done.stdout.encode() == ledger.body
    assert "format=json" in ledger.asked[0]


def test_a_file_holds_the_report_as_it_is(folder: Path, ledger: Ledger) -> None:
    ledger.body = 'loan_id,owed\n"a\nb",-1.00\n\'=1,é\nL-3,0.00\n'.encode()
    file = folder / "ageing.csv"

    done = type_(folder, "ageing", "--out", str(file))

    assert file.read_bytes() == ledger.body
    assert "3 rows" in done.stdout
    assert "format=csv" in ledger.asked[0]


def test_a_day_in_the_past_was_known_until_its_end(folder: Path, ledger: Ledger) -> None:
    type_(folder, "journal", "--as-of", "2026-03-31", "--known-at", "2026-04-01")

    assert "as_of=2026-03-31&known_at=2026-04-01T23%3A59%3A59.999999Z" in ledger.asked[0]


@pytest.mark.parametrize("ends", [True, False])
def test_a_report_that_breaks_off_is_trouble_and_leaves_no_file(
    folder: Path, ledger: Ledger, ends: bool
) -> None:
    ledger.rows, ledger.ends = 4, ends
    before = sorted(folder.iterdir())

    done = type_(folder, "ageing", "--out", str(folder / "ageing.json"))

    assert done.exit_code == 1
    assert "the ageing broke off after 3 of 4 rows" in done.stderr
    assert sorted(folder.iterdir()) == before


def test_a_report_that_counts_itself_wrongly_is_trouble(folder: Path, ledger: Ledger) -> None:
    ledger.body = document(ROWS, count=2)

    assert type_(folder, "ageing").exit_code == 1


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("ageing", "--out", "x.txt"), "FILE.csv or FILE.json"),
        (("ageing", "--csv", "--out", "x.json"), "FILE.csv or FILE.json"),
        (("ageing", "--out", "/nowhere/x.csv"), "cannot be written"),
    ],
)
def test_a_file_that_cannot_be_is_told(folder: Path, args: tuple[str, ...], told: str) -> None:
    done = type_(folder, *args)

    assert done.exit_code == 2
    assert told in done.stderr


def test_a_report_is_of_one_tenant(folder: Path, ledger: Ledger) -> None:
    done = CliRunner().invoke(app, ["reports", "journal", "--stack-dir", str(folder)])

    assert done.exit_code == 2
    assert "--tenant: demo, sba" in done.stderr
    assert ledger.asked == []
