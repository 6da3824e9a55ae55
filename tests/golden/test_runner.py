"""The runner: exit codes, a line for each failing step, and what is wrong with a file by name."""

import subprocess
import sys
from pathlib import Path

import pytest
from ledger.scenario.__main__ import main
from ledger.scenario.expected import FileWrong
from ledger.scenario.file import parse

GOOD = """
title = "a payment"
currency = { code = "EUR", decimals = 2 }

[policy]
method = "direct"
non_accrual = "NEVER"
day_count = "ACT/365"
rounding = "HALF_UP"
[policy.waterfall]
BNK = ["penalties", "fees", "tax", "interest", "principal"]
CO = ["penalties", "fees", "tax", "interest", "principal"]
CUST = ["penalties", "fees", "tax", "interest", "principal"]
[policy.accounts.BNK]
CASH = "1000"

[[loan]]
id = "L1"
opened = 2024-01-01
BNK = { principal = "10.00" }
CUST = { principal = "10.00" }

[[step]]
title = "half of it"
date = 2024-01-02
command = "repay"
amount = "5.00"

[[step.entry]]
lines = [
  ["BNK", "1000", "5.00", ""],
  ["BNK", "RECEIVABLE_PRINCIPAL", "", "5.00"],
  ["CUST", "CONTRA", "5.00", ""],
  ["CUST", "PRINCIPAL", "", "5.00"],
]

[step.after.L1]
status = "ACTIVE"
new_balance = "5.00"

[[step]]
date = 2024-01-03
command = "repay"
amount = "0.00"
refused = "AMOUNT_NOT_POSITIVE"

[final.BNK]
1000 = "5.00"
RECEIVABLE_PRINCIPAL = "-5.00"
"""


def run(tmp_path: Path, *texts: str) -> int:
    paths = [tmp_path / f"{number}.toml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return main([str(path) for path in paths])


def test_all_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, GOOD) == 0
    assert capsys.readouterr() == ("", "")


def test_a_failing_step_is_one_line_and_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = GOOD.replace('amount = "5.00"', 'amount = "4.00"').replace(
        'new_balance = "5.00"', 'new_balance = "5.00"\ncharged_off = "FULL"'
    )

    assert run(tmp_path, bad) == 1
    step, final = capsys.readouterr().out.splitlines()
    assert step == (
        f"{tmp_path}/0.toml step 1 (half of it): "
        "entry 1: BNK 1000 debit 4.00 credit 0.00, expected debit 5.00 credit 0.00; "
        "entry 1: BNK RECEIVABLE_PRINCIPAL debit 0.00 credit 4.00, "
        "expected debit 0.00 credit 5.00; "
        "entry 1: CUST CONTRA debit 4.00 credit 0.00, expected debit 5.00 credit 0.00; "
        "entry 1: CUST PRINCIPAL debit 0.00 credit 4.00, expected debit 0.00 credit 5.00; "
        "L1.charged_off NONE, expected FULL; L1.new_balance 6.00, expected 5.00"
    )
    assert final.startswith(f"{tmp_path}/0.toml final BNK: 1000 4.00, expected 5.00; ")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'amount = "5.00"',
            'amount = "5.00"\ncolour = "red"',
            "refused INVALID_FIELDS (the command cannot be read: unknown field colour), "
            "expected accepted; 0 entries, expected 1",
        ),
        (
            'command = "repay"\namount = "5.00"',
            'command = "dance"',
            "step 1 (half of it): refused INVALID_FIELDS "
            "(the command cannot be read: unknown command dance)",
        ),
        ('refused = "AMOUNT_NOT_POSITIVE"', "", "step 2 (repay): refused AMOUNT_NOT_POSITIVE"),
        ('"AMOUNT_NOT_POSITIVE"', '"AMOUNT_SCALE"', "expected refused AMOUNT_SCALE"),
        ("[[step.entry]]", '[[step.entry]]\ntx = "X"', "entry 1: tx T1, expected X"),
        ("[[step.entry]]", '[[step.entry]]\nkind = "REPLAY"', "kind POST, expected REPLAY"),
        ("[[step.entry]]", '[[step.entry]]\nloan = "M"', "loan L1, expected M"),
        ("[[step.entry]]", "[[step.entry]]\n[[step.entry]]", "1 entries, expected 2"),
        ("after.L1]", "after.M]", "M: no such loan"),
        ('5.00"\n\n[[step.entry]]', '5.00"\nrepeated = true\n[[step.entry]]', "answered before"),
        (
            '5.00"\n\n[[step.entry]]',
            '5.00"\nallowance_after = "-1.00"\n[[step.entry]]',
            "allowance 0.00, expected -1.00",
        ),
        (
            'new_balance = "5.00"',
            'BNK = { fees = "1.00" }',
            "L1.BNK.principal 5.00, expected 0.00; L1.BNK.fees 0.00, expected 1.00",
        ),
        ("half of it", "half\\n of it", "step 1 (half of it): "),
    ],
)
def test_what_differs_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1).replace('status = "ACTIVE"', 'status = "PENDING"')

    assert run(tmp_path, text) == 1
    out = capsys.readouterr().out
    assert says in out
    assert all(line.startswith(f"{tmp_path}/0.toml ") for line in out.splitlines())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("title =", "titel =", "file: unknown key titel"),
        ("title =", "title", "no TOML"),
        ("decimals = 2", "decimals = 4", "currency.decimals: not 0, 2 or 3"),
        ("decimals = 2", "decimals = true", "currency.decimals: not 0, 2 or 3"),
        ("[policy]\n", "[policy]\ncolour = 1\n", "policy.colour: unknown key"),
        ('rounding = "HALF_UP"\n', "", "policy.rounding: missing"),
        ('"HALF_UP"', '"UP"', "policy.rounding: 'UP' is not one of HALF_UP, HALF_EVEN"),
        (
            'CO = ["penalties", "fees",',
            'CO = ["fees", "fees",',
            "policy.waterfall.CO: not an order of all five components",
        ),
        ('CASH = "1000"', 'KASH = "1000"', "policy.accounts.BNK.KASH: unknown role"),
        ('CASH = "1000"', 'OPENING = "1"', "policy.accounts.BNK.OPENING: unknown role"),
        ("[policy.accounts.BNK]", "[policy.accounts.CO]", "policy.accounts.CO.CASH: unknown role"),
        ("[policy.accounts.BNK]", "[policy.accounts.XX]", "policy.accounts.XX: unknown book"),
        ('CASH = "1000"', "CASH = 1000", "policy.accounts.BNK.CASH: the code is no text"),
        (
            '[policy.accounts.BNK]\nCASH = "1000"',
            '[policy.reasons]\nOLD = { chargeoff = "1" }',
            "policy.reasons.OLD.chargeoff: unknown key",
        ),
        (
            "[policy]\n",
            '[policy]\napproval_required = ["writeoff"]\n',
            "policy.approval_required: unknown command writeoff",
        ),
        ("opened = 2024-01-01", 'opened = "2024-01-01"', "loan L1: opened: no date"),
        ("opened = 2024-01-01", "opened = 2024-01-01T00:00:00", "loan L1: opened: no date"),
        (
            "opened = 2024-01-01",
            "opened = 2024-01-01\naccrued_to = 2024-01-02",
            "loan L1: accrued_to is after opened",
        ),
        ("opened = 2024-01-01", "opened = 2024-01-01\ncolour = 1", "loan L1: unknown key colour"),
        ("opened = 2024-01-01", 'opened = 2024-01-01\nstatus = "OPEN"', "loan L1: status is"),
        ("opened = 2024-01-01", 'opened = 2024-01-01\nrate = "-1"', "loan L1: rate is negative"),
        ('BNK = { principal = "10.00" }', 'BNK = { principal = "9.00" }', "CUST is not BNK and CO"),
        ('BNK = { principal = "10.00" }', 'BNK = { gold = "9.00" }', "loan L1: BNK: unknown key"),
        ('BNK = { principal = "10.00" }', 'BNK = { principal = "9.0" }', "exactly 2 decimals"),
        ('BNK = { principal = "10.00" }', 'BNK = { principal = "-9.00" }', "is negative"),
        (
            "opened = 2024-01-01",
            'opened = 2024-01-01\nunearned_interest = "1.00"',
            "loan L1: unearned_interest is above the interest",
        ),
        ("date = 2024-01-02", "", "step 1: date: no date"),
        ("date = 2024-01-02", 'date = 2024-01-02\ntoday = "now"', "step 1: today: no date"),
        ('command = "repay"', "", "step 1: command: no text"),
        ("[[step.entry]]", "[[step.entry]]\ncolour = 1", "step 1: entry 1: unknown key colour"),
        ("[[step.entry]]", '[[step.entry]]\nkind = "GHOST"', "entry 1.kind: 'GHOST'"),
        ('["BNK", "1000"', '["XX", "1000"', "step 1: entry 1.lines[1]: unknown book 'XX'"),
        ('"1000", "5.00", ""', '"1000", "5.0", ""', "step 1: entry 1.lines[1]: '5.0' is not"),
        ('"1000", "5.00", ""', '"1000", "5.00"', "step 1: entry 1.lines[1]: not book, code"),
        ('new_balance = "5.00"', 'balance = "5.00"', "step 1: after.L1: unknown key balance"),
        ('new_balance = "5.00"', 'totals = { all = "1.00" }', "after.L1.totals: unknown key all"),
        ('new_balance = "5.00"', 'CO = { gold = "1.00" }', "after.L1.CO: unknown key gold"),
        ("[final.BNK]", "[final.XX]", "final: unknown key XX"),
        ('command = "repay"\namount = "0.00"', 'command = "repay"\ntx = ""', "step 2: tx: no text"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(old: str, new: str, says: str) -> None:
    assert old in GOOD

    with pytest.raises(FileWrong) as wrong:
        parse(GOOD.replace(old, new, 1))

    assert says in str(wrong.value)


def test_a_name_taken_twice_is_an_error_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = GOOD.replace(
        'amount = "0.00"\nrefused = "AMOUNT_NOT_POSITIVE"', 'amount = "1"\ntx = "T1"'
    )

    assert run(tmp_path, twice) == 2
    assert "0.toml step 2 (repay): the name T1 is taken twice" in capsys.readouterr().err


def test_a_bad_file_wins_and_the_others_still_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = GOOD.replace('new_balance = "5.00"', 'new_balance = "6.00"')

    assert run(tmp_path, "title", failing, GOOD) == 2
    said = capsys.readouterr()
    assert f"{tmp_path}/0.toml " in said.err
    assert f"{tmp_path}/1.toml step 1" in said.out
    assert main([str(tmp_path / "none.toml")]) == 2
    assert main([]) == 2


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(GOOD)

    done = subprocess.run(
        [sys.executable, "-m", "ledger.scenario", str(tmp_path / "good.toml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
